#include "reference.h"

#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"

namespace solvent::testing {
namespace {

__extension__ typedef __int128 Wide;

bool Integral(double v) { return std::isinf(v) || (v == std::round(v) && std::abs(v) < 1e15); }

bool EnumerationFits(const Problem& p, double max_points) {
  double points = 1;
  for (int32_t j = 0; j < p.num_columns(); ++j) {
    if (p.column_type[j] == ColumnType::kContinuous || !Integral(p.column_lower[j]) ||
        !Integral(p.column_upper[j]) || std::isinf(p.column_lower[j]) ||
        std::isinf(p.column_upper[j]) || !Integral(p.objective[j]))
      return false;
    points *= p.column_upper[j] - p.column_lower[j] + 1;
    if (points > max_points) return false;
  }
  for (double v : p.value) {
    if (!Integral(v)) return false;
  }
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    if (!Integral(p.row_lower[i]) || !Integral(p.row_upper[i])) return false;
  }
  return true;
}

std::string Number(double v) { return absl::StrFormat("%.17g", v); }

}  // namespace

std::optional<Reference> Enumerate(const Problem& p, double max_points) {
  if (!EnumerationFits(p, max_points)) return std::nullopt;
  const int32_t n = p.num_columns(), m = p.num_rows();
  std::vector<int64_t> x(n);
  std::vector<Wide> activity(m, 0);
  Wide objective = 0;
  auto shift = [&](int32_t j, int64_t by) {
    x[j] += by;
    objective += static_cast<Wide>(p.objective[j]) * by;
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k)
      activity[p.row_index[k]] += static_cast<Wide>(p.value[k]) * by;
  };
  for (int32_t j = 0; j < n; ++j) shift(j, static_cast<int64_t>(p.column_lower[j]));
  Reference result;
  result.answer = Reference::Answer::kInfeasible;
  result.exact = true;
  result.how = "enumeration";
  Wide best = 0;
  while (true) {
    bool feasible = true;
    for (int32_t i = 0; i < m && feasible; ++i) {
      feasible = (std::isinf(p.row_lower[i]) || activity[i] >= static_cast<Wide>(p.row_lower[i])) &&
                 (std::isinf(p.row_upper[i]) || activity[i] <= static_cast<Wide>(p.row_upper[i]));
    }
    const Wide value = p.sense == Sense::kMaximize ? -objective : objective;
    if (feasible && (result.point.empty() || value < best)) {
      best = value;
      result.answer = Reference::Answer::kOptimal;
      result.point.assign(x.begin(), x.end());
    }
    int32_t j = 0;
    while (j < n && x[j] == static_cast<int64_t>(p.column_upper[j])) {
      shift(j, static_cast<int64_t>(p.column_lower[j]) - x[j]);
      ++j;
    }
    if (j == n) break;
    shift(j, 1);
  }
  return result;
}

std::string ToMps(const Problem& p) {
  std::string out = "NAME test\nROWS\n N obj\n";
  auto type = [&](int32_t i) {
    const bool low = !std::isinf(p.row_lower[i]), high = !std::isinf(p.row_upper[i]);
    if (low && high) return p.row_lower[i] == p.row_upper[i] ? 'E' : 'R';
    return low ? 'G' : high ? 'L' : 'N';
  };
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    const char t = type(i);
    out += std::string(" ") + (t == 'R' ? 'G' : t) + " r" + std::to_string(i) + "\n";
  }
  out += "COLUMNS\n";
  bool in_integers = false;
  int markers = 0;
  for (int32_t j = 0; j < p.num_columns(); ++j) {
    const bool integer = p.column_type[j] != ColumnType::kContinuous;
    if (integer != in_integers) {
      out += " M" + std::to_string(markers++) + " 'MARKER' " + (integer ? "'INTORG'" : "'INTEND'") +
             "\n";
      in_integers = integer;
    }
    const std::string name = " x" + std::to_string(j) + " ";
    // Always a minimization: not every reader knows OBJSENSE.
    const double sign = p.sense == Sense::kMaximize ? -1 : 1;
    out += name + "obj " + Number(sign * p.objective[j]) + "\n";
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k)
      out += name + "r" + std::to_string(p.row_index[k]) + " " + Number(p.value[k]) + "\n";
  }
  if (in_integers) out += " M" + std::to_string(markers) + " 'MARKER' 'INTEND'\n";
  out += "RHS\n";
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    const char t = type(i);
    if (t == 'N') continue;
    out += " RHS r" + std::to_string(i) + " " + Number(t == 'L' ? p.row_upper[i] : p.row_lower[i]) +
           "\n";
  }
  out += "RANGES\n";
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    if (type(i) == 'R')
      out += " RNG r" + std::to_string(i) + " " + Number(p.row_upper[i] - p.row_lower[i]) + "\n";
  }
  out += "BOUNDS\n";
  for (int32_t j = 0; j < p.num_columns(); ++j) {
    const std::string name = " BND x" + std::to_string(j);
    const double low = p.column_lower[j], high = p.column_upper[j];
    if (std::isinf(low) && std::isinf(high)) {
      out += " FR" + name + "\n";
      continue;
    }
    out += std::isinf(low) ? " MI" + name + "\n" : " LO" + name + " " + Number(low) + "\n";
    out += std::isinf(high) ? " PL" + name + "\n" : " UP" + name + " " + Number(high) + "\n";
  }
  return out + "ENDATA\n";
}

Reference AskGlpsol(const Problem& p, const std::string& scratch) {
  Reference result;
  result.how = "glpsol";
  const std::string model = scratch + ".mps", answer = scratch + ".sol", log = scratch + ".log";
  std::ofstream(model) << ToMps(p);
  std::remove(answer.c_str());
  const std::string command =
      // Its own limit is not looked at everywhere.
      "timeout 15 glpsol --freemps " + model + " --nopresol --tmlim 5 -w " + answer + " > " + log +
      " 2>&1";
  if (std::system(command.c_str()) != 0) return result;
  std::stringstream log_text;
  log_text << std::ifstream(log).rdbuf();
  const std::string said = log_text.str();
  std::ifstream in(answer);
  std::string line, primal, dual;
  std::vector<double> x(p.num_columns(), 0.0);
  bool mip = false;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string kind, word;
    words >> kind;
    if (kind == "s") {
      int rows = 0, columns = 0;
      words >> word >> rows >> columns >> primal;
      mip = word == "mip";
      if (!mip) words >> dual;
    } else if (kind == "j") {
      int j = 0;
      std::string value;
      words >> j;
      if (!mip) words >> value;  // basis status
      words >> value;
      if (j >= 1 && j <= p.num_columns()) x[j - 1] = std::strtod(value.c_str(), nullptr);
    }
  }
  auto says = [&said](const char* text) { return said.find(text) != std::string::npos; };
  if (says("TIME LIMIT")) return result;
  if (mip ? primal == "o" : primal == "f" && dual == "f") {
    result.answer = Reference::Answer::kOptimal;
    result.point = std::move(x);
  } else if (says("NO PRIMAL FEASIBLE") || says("NO INTEGER FEASIBLE") || primal == "n") {
    result.answer = Reference::Answer::kInfeasible;
  } else if (says("UNBOUNDED") || says("NO DUAL FEASIBLE")) {
    result.answer = Reference::Answer::kUnbounded;
  }
  return result;
}

}  // namespace solvent::testing
