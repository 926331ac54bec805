// Data texts for a model that declares every kind of thing they can fill.
#include <cstdint>
#include <string_view>

#include "fuzz_mathprog.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace solvent;
  static const std::shared_ptr<const MathProgModel> model =
      MathProgModel::Compile(
          "set S default {}; set T dimen 2, default {(1,2)}; set V dimen 3, default {(1,2,3)};"
          "set U{S} default {}; param n default 1; param p{S} default 0; param q{S} default 0;"
          "param m{T} default 1; param c{1..2, 1..2, 1..2} default 0; param w{S} symbolic, default "
          "'a';"
          "var x{S union {1, 2}} >= 0; minimize z: n + sum{i in S} p[i]*x[i];"
          "s.t. r{i in S, j in U[i]}: x[i] >= q[i] + length(w[i]);"
          "s.t. s{(i,j) in T, (i,j,k) in V}: sum{(a,b) in T: a = k} m[a,b]*x[1] >= c[1,2,1]; end;")
          .model;
  if (!model) __builtin_trap();
  MathProgInput input;
  input.data.emplace_back(reinterpret_cast<const char*>(data), size);
  FuzzRun(*model, input);
  return 0;
}
