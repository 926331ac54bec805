#include "console.h"

#include <string>
#include <string_view>
#include <utility>

#include "embedded_files.h"
#include "message.h"
#include "negotiation.h"
#include "router.h"
#include "solvent/error.h"
#include "validators.h"

namespace solvent::console {
namespace {

using http::Request;
using http::Response;

// Scripts, styles and data come from this server only; nothing inline, no frames, and no text can
// become markup, because the browser refuses to make any (trusted types without a policy).
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

const EmbeddedFile* Find(std::string_view path) {
  for (size_t i = 0; i < kEmbeddedFileCount; ++i) {
    if (kEmbeddedFiles[i].path == path) return &kEmbeddedFiles[i];
  }
  return nullptr;
}

absl::StatusOr<Response> Serve(const Request& request, std::string_view path) {
  const EmbeddedFile* file = Find(path);
  if (file == nullptr) return NotFound("no such file");
  Response response;
  if (http::HasCurrent(request, file->etag)) {
    response = http::NotModified(request, file->etag);
  } else {
    response.content_type = std::string(file->content_type);
    const bool packed = http::WantsGzip(request);
    response.body = std::string(packed ? file->gzip : file->content);
    if (packed) response.Set("Content-Encoding", "gzip");
    response.Set("ETag", packed ? http::GzipTag(file->etag) : std::string(file->etag));
  }
  http::AddVary(response, "Accept-Encoding");
  // Kept, but asked about each time: an upgraded server never meets yesterday's scripts.
  response.Set("Cache-Control", "no-cache");
  response.Set("Content-Security-Policy", kContentSecurityPolicy);
  response.Set("X-Content-Type-Options", "nosniff");
  response.Set("X-Frame-Options", "DENY");
  response.Set("Referrer-Policy", "no-referrer");
  response.Set("Cross-Origin-Opener-Policy", "same-origin");
  response.Set("Cross-Origin-Resource-Policy", "same-origin");
  response.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  return response;
}

}  // namespace

absl::Status AddRoutes(http::HttpServer& server) {
  auto add = [&server](std::string pattern, http::Handler handler) {
    http::Route route{.method = "GET", .pattern = std::move(pattern)};
    route.handler = std::move(handler);
    route.auth = http::Auth::kPublic;
    return server.AddRoute(std::move(route));
  };
  absl::Status status = add("/", [](Request& request) { return Serve(request, ""); });
  status.Update(add("/console/{file}",
                    [](Request& request) { return Serve(request, request.Parameter("file")); }));
  status.Update(add("/console/{folder}/{file}", [](Request& request) {
    std::string path(request.Parameter("folder"));
    path += '/';
    path += request.Parameter("file");
    return Serve(request, path);
  }));
  for (size_t i = 0; i < kEmbeddedFileCount; ++i) {
    std::string_view path = kEmbeddedFiles[i].path;
    if (!path.starts_with('/')) continue;
    status.Update(
        add(std::string(path), [path](Request& request) { return Serve(request, path); }));
  }
  return status;
}

}  // namespace solvent::console
