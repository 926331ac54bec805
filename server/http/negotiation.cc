#include "negotiation.h"

#include <optional>

namespace solvent::http {
namespace {

std::string_view Trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Takes what comes before the next `separator` that stands outside of quotes, and the separator.
std::string_view TakePart(std::string_view& rest, char separator) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (rest[end] == '\\' && quoted && end + 1 < rest.size()) ++end;
  }
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end < rest.size() ? end + 1 : end);
  return Trim(part);
}

// "0", "0.25", "1.000": at most three decimals, at most 1.
std::optional<int> ReadWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int unit = 100;
  for (size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += (text[i] - '0') * unit;
  }
  if (weight > 1000) return std::nullopt;
  return weight;
}

std::optional<Preference> ReadElement(std::string_view text) {
  Preference element;
  element.name = TakePart(text, ';');
  if (element.name.empty()) return std::nullopt;
  while (!text.empty()) {
    std::string_view parameter = TakePart(text, ';');
    size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (!EqualsIgnoreCase(Trim(parameter.substr(0, equals)), "q")) continue;
    std::optional<int> weight = ReadWeight(Trim(parameter.substr(equals + 1)));
    if (!weight) return std::nullopt;
    element.weight = *weight;
  }
  return element;
}

// The weight of the first element with that name.
std::optional<int> WeightOf(const std::vector<Preference>& list, std::string_view name) {
  for (const Preference& element : list) {
    if (EqualsIgnoreCase(element.name, name)) return element.weight;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Preference> ReadPreferences(const Request& request, std::string_view header) {
  std::vector<Preference> list;
  for (const Header& line : request.headers) {
    if (!EqualsIgnoreCase(line.name, header)) continue;
    std::string_view rest = line.value;
    while (!rest.empty()) {
      if (std::optional<Preference> element = ReadElement(TakePart(rest, ','))) {
        list.push_back(*element);
      }
    }
  }
  return list;
}

bool WantsProblemDetails(const Request& request) {
  std::vector<Preference> list = ReadPreferences(request, "Accept");
  int problem = WeightOf(list, "application/problem+json").value_or(0);
  return problem > 0 && problem >= WeightOf(list, "application/json").value_or(0);
}

bool WantsGzip(const Request& request) {
  std::vector<Preference> list = ReadPreferences(request, "Accept-Encoding");
  std::optional<int> gzip = WeightOf(list, "gzip");
  if (!gzip) gzip = WeightOf(list, "x-gzip");
  if (!gzip) gzip = WeightOf(list, "*");
  return gzip.value_or(0) > 0 && *gzip >= WeightOf(list, "identity").value_or(0);
}

}  // namespace solvent::http
