// What the values of flags may be, wherever they come from: arguments, environment or file.
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace solvent::cli {

// As people write it: 10000000, 0.001.
template <typename T>
std::string NumberText(T number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", static_cast<double>(number));
  return text;
}

// For every option that takes a number: one from `least` to `most`, which "nan" is not. The range
// is shown in --help.
template <typename T>
CLI::Validator Between(T least, T most) {
  const std::string range = NumberText(least) + " to " + NumberText(most);
  return CLI::Validator(
      [least, most, range](std::string& text) {
        T number{};
        if (CLI::detail::lexical_cast(text, number) && number >= least && number <= most) {
          return std::string();
        }
        return std::string("must be a ") + (std::integral<T> ? "whole " : "") + "number from " +
               range + ", not \"" + text + "\"";
      },
      range);
}

// The values in a text that has them parted by spaces or commas; the text when it has none.
std::vector<std::string> Values(const std::string& text);

// An option that may be repeated, and whose every text may hold several values: so can an
// environment variable. `fault` says what is wrong with a value, "" when nothing is; `take` gets
// all of them.
CLI::Option* AddList(CLI::App& verb, const std::string& name, const std::string& help,
                     std::function<std::string(std::string)> fault,
                     std::function<void(const std::vector<std::string>&)> take);

}  // namespace solvent::cli
