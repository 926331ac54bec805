// A small JSON value, a strict reader and a fast writer (RFC 8259).
//
// Reading refuses what often hides an attack or a mistake: duplicate keys, NaN and infinities,
// numbers outside double's range, bad UTF-8, nesting deeper than a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace solvent {

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  // in document order, keys unique

  Json();  // null
  Json(std::nullptr_t);
  Json(bool b);
  Json(int i);
  Json(int64_t i);
  Json(uint64_t u);
  Json(double d);
  Json(const char* s);
  Json(std::string_view s);
  Json(std::string s);
  Json(Array a);
  Json(Object o);

  bool is_null() const { return value_.index() == 0; }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const;  // written as an integer, or a double without fraction below 2^53
  bool is_number() const;
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  // "null", "boolean", "number", "string", "array" or "object", for messages.
  std::string_view type_name() const;

  // The value, or a neutral one (false, 0, "", empty) when it has another type.
  bool as_bool() const;
  int64_t as_int() const;
  double as_double() const;
  const std::string& as_string() const;
  const Array& array() const;
  const Object& object() const;
  Array& mutable_array();    // becomes [] unless it is an array
  Object& mutable_object();  // becomes {} unless it is an object

  // The member's value, or null when this is no object or has no such member.
  const Json& operator[](std::string_view key) const;
  const Json* Find(std::string_view key) const;  // nullptr when absent
  Json& Set(std::string_view key, Json value);   // adds or replaces; makes this an object

  // Compact text. Doubles are written with the fewest digits that read back the same.
  std::string Dump() const;

  friend bool operator==(const Json& a, const Json& b);

 private:
  friend class JsonWriter;
  std::variant<std::nullptr_t, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string name;
  Json value;
  friend bool operator==(const Member&, const Member&) = default;
};

// Only here, because they need Member to be complete.
inline Json::Json() = default;
inline Json::Json(std::nullptr_t) {}
inline Json::Json(bool b) : value_(b) {}
inline Json::Json(int i) : value_(int64_t{i}) {}
inline Json::Json(int64_t i) : value_(i) {}
inline Json::Json(uint64_t u) : value_(u) {}
inline Json::Json(double d) : value_(d) {}
inline Json::Json(const char* s) : value_(std::string(s)) {}
inline Json::Json(std::string_view s) : value_(std::string(s)) {}
inline Json::Json(std::string s) : value_(std::move(s)) {}

// Parses one JSON document, 1000 levels deep at most. BadRequest names line, column and the cause.
absl::StatusOr<Json> ParseJson(std::string_view text, size_t max_depth = 64);

// Appends JSON to a string. Commas are placed by the writer; the caller keeps the nesting right.
// NaN and infinities are written as null.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& Null();
  JsonWriter& Bool(bool b);
  JsonWriter& Int(int64_t i);
  JsonWriter& Uint(uint64_t u);
  JsonWriter& Double(double d);
  JsonWriter& String(std::string_view s);  // invalid UTF-8 is replaced by U+FFFD
  JsonWriter& Raw(std::string_view json);  // `json` is already one JSON value
  JsonWriter& Value(const Json& value);

 private:
  void Separate();
  std::string& out_;
  bool first_ = true;
};

void AppendJsonString(std::string& out, std::string_view s);
void AppendJsonNumber(std::string& out, double d);

}  // namespace solvent
