// JSON inputs, bound by table and by name.
#include <cstdint>
#include <string_view>

#include "fuzz_mathprog.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace solvent;
  static const std::shared_ptr<const MathProgModel> model =
      MathProgModel::Compile(
          "set S default {}; set A dimen 2, default {}; set B default {}; set C default {};"
          "set J{S} default {}; param n default 1; param t symbolic, default 'x';"
          "param v{S} default 0; param p{S} default 0; param m{S, B} default 0; param a{A} default "
          "0;"
          "param d{A} default 0;"
          "table s IN \"JSON\" \"items\": S <- [name], v; table c IN \"JSON\" \"/deep/*/k\": C <- "
          "[KEY];"
          "var x{S} >= 0; minimize z: sum{i in S} (v[i] + p[i])*x[i];"
          "s.t. r{i in S, b in B}: m[i,b]*x[i] >= n; s.t. q{(i,j) in A}: a[i,j] + d[i,j] >= "
          "length(t);"
          "s.t. u{i in S, j in J[i]}: x[i] >= 0; s.t. w{c in C}: n >= 0; end;")
          .model;
  if (!model) __builtin_trap();
  absl::StatusOr<Json> document =
      ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!document.ok()) return 0;
  MathProgInput input;
  input.json = &*document;
  input.accepted_members = {"note"};
  FuzzRun(*model, input);
  return 0;
}
