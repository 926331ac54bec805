// Keeps credentials out of logs that somebody has put where none belong: into a path, a request id.
#pragma once

#include <string>
#include <string_view>

#include "solvent/log.h"

namespace solvent::http {

// The text with every API key ("ok_live_…", "ok_test_…") cut after the characters by which people
// tell keys apart (ApiKey::prefix), and every access token (JWT, "eyJ…") after its first three.
std::string MaskSecrets(std::string_view text);

// What it is given goes to `log`, with all texts masked.
LogSink WithoutSecrets(LogSink log);

}  // namespace solvent::http
