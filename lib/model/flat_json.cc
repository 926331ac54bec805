#include "flat_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <new>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "expression.h"
#include "faults.h"
#include "names.h"
#include "number.h"
#include "simdjson.h"
#include "solvent/problem_io.h"
#include "string_bridge.h"
#include "text_file.h"

namespace solvent {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t kMaxDescription = 2000;
constexpr size_t kMaxSolverName = 32;
constexpr const char* kBeyond = "numbers of 1e30 and more in size are infinite";

// The keys of one object met so far.
class SeenKeys {
 public:
  // False when `key` was there already.
  bool Add(std::string_view key) {
    constexpr size_t kHashFrom = 16;
    if (few_.size() < kHashFrom) {
      if (std::find(few_.begin(), few_.end(), key) != few_.end()) return false;
      few_.push_back(key);
      return true;
    }
    if (many_.empty()) {
      for (std::string_view seen : few_) many_.insert(A(seen));
    }
    return many_.insert(A(key)).second;
  }
  void Clear() {
    few_.clear();
    many_.clear();
  }

 private:
  std::vector<std::string_view> few_;
  absl::flat_hash_set<absl::string_view> many_;
};

std::string ShowNumber(double d) {
  std::string text;
  AppendNumber(text, d);
  return text;
}

class FlatReader {
 public:
  FlatReader(std::string_view json, const ReadLimits& limits)
      : json_(json),
        limits_(limits),
        padded_(json.data(), json.size()),
        compiler_(index_, types_, limits.max_depth),
        faults_(std::max<size_t>(limits.max_errors, 1)) {}

  absl::StatusOr<FlatProblem> Read();

 private:
  // What all readers below return: false ends the whole reading, because the JSON is malformed
  // (malformed_), as where a key comes twice, or because there is more than may be read.
  using Go = bool;

  // A place in the document: "/variables/3/name", put together only for a fault.
  struct Place {
    std::string_view list;
    size_t item = 0;
    std::string_view member;
    std::string ToPointer() const {
      std::string pointer;
      if (!list.empty()) pointer = "/" + std::string(list) + "/" + std::to_string(item);
      if (!member.empty()) pointer += "/" + std::string(member);
      return pointer;
    }
  };

  Go ReadRoot(ondemand::document& document);
  Go ReadDeferred(ondemand::document& document);
  Go ReadMember(std::string_view key, ondemand::value value);
  Go ReadVariables(ondemand::value value);
  Go ReadVariable(size_t item, ondemand::object object);
  Go AddVariable(size_t item);
  Go ReadObjective(ondemand::value value);
  Go ReadConstraints(ondemand::value value);
  Go ReadConstraint(size_t item, ondemand::object object);
  Go AddConstraint(size_t item);
  Go ReadOptions(ondemand::value value);
  Go ReadWarmStart(ondemand::value value);
  Go ReadMetadata(ondemand::value value);

  Go ReadText(const Place& place, ondemand::value value, size_t max_length, std::string& out);
  Go ReadString(const Place& place, ondemand::value value, std::optional<std::string_view>& out);
  Go ReadBound(const Place& place, ondemand::value value, double if_null,
               std::optional<double>& out);
  Go IsNull(ondemand::value value, bool& null) {
    return value.is_null().get(null) == simdjson::SUCCESS || Malformed();
  }
  // Anything but an object or null is a fault of `member` of the document.
  Go ObjectOrNull(std::string_view member, ondemand::value value, bool& is_object);
  Go ReadNumber(const Place& place, ondemand::value value, bool integer, double least, double most,
                std::optional<double>& out);
  // Checks and passes over a value that nobody reads.
  Go Skip(ondemand::value value, size_t level);
  Go RawText(ondemand::value value, std::string_view& raw);
  Go WrongType(const Place& place, ondemand::value value, std::string_view wanted, size_t level);

  // Calls `member` for each key, refusing repeated ones. Keys stay valid during the walk.
  template <typename F>
  Go ForEachMember(ondemand::object object, SeenKeys& seen, F member);
  // Calls read(item, object) for each element of a list of objects, and fits(count) after each.
  template <typename F, typename G>
  Go ForEachObject(const Place& place, ondemand::value value, bool may_be_empty, F read, G fits);

  Go CompileFault(const Place& place, std::string_view where, std::string_view expression);
  void EmitTerms(const ExpressionCompiler::Row& row);
  Go Malformed() {
    malformed_ = true;
    return false;
  }
  Go Shape(const Place& place, std::string message, std::string_view type = "value_error") {
    return faults_.Add(FaultKind::kShape, place.ToPointer(), std::move(message), type);
  }
  absl::Status MalformedStatus() const;

  const std::string_view json_;
  const ReadLimits& limits_;
  simdjson::padded_string padded_;
  ondemand::parser parser_;
  std::deque<std::string> unescaped_;  // strings that had escapes
  SeenKeys seen_;                      // scratch of the innermost objects

  NameIndex index_;
  std::vector<ColumnType> types_;
  ExpressionCompiler compiler_;
  ProblemBuilder builder_;
  FlatProblem flat_;

  bool saw_variables_ = false;
  bool saw_objective_ = false;
  bool defer_objective_ = false;
  bool defer_constraints_ = false;
  bool malformed_ = false;
  size_t num_warnings_ = 0;  // more than are kept
  FaultList faults_;

  struct Variable {
    std::optional<std::string_view> name;
    bool has_name = false;
    std::optional<ColumnType> type;
    std::optional<double> lower;  // as given: -kInfinity for null
    std::optional<double> upper;
  } variable_;
  struct Constraint {
    std::optional<std::string_view> name;
    std::optional<std::string_view> expression;
    bool has_expression = false;
    std::string_view kind;
  } constraint_;
};

absl::StatusOr<FlatProblem> FlatReader::Read() {
  if (json_.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES) {
    return MakeError(absl::StatusCode::kInvalidArgument, error_code::kTooLarge,
                     "the document is too large");
  }
  if (padded_.data() == nullptr) throw std::bad_alloc();
  ondemand::document document;
  if (simdjson::error_code error = parser_.iterate(padded_).get(document)) {
    if (error == simdjson::MEMALLOC) throw std::bad_alloc();
    return MalformedStatus();
  }
  if (ReadRoot(document) && (defer_objective_ || defer_constraints_)) ReadDeferred(document);
  if (malformed_) return MalformedStatus();
  if (!faults_.empty()) return std::move(faults_).ToStatus();
  auto problem = std::move(builder_).Build();
  if (!problem.ok()) return problem.status();
  flat_.problem = std::move(problem).value();
  if (num_warnings_ > flat_.warnings.size()) {
    flat_.warnings.push_back(NotListed(num_warnings_ - flat_.warnings.size(), "warning"));
  }
  return std::move(flat_);
}

// simdjson's On-Demand reader does not say where it failed; reading again does.
absl::Status FlatReader::MalformedStatus() const {
  absl::Status status = ParseJson(json_, limits_.max_json_depth).status();
  return status.ok() ? BadRequest("malformed JSON") : status;
}

template <typename F>
FlatReader::Go FlatReader::ForEachMember(ondemand::object object, SeenKeys& seen, F member) {
  seen.Clear();
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field)) return Malformed();
    std::string_view key;
    if (field.unescaped_key().get(key)) return Malformed();
    if (!seen.Add(key)) return Malformed();
    if (!member(key, field.value())) return false;
  }
  return true;
}

template <typename F, typename G>
FlatReader::Go FlatReader::ForEachObject(const Place& place, ondemand::value value,
                                         bool may_be_empty, F read, G fits) {
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  if (type != ondemand::json_type::array) return WrongType(place, value, "an array", 1);
  ondemand::array array;
  if (value.get_array().get(array)) return Malformed();
  size_t item = 0;
  for (auto result : array) {
    ondemand::value element;
    ondemand::json_type element_type;
    if (std::move(result).get(element) || element.type().get(element_type)) return Malformed();
    if (element_type == ondemand::json_type::object) {
      ondemand::object object;
      if (element.get_object().get(object)) return Malformed();
      if (!read(item, object)) return false;
    } else if (!WrongType({place.member, item, {}}, element, "an object", 2)) {
      return false;
    }
    ++item;
    if (!fits(item)) return false;
  }
  return may_be_empty || item > 0 || Shape(place, "must not be empty", "too_short");
}

FlatReader::Go FlatReader::RawText(ondemand::value value, std::string_view& raw) {
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) || array.raw_json().get(raw)) return Malformed();
  } else if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) || object.raw_json().get(raw)) return Malformed();
  } else {
    raw = value.raw_json_token();
  }
  while (!raw.empty() && IsSpace(raw.back())) raw.remove_suffix(1);
  return true;
}

FlatReader::Go FlatReader::Skip(ondemand::value value, size_t level) {
  std::string_view raw;
  if (!RawText(value, raw)) return false;
  // Scalars open no level.
  size_t depth = limits_.max_json_depth > level ? limits_.max_json_depth - level : 0;
  if (depth == 0 && !raw.empty() && (raw[0] == '[' || raw[0] == '{')) return Malformed();
  return ParseJson(raw, std::max<size_t>(depth, 1)).ok() || Malformed();
}

FlatReader::Go FlatReader::WrongType(const Place& place, ondemand::value value,
                                     std::string_view wanted, size_t level) {
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  std::string_view found = "null";
  switch (type) {
    case ondemand::json_type::array: found = "an array"; break;
    case ondemand::json_type::object: found = "an object"; break;
    case ondemand::json_type::number: found = "a number"; break;
    case ondemand::json_type::string: found = "a string"; break;
    case ondemand::json_type::boolean: found = "a boolean"; break;
    case ondemand::json_type::null: break;
  }
  return Skip(value, level) &&
         Shape(place, "must be " + std::string(wanted) + ", not " + std::string(found),
               "type_error");
}

FlatReader::Go FlatReader::ReadString(const Place& place, ondemand::value value,
                                      std::optional<std::string_view>& out) {
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  if (type != ondemand::json_type::string) return WrongType(place, value, "a string", 3);
  std::string_view raw = value.raw_json_token();
  while (!raw.empty() && IsSpace(raw.back())) raw.remove_suffix(1);
  if (raw.size() < 2 || raw.back() != '"') return Malformed();
  std::string_view text = raw.substr(1, raw.size() - 2);
  if (text.find('\\') != std::string_view::npos) {
    if (value.get_string().get(text)) return Malformed();
    std::string& own = unescaped_.emplace_back(text);
    std::erase(own, '\0');
    text = own;
  }
  out = text;
  return true;
}

FlatReader::Go FlatReader::ReadText(const Place& place, ondemand::value value, size_t max_length,
                                    std::string& out) {
  bool null = false;
  if (!IsNull(value, null)) return false;
  if (null) return true;
  std::optional<std::string_view> text;
  if (!ReadString(place, value, text)) return false;
  if (!text) return true;
  if (CountCharacters(*text) > max_length) {
    return Shape(place, "is longer than " + std::to_string(max_length) + " characters", "too_long");
  }
  out = *text;
  return true;
}

FlatReader::Go FlatReader::ObjectOrNull(std::string_view member, ondemand::value value,
                                        bool& is_object) {
  bool null = false;
  if (!IsNull(value, null)) return false;
  if (null) return true;
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  is_object = type == ondemand::json_type::object;
  return is_object || WrongType({{}, 0, member}, value, "an object", 1);
}

FlatReader::Go FlatReader::ReadNumber(const Place& place, ondemand::value value, bool integer,
                                      double least, double most, std::optional<double>& out) {
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  std::string_view wanted = integer ? "an integer" : "a number";
  if (type != ondemand::json_type::number) return WrongType(place, value, wanted, 3);
  double number = 0;
  if (value.get_double().get(number) || !std::isfinite(number)) return Malformed();
  if (integer && std::floor(number) != number) {
    return Shape(place, "must be an integer, not " + ShowNumber(number), "type_error");
  }
  if (number < least || number > most) {
    std::string range = "from " + ShowNumber(least) + " to " + ShowNumber(most);
    return Shape(place, "must be " + range + ", not " + ShowNumber(number));
  }
  out = number;
  return true;
}

FlatReader::Go FlatReader::ReadBound(const Place& place, ondemand::value value, double if_null,
                                     std::optional<double>& out) {
  bool null = false;
  if (!IsNull(value, null)) return false;
  if (null) {
    out = if_null;
    return true;
  }
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  if (type != ondemand::json_type::number) return WrongType(place, value, "a number or null", 3);
  double number = 0;
  if (value.get_double().get(number) || !std::isfinite(number)) return Malformed();
  out = FileBound(number);
  return true;
}

FlatReader::Go FlatReader::ReadRoot(ondemand::document& document) {
  ondemand::json_type type;
  if (document.type().get(type)) return Malformed();
  if (type != ondemand::json_type::object) {
    if (!ParseJson(json_, limits_.max_json_depth).ok()) return Malformed();
    return Shape({}, "the document must be an object", "type_error");
  }
  ondemand::object root;
  if (document.get_object().get(root)) return Malformed();
  SeenKeys seen;
  if (!ForEachMember(root, seen, [&](std::string_view key, ondemand::value value) {
        return ReadMember(key, value);
      })) {
    return false;
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return Malformed();
  if (!saw_variables_ && !Shape({{}, 0, "variables"}, "is missing", "missing")) return false;
  return saw_objective_ || Shape({{}, 0, "objective"}, "is missing", "missing");
}

// Expressions that came before the variables.
FlatReader::Go FlatReader::ReadDeferred(ondemand::document& document) {
  document.rewind();
  ondemand::object root;
  if (document.get_object().get(root)) return Malformed();
  SeenKeys seen;
  return ForEachMember(root, seen, [&](std::string_view key, ondemand::value value) {
    if (key == "objective" && defer_objective_) return ReadObjective(value);
    if (key == "constraints" && defer_constraints_) return ReadConstraints(value);
    return true;
  });
}

FlatReader::Go FlatReader::ReadMember(std::string_view key, ondemand::value value) {
  const Place place{{}, 0, key};
  if (key == "variables") {
    saw_variables_ = true;
    return ReadVariables(value);
  }
  if (key == "objective") {
    saw_objective_ = true;
    defer_objective_ = !saw_variables_;
    return defer_objective_ || ReadObjective(value);
  }
  if (key == "constraints") {
    defer_constraints_ = !saw_variables_;
    return defer_constraints_ || ReadConstraints(value);
  }
  if (key == "name") {
    if (!ReadText(place, value, kMaxNameLength, flat_.name)) return false;
    builder_.SetName(flat_.name);
    return true;
  }
  if (key == "description") return ReadText(place, value, kMaxDescription, flat_.description);
  if (key == "solver_name") return ReadText(place, value, kMaxSolverName, flat_.solver_name);
  if (key == "options") return ReadOptions(value);
  if (key == "warm_start") return ReadWarmStart(value);
  if (key == "metadata") return ReadMetadata(value);
  return Skip(value, 1);
}

FlatReader::Go FlatReader::ReadVariables(ondemand::value value) {
  const Place place{{}, 0, "variables"};
  auto fits = [&](size_t count) {
    if (count <= limits_.max_columns) return true;
    Shape(place, "has more than " + std::to_string(limits_.max_columns) + " elements", "too_long");
    return false;
  };
  auto variable = [&](size_t item, ondemand::object object) { return ReadVariable(item, object); };
  return ForEachObject(place, value, false, variable, fits);
}

FlatReader::Go FlatReader::ReadVariable(size_t item, ondemand::object object) {
  variable_ = Variable();
  bool go = ForEachMember(object, seen_, [&](std::string_view key, ondemand::value value) {
    Place place{"variables", item, key};
    if (key == "name") {
      variable_.has_name = true;
      return ReadString(place, value, variable_.name);
    }
    if (key == "type") {
      std::optional<std::string_view> name;
      if (!ReadString(place, value, name)) return false;
      if (!name) return true;
      if (*name == "continuous") variable_.type = ColumnType::kContinuous;
      if (*name == "integer") variable_.type = ColumnType::kInteger;
      if (*name == "binary") variable_.type = ColumnType::kBinary;
      return variable_.type.has_value() ||
             Shape(place, "must be continuous, integer or binary, not \"" +
                              std::string(name->substr(0, 40)) + "\"");
    }
    if (key == "lower_bound") {
      return ReadBound(place, value, -kInfinity, variable_.lower);
    }
    if (key == "upper_bound") {
      return ReadBound(place, value, kInfinity, variable_.upper);
    }
    return Skip(value, 3);
  });
  return go && AddVariable(item);
}

FlatReader::Go FlatReader::AddVariable(size_t item) {
  const Place place{"variables", item, "name"};
  if (!variable_.has_name) return Shape(place, "is missing", "missing");
  if (!variable_.name) return true;  // of a wrong type, reported before
  std::string_view name = *variable_.name;
  std::string quoted = "\"" + std::string(name.substr(0, 80)) + "\"";
  if (CountCharacters(name) > kMaxNameLength) {
    return Shape(place, "is longer than " + std::to_string(kMaxNameLength) + " characters",
                 "too_long");
  }
  if (!IsFlatName(name)) {
    return Shape(place,
                 quoted + " is not a name: letters, digits and _, not starting with a digit");
  }
  int32_t column = builder_.num_columns();
  if (!index_.Add(name, column)) return Shape(place, quoted + " is declared twice", "duplicate");
  ColumnType type = variable_.type.value_or(ColumnType::kContinuous);
  double lower = variable_.lower.value_or(0);
  double upper = variable_.upper.value_or(kInfinity);
  auto meaning = [&](std::string_view member, const std::string& message) {
    return faults_.Add(FaultKind::kMeaning, Place{"variables", item, member}.ToPointer(),
                       "variable " + quoted + ": " + message, "value_error");
  };
  // Expressions may use the name already: the column has to come, with a bound that can be.
  for (auto [member, bound, impossible] :
       {std::tuple("lower_bound", &lower, kInfinity), {"upper_bound", &upper, -kInfinity}}) {
    if (*bound != impossible) continue;
    *bound = -impossible;
    if (!meaning(member, std::string("no value fits the bound, for ") + kBeyond)) return false;
  }
  if (type == ColumnType::kBinary) {
    if (lower == -kInfinity) lower = 0;
    if (upper == kInfinity) upper = 1;
    for (auto [member, bound] : {std::pair("lower_bound", lower), {"upper_bound", upper}}) {
      if ((bound < 0 || bound > 1) &&
          !meaning(member, "a binary's bound must lie in [0, 1], not " + ShowNumber(bound))) {
        return false;
      }
    }
  }
  if (lower > upper &&
      !meaning("lower_bound", "the lower bound " + ShowNumber(lower) +
                                  " is above the upper bound " + ShowNumber(upper))) {
    return false;
  }
  if (type != ColumnType::kContinuous && lower <= upper && std::ceil(lower) > std::floor(upper) &&
      ++num_warnings_ <= limits_.max_errors) {
    flat_.warnings.push_back("variable " + quoted + ": no integer lies between its bounds " +
                             ShowNumber(lower) + " and " + ShowNumber(upper));
  }
  builder_.AddColumn(name, lower, upper, type);
  types_.push_back(type);
  return true;
}

FlatReader::Go FlatReader::ReadObjective(ondemand::value value) {
  const Place place{{}, 0, "objective"};
  ondemand::json_type type;
  if (value.type().get(type)) return Malformed();
  if (type != ondemand::json_type::object) return WrongType(place, value, "an object", 1);
  ondemand::object object;
  if (value.get_object().get(object)) return Malformed();
  bool has_sense = false;
  bool has_expression = false;
  std::optional<std::string_view> expression;
  bool go = ForEachMember(object, seen_, [&](std::string_view key, ondemand::value member) {
    if (key == "sense") {
      has_sense = true;
      std::optional<std::string_view> sense;
      if (!ReadString({{}, 0, "objective/sense"}, member, sense)) return false;
      if (!sense) return true;
      if (*sense == "maximize") builder_.SetSense(Sense::kMaximize);
      return *sense == "minimize" || *sense == "maximize" ||
             Shape({{}, 0, "objective/sense"}, "must be minimize or maximize, not \"" +
                                                   std::string(sense->substr(0, 40)) + "\"");
    }
    if (key == "expression") {
      has_expression = true;
      return ReadString({{}, 0, "objective/expression"}, member, expression);
    }
    if (key == "name") {
      std::string name;
      if (!ReadText({{}, 0, "objective/name"}, member, kMaxNameLength, name)) return false;
      builder_.SetObjectiveName(name);
      return true;
    }
    return Skip(member, 2);
  });
  if (!go) return false;
  if (!has_sense && !Shape({{}, 0, "objective/sense"}, "is missing", "missing")) return false;
  const Place expression_place{{}, 0, "objective/expression"};
  if (!has_expression) return Shape(expression_place, "is missing", "missing");
  if (!expression || types_.empty()) return true;
  if (expression->size() > limits_.max_expression_bytes || !compiler_.CompileSum(*expression)) {
    return CompileFault(expression_place, "objective", *expression);
  }
  for (const ExpressionCompiler::Term& term : compiler_.terms()) {
    builder_.AddObjectiveTerm(term.column, term.coefficient);
  }
  builder_.SetObjectiveOffset(compiler_.constant());
  return true;
}

FlatReader::Go FlatReader::ReadConstraints(ondemand::value value) {
  const Place place{{}, 0, "constraints"};
  bool null = false;
  if (!IsNull(value, null)) return false;
  if (null) return true;
  auto fits = [&](size_t) {
    if (static_cast<size_t>(builder_.num_rows()) > limits_.max_rows) {
      Shape(place, "has more than " + std::to_string(limits_.max_rows) + " rows", "too_long");
      return false;
    }
    if (static_cast<size_t>(builder_.num_terms()) > limits_.max_terms) {
      Shape(place, "has more than " + std::to_string(limits_.max_terms) + " terms", "too_long");
      return false;
    }
    return true;
  };
  auto constraint = [&](size_t item, ondemand::object object) {
    return ReadConstraint(item, object);
  };
  return ForEachObject(place, value, true, constraint, fits);
}

FlatReader::Go FlatReader::ReadConstraint(size_t item, ondemand::object object) {
  constraint_ = Constraint();
  bool go = ForEachMember(object, seen_, [&](std::string_view key, ondemand::value value) {
    Place place{"constraints", item, key};
    if (key == "expression") {
      constraint_.has_expression = true;
      return ReadString(place, value, constraint_.expression);
    }
    if (key == "name") {
      bool null = false;
      if (!IsNull(value, null)) return false;
      if (null) return true;
      if (!ReadString(place, value, constraint_.name)) return false;
      if (!constraint_.name || CountCharacters(*constraint_.name) <= kMaxNameLength) return true;
      constraint_.name.reset();
      return Shape(place, "is longer than " + std::to_string(kMaxNameLength) + " characters",
                   "too_long");
    }
    if (key == "kind") {
      ondemand::json_type type;
      if (value.type().get(type)) return Malformed();
      if (type != ondemand::json_type::string) return Skip(value, 3);
      std::optional<std::string_view> kind;
      if (!ReadString(place, value, kind)) return false;
      constraint_.kind = *kind;
      return true;
    }
    return Skip(value, 3);
  });
  return go && AddConstraint(item);
}

FlatReader::Go FlatReader::AddConstraint(size_t item) {
  const Place place{"constraints", item, "expression"};
  if (!constraint_.has_expression) return Shape(place, "is missing", "missing");
  if (!constraint_.expression || types_.empty()) return true;
  // What a nameless constraint is called.
  char made_up[24] = "c";
  auto end = std::to_chars(made_up + 1, made_up + sizeof(made_up), item + 1);
  std::string_view name(made_up, static_cast<size_t>(end.ptr - made_up));
  if (constraint_.name && !constraint_.name->empty()) name = *constraint_.name;
  std::string_view expression = *constraint_.expression;
  bool good = expression.size() <= limits_.max_expression_bytes;
  if (constraint_.kind == kFreeRow) {
    if (!good || !compiler_.CompileSum(expression)) return CompileFault(place, name, expression);
    builder_.BeginRow(name, -kInfinity, kInfinity);
    EmitTerms({0, 0, compiler_.terms(), {}});
    return true;
  }
  good = good && (constraint_.kind == kRangeRow ? compiler_.CompileRange(expression)
                                                : compiler_.CompileConstraint(expression));
  if (!good) return CompileFault(place, name, expression);
  for (const ExpressionCompiler::Row& row : compiler_.rows()) {
    const double lower = FileBound(row.lower), upper = FileBound(row.upper);
    if (lower == kInfinity || upper == -kInfinity) {
      return faults_.Add(FaultKind::kMeaning, place.ToPointer(),
                         "constraint \"" + std::string(name.substr(0, 80)) +
                             "\": no value fits it, for " + kBeyond,
                         "value_error");
    }
    builder_.BeginRow(name, lower, upper);
    EmitTerms(row);
  }
  return true;
}

void FlatReader::EmitTerms(const ExpressionCompiler::Row& row) {
  for (const ExpressionCompiler::Term& term : row.plus) {
    builder_.AddTerm(term.column, term.coefficient);
  }
  for (const ExpressionCompiler::Term& term : row.minus) {
    builder_.AddTerm(term.column, -term.coefficient);
  }
}

FlatReader::Go FlatReader::CompileFault(const Place& place, std::string_view where,
                                        std::string_view expression) {
  std::string subject = where == "objective" && place.list.empty()
                            ? "objective"
                            : "constraint \"" + std::string(where.substr(0, 80)) + "\"";
  ExpressionFault fault = compiler_.fault();
  if (expression.size() > limits_.max_expression_bytes) {
    fault = {
        ExpressionError::kSyntax,
        limits_.max_expression_bytes,
        "the expression is longer than " + std::to_string(limits_.max_expression_bytes) + " bytes",
        {}};
  }
  if (fault.kind == ExpressionError::kUndeclared) {
    constexpr size_t kMaxListed = 50;
    std::string message = subject + " uses ";
    message += fault.names.size() == 1 ? "an undeclared variable: " : "undeclared variables: ";
    for (size_t i = 0; i < std::min(fault.names.size(), kMaxListed); ++i) {
      if (i > 0) message += ", ";
      message += fault.names[i].substr(0, 80);
    }
    if (fault.names.size() > kMaxListed) {
      message += " and " + std::to_string(fault.names.size() - kMaxListed) + " more";
    }
    return faults_.Add(FaultKind::kMeaning, place.ToPointer(), std::move(message), "undeclared");
  }
  std::string message =
      subject + ": " + fault.message + " (at position " + std::to_string(fault.position) + ")";
  Json extra;
  extra.Set("expression", Excerpt(expression, fault.position));
  extra.Set("position", static_cast<int64_t>(fault.position));
  extra.Set("where", where);
  bool quadratic = fault.kind == ExpressionError::kQuadratic;
  return faults_.Add(quadratic ? FaultKind::kUnsupported : FaultKind::kExpression,
                     place.ToPointer(), std::move(message),
                     quadratic ? "unsupported" : "expression_error", std::move(extra));
}

FlatReader::Go FlatReader::ReadOptions(ondemand::value value) {
  bool is_object = false;
  if (Go go = ObjectOrNull("options", value, is_object); !go || !is_object) return go;
  ondemand::object object;
  if (value.get_object().get(object)) return Malformed();
  SolveOptions& options = flat_.options;
  return ForEachMember(object, seen_, [&](std::string_view key, ondemand::value member) {
    std::string path = "options/" + std::string(key.substr(0, 40));
    const Place place{{}, 0, path};
    bool null = false;
    if (!IsNull(member, null)) return false;
    if (null) return true;
    std::optional<double> number;
    if (key == "time_limit_seconds") {
      if (!ReadNumber(place, member, false, -kInfinity, kInfinity, number)) return false;
      if (number && !(*number > 0 && *number <= kMaxTimeLimit)) {
        return Shape(place, "must be above 0 and at most " +
                                std::to_string(static_cast<int64_t>(kMaxTimeLimit)) + ", not " +
                                ShowNumber(*number));
      }
      flat_.has_time_limit = number.has_value();
      options.time_limit_seconds = number.value_or(options.time_limit_seconds);
      return true;
    }
    if (key == "gap_tolerance") {
      if (!ReadNumber(place, member, false, 0, 1, number)) return false;
      options.gap_tolerance = number.value_or(options.gap_tolerance);
      return true;
    }
    if (key == "threads") {
      if (!ReadNumber(place, member, true, 0, kMaxThreads, number)) return false;
      options.threads = static_cast<int>(number.value_or(options.threads));
      return true;
    }
    if (key == "seed") {
      if (!ReadNumber(place, member, true, 0, 4294967295.0, number)) return false;
      options.seed = static_cast<uint32_t>(number.value_or(options.seed));
      return true;
    }
    if (key == "node_limit") {
      if (!ReadNumber(place, member, true, 0, kMaxNodeLimit, number)) return false;
      if (number) options.node_limit = static_cast<int64_t>(*number);
      return true;
    }
    if (key == "verify" || key == "verbose") {
      ondemand::json_type member_type;
      if (member.type().get(member_type)) return Malformed();
      if (member_type != ondemand::json_type::boolean) {
        return WrongType(place, member, "a boolean", 2);
      }
      bool on = false;
      if (member.get_bool().get(on)) return Malformed();
      if (key == "verify") options.verify = on;
      return true;
    }
    return Skip(member, 2);
  });
}

FlatReader::Go FlatReader::ReadWarmStart(ondemand::value value) {
  bool is_object = false;
  if (Go go = ObjectOrNull("warm_start", value, is_object); !go || !is_object) return go;
  ondemand::object object;
  if (value.get_object().get(object)) return Malformed();
  return ForEachMember(object, seen_, [&](std::string_view key, ondemand::value member) {
    if (key == "execution_id") {
      return ReadText({{}, 0, "warm_start/execution_id"}, member, kMaxNameLength,
                      flat_.warm_start_execution_id);
    }
    return Skip(member, 2);
  });
}

FlatReader::Go FlatReader::ReadMetadata(ondemand::value value) {
  bool is_object = false;
  if (Go go = ObjectOrNull("metadata", value, is_object); !go || !is_object) return go;
  std::string_view raw;
  if (!RawText(value, raw)) return false;
  if (!ParseJson(raw, std::max<size_t>(limits_.max_json_depth, 2) - 1).ok()) return Malformed();
  flat_.metadata_json = raw;
  return true;
}

}  // namespace

absl::StatusOr<FlatProblem> ReadFlatJson(std::string_view json, const ReadLimits& limits) {
  try {
    return FlatReader(json, limits).Read();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory to read the problem");
  }
}

}  // namespace solvent
