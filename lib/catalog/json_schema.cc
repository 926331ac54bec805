#include "json_schema.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "pointer.h"
#include "schema_guard.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr size_t kMaxFaults = 20;

// How the validator's sentences begin, and which keyword they are about. Sentences about a part
// whose own faults are reported too have no keyword and are left out.
struct Sentence {
  std::string_view start;
  std::string_view keyword;
};
constexpr Sentence kSentences[] = {
    {"Failed to validate against any schemas allowed by anyOf", "anyOf"},
    {"Failed to validate against exactly one child schema", "oneOf"},
    {"Failed to validate against any child schemas allowed by oneOf", "oneOf"},
    {"Failed to validate", ""},
    {"Failed to match expected value set by 'const'", "const"},
    {"Failed to match against any enum values", "enum"},
    {"Failed to match regex", "pattern"},
    {"Failed to any values against subschema in 'contains'", "contains"},
    {"Expected number greater than", "minimum"},
    {"Expected number less than", "maximum"},
    {"Array should contain no more than", "maxItems"},
    {"Array should contain no fewer than", "minItems"},
    {"Array contains more items than allowed", "additionalItems"},
    {"Cannot validate item", "additionalItems"},
    {"String should be no more than", "maxLength"},
    {"String should be no fewer than", "minLength"},
    {"Object should have no more than", "maxProperties"},
    {"Object should have no fewer than", "minProperties"},
    {"Object contains a property", "additionalProperties"},
    {"Value should be a multiple of", "multipleOf"},
    {"Value type not permitted", "type"},
    {"Elements at indexes", "uniqueItems"},
    {"Missing required property", "required"},
    {"Missing dependency", "dependencies"},
    {"Target should not validate", "not"},
};

const Sentence* Recognize(std::string_view text) {
  for (const Sentence& sentence : kSentences) {
    if (text.starts_with(sentence.start)) return &sentence;
  }
  return nullptr;
}

// The validator writes limits with six decimals.
std::string TrimZeros(std::string_view text) {
  std::string trimmed(text);
  size_t point = trimmed.rfind('.');
  if (point == std::string::npos || point + 1 >= trimmed.size()) return trimmed;
  size_t end = trimmed.find_first_not_of("0123456789", point + 1);
  if (end == std::string::npos) end = trimmed.size();
  if (end == point + 1) return trimmed;
  size_t keep = end;
  while (trimmed[keep - 1] == '0') --keep;
  if (trimmed[keep - 1] == '.') --keep;
  return trimmed.erase(keep, end - keep);
}

Json FirstNumber(std::string_view text) {
  size_t at = text.find_first_of("0123456789");
  if (at == std::string_view::npos) return Json();
  if (at > 0 && text[at - 1] == '-') --at;
  double value = 0;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  return error == std::errc() ? Json(value) : Json();
}

// "[warehouses]" after "[0]": the validator's path, whose first part stands for the whole.
std::string PointerOf(const std::vector<std::string>& context) {
  std::string pointer;
  for (size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[') part = part.substr(1, part.size() - 2);
    pointer += "/" + EscapePointer(part);
  }
  return pointer;
}

bool HasLongString(const Json& value, size_t longest, std::string& pointer) {
  if (value.is_string()) return value.as_string().size() > longest;
  size_t size = pointer.size();
  for (size_t i = 0; i < value.array().size(); ++i) {
    pointer += "/" + std::to_string(i);
    if (HasLongString(value.array()[i], longest, pointer)) return true;
    pointer.resize(size);
  }
  for (const Json::Member& member : value.object()) {
    if (member.name.size() > longest) return true;
    pointer += "/" + EscapePointer(member.name);
    if (HasLongString(member.value, longest, pointer)) return true;
    pointer.resize(size);
  }
  return false;
}

class ValijsonSchema : public JsonSchema {
 public:
  explicit ValijsonSchema(size_t max_string) : max_string_(max_string) {}

  absl::Status Parse(const Json& schema) {
    try {
      nlohmann::json document = nlohmann::json::parse(schema.Dump());
      valijson::adapters::NlohmannJsonAdapter adapter(document);
      valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, schema_);
      return absl::OkStatus();
    } catch (const std::exception& e) {
      return BadRequest("not a JSON Schema: " + std::string(e.what()));
    }
  }

  absl::StatusOr<std::vector<SchemaFault>> Check(const Json& value) const override {
    std::string pointer;
    if (max_string_ != SIZE_MAX && HasLongString(value, max_string_, pointer)) {
      return std::vector<SchemaFault>{
          {pointer, "maxLength",
           "texts of more than " + std::to_string(max_string_) +
               " characters cannot be checked against the patterns of this schema",
           Json(static_cast<int64_t>(max_string_))}};
    }
    try {
      nlohmann::json document = nlohmann::json::parse(value.Dump());
      valijson::adapters::NlohmannJsonAdapter adapter(document);
      valijson::ValidationResults results;
      valijson::Validator validator;
      if (validator.validate(schema_, adapter, &results)) return std::vector<SchemaFault>{};
      return Collect(value, results);
    } catch (const std::exception& e) {
      return absl::InternalError("the schema validator failed: " + std::string(e.what()));
    }
  }

 private:
  static std::vector<SchemaFault> Collect(const Json& value,
                                          const valijson::ValidationResults& results) {
    std::vector<SchemaFault> faults;
    for (const auto& error : results) {
      const Sentence* sentence = Recognize(error.description);
      if (sentence != nullptr && sentence->keyword.empty()) continue;
      SchemaFault fault;
      fault.pointer = PointerOf(error.context);
      if (sentence != nullptr) fault.keyword = sentence->keyword;
      fault.message = Describe(value, error.description, fault);
      bool known = std::any_of(faults.begin(), faults.end(), [&](const SchemaFault& other) {
        return other.pointer == fault.pointer && other.message == fault.message;
      });
      if (!known) faults.push_back(std::move(fault));
      if (faults.size() == kMaxFaults) break;
    }
    if (faults.empty()) faults.push_back({"", "", "does not match the schema", Json()});
    return faults;
  }

  static std::string Describe(const Json& value, const std::string& description,
                              SchemaFault& fault) {
    if (fault.keyword == "required") {
      size_t open = description.find('\'');
      size_t close = description.rfind('\'');
      std::string name = description.substr(open + 1, close - open - 1);
      fault.pointer += "/" + EscapePointer(name);
      return "\"" + name + "\" is required";
    }
    if (fault.keyword == "type") {
      const Json* at = ResolvePointer(value, fault.pointer);
      return "a value of type " + std::string(at == nullptr ? "null" : at->type_name()) +
             " is not allowed here";
    }
    if (fault.keyword == "additionalProperties") {
      // "…constraints: 'name'."
      const size_t open = description.find(": '");
      const size_t close = description.rfind('\'');
      if (open != std::string::npos && close > open + 3) {
        return "\"" + description.substr(open + 3, close - open - 3) + "\" is not known here";
      }
    }
    if (fault.keyword == "enum") return "is none of the allowed values";
    std::string message = TrimZeros(description);
    fault.limit = FirstNumber(message);
    if (fault.keyword != "additionalProperties" && !message.empty() && message.back() == '.') {
      message.pop_back();
    }
    message[0] = static_cast<char>(message[0] | 0x20);
    return message;
  }

  valijson::Schema schema_;
  const size_t max_string_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const JsonSchema>> JsonSchema::Compile(const Json& schema) {
  if (!schema.is_object()) return BadRequest("a schema must be an object");
  ASSIGN_OR_RETURN(SchemaTraits traits, GuardSchema(schema));
  auto made = std::make_shared<ValijsonSchema>(traits.max_string);
  RETURN_IF_ERROR(made->Parse(schema));
  return made;
}

}  // namespace solvent
