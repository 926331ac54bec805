// solvent completion SHELL: the script that completes this command line in a shell.
#pragma once

#include <string>
#include <string_view>

// CLI11 (see main.cc).
#include <CLI/CLI.hpp>

namespace solvent::cli {

// Made from the verbs and flags themselves, so that it cannot fall behind them. `shell` is "bash",
// "zsh" or "fish".
std::string CompletionScript(const CLI::App& app, std::string_view shell);

}  // namespace solvent::cli
