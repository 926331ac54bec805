// The expression language of flat problems: "3x + 2*(y - 1) <= 10".
//
// Expressions compile straight into coefficient terms, with an explicit stack and in time linear in
// their length; no tree is built. The grammar, by example:
//   numbers        1  2.5  .5  5.  1e3  2.5E-4       names      x  flow_1  ship[East,7]
//   operators      + - * / ^ ** ( )                  relations  <= >= = == < > (and U+2264, U+2265)
//   products       2x  2.5x  2(x + y)  (2)(x)        functions  sum(x, y, 3), and of constants only
//                                                               min max abs pow sqrt exp log
//   ranges         1 <= x + y <= 5
// -x^2 is -(x^2), and 2^3^2 is 2^(3^2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "name_index.h"
#include "solvent/problem.h"

namespace solvent {

enum class ExpressionError : uint8_t {
  kNone,
  kSyntax,      // does not parse, or means nothing
  kUndeclared,  // uses names that are not columns; `names` tells which
  kQuadratic,   // parses, but is of degree two
};

struct ExpressionFault {
  ExpressionError kind = ExpressionError::kNone;
  size_t position = 0;  // byte offset
  std::string message;
  std::vector<std::string_view> names;  // sorted, unique; views into the expression
};

// Compiles one expression after the other. What one call yields is gone with the next.
class ExpressionCompiler {
 public:
  struct Term {
    int32_t column;
    double coefficient;
  };
  // lower <= sum of the terms <= upper. Terms may name a column more than once.
  struct Row {
    double lower = 0;
    double upper = 0;
    std::span<const Term> plus;
    std::span<const Term> minus;  // to be subtracted
  };

  // Borrows all three. `types` tells the columns' types, for strict relations.
  ExpressionCompiler(const NameIndex& names, const std::vector<ColumnType>& types, size_t max_depth)
      : names_(names), types_(types), max_depth_(max_depth) {}

  // A sum without a relation: read it from terms() and constant().
  bool CompileSum(std::string_view text);
  // One relation, or a range, which makes two rows: read them from rows().
  bool CompileConstraint(std::string_view text);
  // As CompileConstraint, but a range with constant ends makes one row with two bounds.
  bool CompileRange(std::string_view text);

  std::span<const Term> terms() const { return terms_; }
  double constant() const { return sides_[0].constant; }
  std::span<const Row> rows() const { return {rows_, num_rows_}; }
  const ExpressionFault& fault() const { return fault_; }

 private:
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  enum class Op : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kNegate, kPower, kOpen };
  enum class Function : uint8_t { kNone, kSum, kMin, kMax, kAbs, kPow, kSqrt, kExp, kLog };
  enum class Relation : uint8_t { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };

  // constant + scale * (terms_[begin] + ...), up to where the next value begins. The scale is
  // applied late, so that a chain of products over a long sum stays cheap.
  struct Value {
    double constant = 0;
    double scale = 1;
    size_t begin = 0;
    size_t quadratic = kNowhere;  // where it became quadratic; its terms are forgotten then
  };
  struct Pending {
    Op op;
    Function function = Function::kNone;  // of kOpen
    uint32_t arguments = 0;               // of kOpen, complete ones
    size_t position = 0;
  };

  static int Precedence(Op op);
  static Function FindFunction(std::string_view name);
  static Relation Mirror(Relation relation);

  // All that return bool return false when they called Fail.
  bool Compile(std::string_view text, size_t max_relations);
  bool ReadPlainTerms();
  bool ReadOperand();
  bool ReadOperator();
  bool ReadNumber();
  bool ReadName();
  bool ReadRelation(Relation relation, size_t length);
  bool ReadComma();
  bool ReadClose();
  bool MissingOperator();
  bool Unexpected();
  size_t NameEnd(size_t begin) const;
  size_t BracketEnd(size_t open) const;
  void SkipSpace();

  bool Binary(Op op, size_t length);
  bool Push(Op op, Function function = Function::kNone);
  void PushConstant(double d);
  bool Reduce(int precedence, bool right_associative = false);
  bool Apply(const Pending& pending);
  bool Add(size_t position, bool subtract);
  bool Multiply(size_t position);
  bool Divide(size_t position);
  bool Power(size_t position);
  bool FinishArgument(Pending& open);
  bool Call(const Pending& open);
  bool CloseSide();
  bool MakeRows(bool merge_range);
  bool MakeRow(size_t left, size_t right, Relation relation);
  bool AllInteger(const Row& row);

  size_t TermsEnd(size_t value) const;
  size_t NumTerms(size_t value) const { return TermsEnd(value) - values_[value].begin; }
  // Turns a value whose terms cancel into a constant. True when it is one afterwards.
  bool IsConstant(size_t value);
  bool ApplyScale(size_t value, size_t position);
  // Leaves in merged_ the sum of the terms, each column once.
  void Merge(std::span<const Term> plus, std::span<const Term> minus);
  bool CheckFinite(double d, size_t position);
  bool Fail(size_t position, std::string message);
  std::string Token(size_t position) const;

  const NameIndex& names_;
  const std::vector<ColumnType>& types_;
  const size_t max_depth_;

  std::string_view text_;
  size_t at_ = 0;
  size_t max_relations_ = 0;
  bool want_operand_ = true;
  // After what a product sign may be left out.
  bool after_number_ = false;
  bool after_close_ = false;
  bool just_opened_ = false;  // for "sum()"
  size_t depth_ = 0;
  std::vector<Term> terms_;
  std::vector<Value> values_;
  std::vector<Pending> pending_;
  Value sides_[3];
  size_t side_ends_[3] = {0, 0, 0};
  size_t num_sides_ = 0;
  Relation relations_[2] = {};
  size_t relation_positions_[2] = {0, 0};
  size_t num_relations_ = 0;
  Row rows_[2];
  size_t num_rows_ = 0;
  std::vector<std::string_view> undeclared_;
  std::vector<size_t> stamp_;  // scratch of merging: per column, 1 + its place, or 0
  std::vector<Term> merged_;
  ExpressionFault fault_;
};

}  // namespace solvent
