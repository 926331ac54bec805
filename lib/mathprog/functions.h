// Calendar functions of the modeling language.
#pragma once

#include <string>
#include <string_view>

namespace solvent::mathprog {

// Each returns "" or says what is wrong.
std::string ParseTime(std::string_view text, std::string_view format, double& seconds);
std::string FormatTime(double seconds, std::string_view format, std::string& text);

}  // namespace solvent::mathprog
