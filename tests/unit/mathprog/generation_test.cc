// Rows made without the interpreter are the rows that the interpreter makes.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "mathprog_helpers.h"

namespace solvent {
namespace {

std::string With(std::string model, std::string_view condition) {
  for (size_t at = model.find('@'); at != std::string::npos; at = model.find('@')) {
    model.replace(at, 1, condition);
  }
  return model;
}

std::string Without(std::string text, std::string_view part) {
  const size_t at = text.find(part);
  return at == std::string::npos ? text : text.erase(at, part.size());
}

// With "@" in its sums made a condition that always holds, they are left to the interpreter.
void CheckBothWays(const std::string& model) {
  CAPTURE(model);
  Generated quick = Generate(With(model, ""));
  Generated slow = Generate(With(model, ": 1 = 1"));
  REQUIRE(slow.run != nullptr);
  REQUIRE(quick.run != nullptr);
  CHECK(quick.run->problem().Check().ok());
  CHECK(quick.run->problem() == slow.run->problem());
  CHECK(quick.run->problem().num_nonzeros() > 0);
  for (int32_t j = 0; j < slow.run->problem().num_columns(); ++j) {
    CHECK(quick.run->ColumnName(j) == slow.run->ColumnName(j));
  }
}

TEST_CASE("sums over ranges make the same rows with and without the interpreter") {
  CheckBothWays(
      "param n := 6; var x{0..n} >= 0; var y{i in 1..n, j in 2..5} >= i, <= 10*j;"
      "minimize z: sum{i in 1..n, j in 2..5 @} (i + j) mod 4 * y[i,j] + sum{j in 0..n @} x[j];"
      "s.t. a: sum{j in 1..5 @} x[j] <= 9;"
      "s.t. b: sum{j in 1..5 by 2 @} 3*x[j] >= 1;"
      "s.t. c{i in 1..n}: sum{j in 2..5 @} (x[i] + 2*y[i,j] - x[j] + j) <= 20;"
      "s.t. d{j in 3..4}: sum{i in 1..n @} -i*y[i,j] + sum{i in 1..n @} x[i-1] >= -sum{k in 2..5 "
      "@} "
      "y[k,j]/2; end;");
}

TEST_CASE("sums whose terms meet in one column add them up") {
  CheckBothWays(
      "set I := 1..4; set J := 1..3; var x{I} >= 0; var y{I,J} >= 0;"
      "minimize z: sum{i in I @} x[i] + sum{i in I @} 2*x[i] - x[1];"
      "s.t. a: sum{i in I, j in J @} x[i] + x[2] <= 7;"
      "s.t. b: sum{i in I @} x[i] - sum{i in I @} x[i] + x[3] + y[1,1] >= 1;"
      "s.t. c{i in I}: sum{j in J @} (y[i,j] + x[i]) + sum{k in I, j in J @} y[i,j] >= 1;"
      "s.t. d: sum{i in I @} 0*x[i] + sum{i in I @} (i-2)*x[i] <= 5; end;");
}

TEST_CASE("sums over slices of tuples make the same rows with and without the interpreter") {
  CheckBothWays(
      "set V := 1..6; set K := {'p', 'q', 7};"
      "set A := setof{i in V, d in 0..2} (i, (i + d*d) mod 6 + 1); param u{(i,j) in A} := i + j;"
      "var f{K, A} >= 0; var g{A} >= 0; var h{V,V} >= 0;"
      "minimize z: sum{k in K, (i,j) in A @} (i*j mod 5)*f[k,i,j];"
      "s.t. keep{k in K, v in V}: sum{(v,j) in A @} f[k,v,j] - sum{(i,v) in A @} f[k,i,v] = 0;"
      "s.t. most{(i,j) in A}: sum{k in K @} f[k,i,j] + g[i,j] <= u[i,j];"
      "s.t. both: sum{(i,j) in A @} (g[i,j] + u[i,j]*h[j,i] + h[i,j]) >= 1;"
      "s.t. next{i in V}: sum{(i+1,j) in A @} g[i+1,j] + sum{(i,i) in A @} g[i,i] <= 3; end;");
}

TEST_CASE("sums over named members, parameters of data and sparse variables") {
  CheckBothWays(
      "set S; set T within S; param c{S,S} default 2; param w{S}; param r{s in S} := Uniform(1, 2);"
      "var x{S,S} binary; var y{s in S, t in S: s <> t} >= 0; var v{s in S} = sum{t in T} x[s,t];"
      "minimize z: sum{s in S, t in S @} c[s,t]*x[s,t] + sum{s in S @} Uniform01()*x[s,s];"
      "s.t. a{s in S}: sum{t in T @} w[t]*x[s,t] + sum{t in T @} w[s]*w[t]*x[t,s] <= 8;"
      "s.t. b{t in T}: sum{s in S @} (if s = t then 0 else 3)*x[s,t] >= sum{s in S @} v[s];"
      "s.t. d{t in T}: sum{s in S @} r[s]*x[s,t] + sum{s in S, k in {s} @} x[k,t] <= 9;"
      "s.t. e: sum{s in S, t in S: s <> t} y[s,t] + sum{s in S @} (sum{t in T @} x[s,t]) >= 1;"
      "data; set S := a b 'c d' 4; set T := b 4; param w := a 1 b 2 'c d' 3 4 0; "
      "param c := a b 5 b b 0; end;");
}

TEST_CASE("faults in sums are the same with and without the interpreter") {
  for (const std::string model : {
           "var x{1..3}; minimize z: sum{j in 1..5 @} x[j]; end;",
           "param c{1..3}; var x{1..3}; minimize z: sum{j in 1..3 @} c[j]*x[j]; data; param c := 1 "
           "2; end;",
           "var x{1..3}; minimize z: sum{j in 1..3 @} x[j]/(j-2); end;",
           "var x{i in 1..3} >= 1/(i-3); minimize z: sum{j in 1..3 @} 2*x[j]; end;",
           "param c{i in 1..3} := 1/(i-2); var x{1..3}; minimize z: sum{j in 1..3 @} c[j]*x[j]; "
           "end;",
           "param c{i in 1..3} := i; var x{1..9}; minimize z: sum{j in 1..5 @} c[j]*x[j]; end;",
           "param c{i in 1..3} default 4; var x{1..9}; minimize z: sum{j in 1..5 @} c[j]*x[j]; "
           "end;",
           "param big := 1e300; var x{1..9}; minimize z: sum{j in 1..5 @} big*(j*big)*x[j]; end;",
           "param big := 1e300; var x{1..9}; minimize z: sum{j in 1..5 @} big*(big*x[j]); end;",
       }) {
    CAPTURE(model);
    const MathProgDiagnostic quick = Generate(With(model, "")).error();
    const MathProgDiagnostic slow = Generate(With(model, ": 1 = 1")).error();
    CHECK(quick.code != "");
    CHECK(quick.code == slow.code);
    CHECK(quick.message == slow.message);
    CHECK(quick.excerpt == Without(slow.excerpt, ": 1 = 1"));
    CHECK(quick.index == slow.index);
    CHECK(quick.within == slow.within);
  }
}

TEST_CASE("a sum of too many terms is refused at the limit") {
  GenerateOptions options;
  options.run.limits.max_nonzeros = 1500;
  const std::string model = "var x{1..1500}; minimize z: sum{j in 1..N} x[j]; end;";
  auto of = [&](std::string_view n) {
    std::string text = model;
    text.replace(text.find('N'), 1, n);
    return Generate(text, options).error().code;
  };
  CHECK(of("1500") == "");
  CHECK(of("1500} x[j] + sum{j in 1..1") == "");  // no new term
  options.run.limits.max_nonzeros = 1499;
  CHECK(of("1500") == "L401");
}

TEST_CASE("rows of millions of terms arrive whole") {
  Generated g = Generate(
      "var x{1..1100, 1..1000} >= 0; minimize z: x[1,1];"
      "s.t. a{i in 1..1100}: sum{j in 1..1000} x[i,j] <= i;"
      "s.t. b{j in 1..1000}: sum{i in 1..1100} j*x[i,j] >= 1; end;");
  REQUIRE(g.run != nullptr);
  const Problem& p = g.run->problem();
  REQUIRE(p.num_nonzeros() == 2'200'000);
  REQUIRE(p.num_columns() == 1'100'000);
  CHECK(g.run->ColumnName(1'099'999) == "x[1100,1000]");
  bool right = true;
  for (int32_t k = 0; k < p.num_columns(); ++k) {
    const auto at = static_cast<size_t>(2 * k);
    right = right && p.column_start[static_cast<size_t>(k)] == 2 * k &&
            p.row_index[at] == k / 1000 && p.value[at] == 1 &&
            p.row_index[at + 1] == 1100 + k % 1000 && p.value[at + 1] == k % 1000 + 1;
  }
  CHECK(right);
}

TEST_CASE("the remainder has the divisor's sign, of whole numbers and others") {
  CHECK(
      OutputOf("printf '%g %g %g %g %g %g %g %g', 7 mod 3, (-7) mod 3, 7 mod (-3), (-7) mod (-3), "
               "5.5 mod 2, (-6) mod 3, 7 mod 0, 1e17 mod 7; end;") == "1 2 -2 -1 1.5 0 7 5");
}

}  // namespace
}  // namespace solvent
