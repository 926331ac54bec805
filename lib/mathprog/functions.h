// Calendar functions of the modeling language.
#pragma once

#include <string>
#include <string_view>

namespace solvent::mathprog {

// Each returns "" or says what is wrong. `strict` takes what glpsol takes: fewer specifiers, each
// field once, other characters exactly, and any text behind what the format asks for.
std::string ParseTime(std::string_view text, std::string_view format, bool strict, double& seconds);
std::string FormatTime(double seconds, std::string_view format, std::string& text);

}  // namespace solvent::mathprog
