// What must hold for every input that a reader accepts.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {

inline void CheckSound(const Problem& problem) {
  if (absl::Status status = problem.Check(); !status.ok()) {
    std::fprintf(stderr, "accepted, but unsound: %s\n", std::string(Message(status)).c_str());
    std::abort();
  }
}

// Writing and reading must end in the same problem. A first round may change names that the format
// cannot hold, so it is the second that must change nothing at all.
inline void CheckRoundTrip(const Problem& problem, ProblemFormat format) {
  auto same_numbers = [](Problem a, Problem b) {
    for (Problem* p : {&a, &b}) {
      p->name.clear();
      p->objective_name.clear();
      p->column_names = NameList();
      p->row_names = NameList();
    }
    return a == b;
  };
  std::string text = WriteProblem(problem, format);
  auto once = ReadProblem(text, format);
  if (!once.ok() || !same_numbers(*once, problem)) {
    std::fprintf(stderr, "read back wrong: %s\n%s\n", std::string(Message(once.status())).c_str(),
                 text.c_str());
    std::abort();
  }
  std::string again = WriteProblem(*once, format);
  auto twice = ReadProblem(again, format);
  if (!twice.ok() || !(*twice == *once)) {
    std::fprintf(stderr, "the second round differs: %s\n%s\n",
                 std::string(Message(twice.status())).c_str(), again.c_str());
    std::abort();
  }
}

}  // namespace solvent
