#include "solvent/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_set>

#include "simdjson.h"
#include "solvent/error.h"
#include "text_length.h"

namespace solvent {
namespace {

const Json kNull;
const std::string kEmptyString;
const Json::Array kEmptyArray;
const Json::Object kEmptyObject;

// Small objects are searched, large ones hashed.
constexpr size_t kHashAbove = 16;

// The place of the first member whose name an earlier one has; the number of members if none.
size_t FindDuplicate(const Json::Object& object) {
  if (object.size() <= kHashAbove) {
    for (size_t i = 1; i < object.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (object[i].name == object[j].name) return i;
      }
    }
    return object.size();
  }
  std::unordered_set<std::string_view> seen;
  seen.reserve(object.size());
  for (size_t i = 0; i < object.size(); ++i) {
    if (!seen.insert(object[i].name).second) return i;
  }
  return object.size();
}

// Where something stands in a document: numbers of members and items, the innermost first.
using JsonPath = std::vector<size_t>;

struct JsonFault {
  std::string place;      // "line 3, column 14"
  std::string_view word;  // what stands there, where a value was to come
  bool not_finite = false;
  bool too_deep = false;
};

// "NaN", "-Infinity" and numbers beyond a double's range, all of which some writers produce.
bool IsNotFinite(std::string_view word) {
  const bool sign = !word.empty() && (word[0] == '-' || word[0] == '+');
  const std::string_view bare = word.substr(sign);
  double number = 0;
  auto [rest, error] = std::from_chars(bare.data(), bare.data() + bare.size(), number);
  if (bare.empty() || rest != bare.data() + bare.size()) return false;
  if (error == std::errc::result_out_of_range)  // or too small, which is zero
    number = std::strtod(std::string(bare).c_str(), nullptr);
  return !std::isfinite(number);
}

// Four hexadecimal digits, or -1.
int CodeUnit(std::string_view digits) {
  int unit = -1;
  const char* end = digits.data() + std::min<size_t>(digits.size(), 4);
  auto [rest, error] = std::from_chars(digits.data(), end, unit, 16);
  return digits.size() >= 4 && error == std::errc() && rest == end && unit >= 0 ? unit : -1;
}

// Bytes of the escape that begins `text`; 0 when it stands for no character.
size_t EscapeSize(std::string_view text) {
  if (text.size() < 2) return 0;
  if (text[1] != 'u') {
    return std::string_view("\"\\/bfnrt").find(text[1]) == std::string_view::npos ? 0 : 2;
  }
  const int unit = CodeUnit(text.substr(2));
  if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return 0;
  if (unit < 0xD800 || unit >= 0xE000) return 6;
  if (text.substr(6, 2) != "\\u") return 0;
  const int second = CodeUnit(text.substr(8));
  return second >= 0xDC00 && second < 0xE000 ? 12 : 0;
}

// The first place at which `text` stops being JSON of that depth, or else, where `sought` is given,
// that member's place. simdjson's DOM does not say where it failed; this slower walk runs only
// after it did.
JsonFault LocateJsonFault(std::string_view text, size_t max_depth,
                          const JsonPath* sought = nullptr) {
  JsonFault fault;
  std::string open;  // the brackets around the current position
  JsonPath path;     // of the current position, the innermost last
  enum { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd, kDone } want = kValue;
  size_t i = 0;
  auto close_bracket = [&](char bracket) {
    if (open.empty() || open.back() != bracket) return false;
    open.pop_back();
    path.pop_back();
    want = open.empty() ? kDone : kCommaOrEnd;
    ++i;
    return true;
  };
  auto is_sought = [&] {
    return sought != nullptr &&
           std::equal(path.begin(), path.end(), sought->rbegin(), sought->rend());
  };
  // Leaves i at the fault when the string is bad.
  auto skip_string = [&] {
    ++i;
    while (i < text.size()) {
      unsigned char c = static_cast<unsigned char>(text[i]);
      if (c == '"') {
        ++i;
        return true;
      }
      const size_t size = c == '\\'  ? EscapeSize(text.substr(i))
                          : c < 0x20 ? 0
                                     : Utf8CharacterSize(text, i);
      if (size == 0) return false;
      i += size;
    }
    return false;
  };
  while (i < text.size()) {
    char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
      continue;
    }
    if (want == kDone) break;
    if (want == kColon) {
      if (c != ':') break;
      want = kValue;
      ++i;
      continue;
    }
    if (want == kCommaOrEnd && c == ',') {
      want = open.back() == '{' ? kKey : kValue;
      ++path.back();
      ++i;
      continue;
    }
    if ((want == kCommaOrEnd || want == kKeyOrEnd) && c == '}') {
      if (!close_bracket('{')) break;
      continue;
    }
    if ((want == kCommaOrEnd || want == kValueOrEnd) && c == ']') {
      if (!close_bracket('[')) break;
      continue;
    }
    if (want == kCommaOrEnd) break;
    if (want == kKey || want == kKeyOrEnd) {
      if (c != '"' || is_sought() || !skip_string()) break;
      want = kColon;
      continue;
    }
    if (c == '{' || c == '[') {
      fault.too_deep = open.size() >= max_depth;
      if (fault.too_deep) break;
      open += c;
      path.push_back(0);
      want = c == '{' ? kKeyOrEnd : kValueOrEnd;
      ++i;
      continue;
    }
    if (c == '"') {
      if (!skip_string()) break;
    } else {
      size_t end = i;
      while (end < text.size() &&
             std::string_view(" \t\n\r,:]}[{\"").find(text[end]) == std::string_view::npos) {
        ++end;
      }
      std::string_view word = text.substr(i, end - i);
      double number = 0;
      auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      bool is_number = error != std::errc::invalid_argument && rest == word.data() + word.size() &&
                       !IsNotFinite(word) && (word[0] == '-' || (word[0] >= '0' && word[0] <= '9'));
      if (!is_number && word != "true" && word != "false" && word != "null") {
        fault.word = word;
        fault.not_finite = IsNotFinite(word);
        break;
      }
      i = end;
    }
    want = open.empty() ? kDone : kCommaOrEnd;
  }
  size_t line = 1;
  size_t line_start = 0;
  for (size_t k = 0; k < i && k < text.size(); ++k) {
    if (text[k] == '\n') {
      ++line;
      line_start = k + 1;
    }
  }
  fault.place = "line " + std::to_string(line) + ", column " + std::to_string(i - line_start + 1);
  return fault;
}

// What Convert returns for brackets that go too deep.
absl::Status TooDeep() { return absl::OutOfRangeError("nested too deep"); }

// `levels` of brackets may be opened. `twice` becomes the path of a member that is there for the
// second time, where that is the fault.
absl::Status Convert(simdjson::dom::element element, size_t levels, Json& out, JsonPath& twice) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::ARRAY: {
      if (levels == 0) return TooDeep();
      simdjson::dom::array array;
      if (element.get(array) != simdjson::SUCCESS) break;
      Json::Array items;
      items.reserve(array.size());
      for (simdjson::dom::element item : array) {
        items.emplace_back();
        if (absl::Status status = Convert(item, levels - 1, items.back(), twice); !status.ok()) {
          twice.push_back(items.size() - 1);
          return status;
        }
      }
      out = Json(std::move(items));
      return absl::OkStatus();
    }
    case element_type::OBJECT: {
      if (levels == 0) return TooDeep();
      simdjson::dom::object object;
      if (element.get(object) != simdjson::SUCCESS) break;
      Json::Object members;
      members.reserve(object.size());
      for (auto field : object) {
        members.push_back({std::string(field.key), Json()});
        absl::Status status = Convert(field.value, levels - 1, members.back().value, twice);
        if (!status.ok()) {
          twice.push_back(members.size() - 1);
          return status;
        }
      }
      if (const size_t second = FindDuplicate(members); second < members.size()) {
        twice.push_back(second);
        return BadRequest("member " + Json(members[second].name.substr(0, 100)).Dump() +
                          " appears twice in one object");
      }
      out = Json(std::move(members));
      return absl::OkStatus();
    }
    case element_type::INT64: out = Json(int64_t{element}); return absl::OkStatus();
    case element_type::UINT64: out = Json(uint64_t{element}); return absl::OkStatus();
    case element_type::DOUBLE: out = Json(double{element}); return absl::OkStatus();
    case element_type::STRING: out = Json(std::string_view(element)); return absl::OkStatus();
    case element_type::BOOL: out = Json(bool{element}); return absl::OkStatus();
    case element_type::NULL_VALUE: out = Json(); return absl::OkStatus();
  }
  return absl::InternalError("unreadable JSON element");
}

// The text with ".0" behind the integers that fit in no 64 bits, for which simdjson's DOM has no
// type; "" when there are none.
std::string WithWideIntegers(std::string_view text) {
  constexpr std::string_view kOfNumbers = "+-.0123456789Ee";
  std::string widened;
  size_t copied = 0;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
      ++i;
      continue;
    }
    const size_t end = std::min(text.find_first_not_of(kOfNumbers, i), text.size());
    if (end == i) {
      ++i;
      continue;
    }
    const bool negative = text[i] == '-';
    int64_t below = 0;
    uint64_t above = 0;
    const auto [rest, error] = negative
                                   ? std::from_chars(text.data() + i, text.data() + end, below)
                                   : std::from_chars(text.data() + i, text.data() + end, above);
    if (error == std::errc::result_out_of_range && rest == text.data() + end) {
      widened.append(text.substr(copied, end - copied)).append(".0");
      copied = end;
    }
    i = end;
  }
  if (copied > 0) widened.append(text.substr(copied));
  return widened;
}

// Why simdjson has refused `text`, with the place.
absl::Status Refusal(std::string_view text, size_t max_depth, std::string_view reason) {
  const JsonFault fault = LocateJsonFault(text, max_depth);
  if (fault.too_deep) {
    return BadRequest("malformed JSON at " + fault.place + ": nested deeper than " +
                      std::to_string(max_depth) + " levels");
  }
  if (fault.not_finite) {
    return ValidationError(
        "", "not a finite number at " + fault.place + ": " + std::string(fault.word.substr(0, 40)));
  }
  return BadRequest("malformed JSON at " + fault.place + ": " + std::string(reason));
}

}  // namespace

Json::Json(Array a) : value_(std::move(a)) {}
Json::Json(Object o) : value_(std::move(o)) {}

bool Json::is_integer() const {
  if (std::holds_alternative<int64_t>(value_) || std::holds_alternative<uint64_t>(value_)) {
    return true;
  }
  const double* d = std::get_if<double>(&value_);
  return d != nullptr && std::floor(*d) == *d && std::fabs(*d) <= 9007199254740992.0;
}

bool Json::is_number() const { return value_.index() >= 2 && value_.index() <= 4; }

std::string_view Json::type_name() const {
  switch (value_.index()) {
    case 0: return "null";
    case 1: return "boolean";
    case 5: return "string";
    case 6: return "array";
    case 7: return "object";
    default: return "number";
  }
}

bool Json::as_bool() const {
  const bool* b = std::get_if<bool>(&value_);
  return b != nullptr && *b;
}

int64_t Json::as_int() const {
  if (auto* i = std::get_if<int64_t>(&value_)) return *i;
  if (auto* u = std::get_if<uint64_t>(&value_)) {
    return *u > static_cast<uint64_t>(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(*u);
  }
  if (auto* d = std::get_if<double>(&value_)) {
    if (!(*d > -9.2e18)) return INT64_MIN;
    if (!(*d < 9.2e18)) return INT64_MAX;
    return static_cast<int64_t>(*d);
  }
  return 0;
}

double Json::as_double() const {
  if (auto* d = std::get_if<double>(&value_)) return *d;
  if (auto* i = std::get_if<int64_t>(&value_)) return static_cast<double>(*i);
  if (auto* u = std::get_if<uint64_t>(&value_)) return static_cast<double>(*u);
  return 0;
}

const std::string& Json::as_string() const {
  const std::string* s = std::get_if<std::string>(&value_);
  return s != nullptr ? *s : kEmptyString;
}

const Json::Array& Json::array() const {
  const Array* a = std::get_if<Array>(&value_);
  return a != nullptr ? *a : kEmptyArray;
}

const Json::Object& Json::object() const {
  const Object* o = std::get_if<Object>(&value_);
  return o != nullptr ? *o : kEmptyObject;
}

Json::Array& Json::mutable_array() {
  if (!is_array()) value_ = Array();
  return std::get<Array>(value_);
}

Json::Object& Json::mutable_object() {
  if (!is_object()) value_ = Object();
  return std::get<Object>(value_);
}

const Json* Json::Find(std::string_view key) const {
  for (const Member& member : object()) {
    if (member.name == key) return &member.value;
  }
  return nullptr;
}

const Json& Json::operator[](std::string_view key) const {
  const Json* found = Find(key);
  return found != nullptr ? *found : kNull;
}

Json& Json::Set(std::string_view key, Json value) {
  for (Member& member : mutable_object()) {
    if (member.name == key) {
      member.value = std::move(value);
      return *this;
    }
  }
  mutable_object().push_back({std::string(key), std::move(value)});
  return *this;
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    if (a.value_.index() == b.value_.index()) return a.value_ == b.value_;
    return a.as_double() == b.as_double();
  }
  if (a.value_.index() != b.value_.index()) return false;
  if (a.is_array()) return a.array() == b.array();
  if (a.is_object()) {
    // Members are unique, so equal sizes and one-way inclusion suffice.
    if (a.object().size() != b.object().size()) return false;
    for (const Json::Member& member : a.object()) {
      const Json* other = b.Find(member.name);
      if (other == nullptr || !(*other == member.value)) return false;
    }
    return true;
  }
  return a.value_ == b.value_;
}

std::string Json::Dump() const {
  std::string out;
  JsonWriter(out).Value(*this);
  return out;
}

// What comes out is walked recursively, by others too, on stacks of any size.
constexpr size_t kMostDepth = 1000;

absl::StatusOr<Json> ParseJson(std::string_view text, size_t max_depth) {
  thread_local simdjson::dom::parser parser;
  max_depth = std::min(max_depth, kMostDepth);
  if (text.size() > simdjson::SIMDJSON_MAXSIZE_BYTES) return BadRequest("JSON text too large");
  // Grow to the document, and let go of what one huge document needed.
  constexpr size_t kKeep = size_t{4} << 20;
  size_t capacity = std::max<size_t>(text.size(), 256);
  // simdjson counts a bracket only where something stands in it: Convert knows better.
  const size_t parser_depth = max_depth + 1;
  if (parser.capacity() < capacity || parser.max_depth() != parser_depth ||
      (parser.capacity() > kKeep && capacity <= kKeep)) {
    if (parser.allocate(capacity, parser_depth) != simdjson::SUCCESS) {
      return absl::ResourceExhaustedError("not enough memory to read JSON");
    }
  }
  if (text.data() == nullptr) text = "";  // simdjson copies even no bytes
  simdjson::dom::element root;
  simdjson::error_code error = parser.parse(text.data(), text.size()).get(root);
  if (error == simdjson::NUMBER_ERROR) {
    if (const std::string widened = WithWideIntegers(text); !widened.empty()) {
      error = parser.parse(widened).get(root);
    }
  }
  if (error != simdjson::SUCCESS) return Refusal(text, max_depth, simdjson::error_message(error));
  Json json;
  JsonPath twice;
  if (absl::Status status = Convert(root, max_depth, json, twice); !status.ok()) {
    if (absl::IsOutOfRange(status)) return Refusal(text, max_depth, "nested too deep");
    if (twice.empty()) return status;
    return BadRequest("malformed JSON at " + LocateJsonFault(text, max_depth, &twice).place + ": " +
                      std::string(Message(status)));
  }
  return json;
}

void JsonWriter::Separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::BeginObject() {
  Separate();
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  out_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Separate();
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  out_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  AppendJsonString(out_, key);
  out_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::Null() { return Raw("null"); }
JsonWriter& JsonWriter::Bool(bool b) { return Raw(b ? "true" : "false"); }

JsonWriter& JsonWriter::Int(int64_t i) {
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), i);
  return Raw({buffer, static_cast<size_t>(end.ptr - buffer)});
}

JsonWriter& JsonWriter::Uint(uint64_t u) {
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), u);
  return Raw({buffer, static_cast<size_t>(end.ptr - buffer)});
}

JsonWriter& JsonWriter::Double(double d) {
  Separate();
  AppendJsonNumber(out_, d);
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view s) {
  Separate();
  AppendJsonString(out_, s);
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::Value(const Json& value) {
  if (value.is_object()) {
    BeginObject();
    for (const Json::Member& member : value.object()) Key(member.name).Value(member.value);
    return EndObject();
  }
  if (value.is_array()) {
    BeginArray();
    for (const Json& item : value.array()) Value(item);
    return EndArray();
  }
  if (value.is_string()) return String(value.as_string());
  if (value.is_null()) return Null();
  if (value.is_bool()) return Bool(value.as_bool());
  if (auto* u = std::get_if<uint64_t>(&value.value_)) return Uint(*u);
  if (auto* i = std::get_if<int64_t>(&value.value_)) return Int(*i);
  return Double(value.as_double());
}

void AppendJsonNumber(std::string& out, double d) {
  if (!std::isfinite(d)) {
    out += "null";
    return;
  }
  if (d == 0) {  // and not "-0"
    out += '0';
    return;
  }
  char buffer[40];
  double size = std::fabs(d);
  // Plain notation of a large double is a long integer, which strict readers refuse.
  auto end = size >= 1e15 || size < 1e-5
                 ? std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::scientific)
                 : std::to_chars(buffer, buffer + sizeof(buffer), d);
  out.append(buffer, static_cast<size_t>(end.ptr - buffer));
}

void AppendJsonString(std::string& out, std::string_view s) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t plain = 0;  // start of the run that needs no change
  size_t i = 0;
  auto flush = [&](size_t end) { out.append(s.data() + plain, end - plain); };
  while (i < s.size()) {
    unsigned char c = static_cast<unsigned char>(s[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c < 0x80) {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      if (const size_t size = Utf8CharacterSize(s, i); size > 0) {
        i += size;
        continue;
      }
      flush(i);
      out += "\xEF\xBF\xBD";
      plain = ++i;
      continue;
    }
    flush(i);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    plain = ++i;
  }
  flush(s.size());
  out += '"';
}

}  // namespace solvent
