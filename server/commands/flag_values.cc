#include "flag_values.h"

#include <algorithm>
#include <utility>

namespace solvent::cli {

std::vector<std::string> Values(const std::string& text) {
  constexpr const char* kBetween = " ,\t\r\n";
  std::vector<std::string> values;
  for (size_t begin = 0; (begin = text.find_first_not_of(kBetween, begin)) != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBetween, begin), text.size());
    values.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  if (values.empty()) values.push_back(text);
  return values;
}

CLI::Option* AddList(CLI::App& verb, const std::string& name, const std::string& help,
                     std::function<std::string(std::string)> fault,
                     std::function<void(const std::vector<std::string>&)> take) {
  auto take_all = [take = std::move(take)](const std::vector<std::string>& texts) {
    std::vector<std::string> all;
    for (const std::string& text : texts) {
      for (std::string& value : Values(text)) all.push_back(std::move(value));
    }
    take(all);
  };
  auto fault_of_all = [fault = std::move(fault)](const std::string& text) {
    for (const std::string& value : Values(text)) {
      if (std::string wrong = fault(value); !wrong.empty()) return wrong;
    }
    return std::string();
  };
  return verb.add_option_function<std::vector<std::string>>(name, take_all, help)
      ->check(fault_of_all);
}

}  // namespace solvent::cli
