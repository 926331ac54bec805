// Early returns for absl::Status and absl::StatusOr.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SOLVENT_CONCAT_(a, b) a##b
#define SOLVENT_CONCAT(a, b) SOLVENT_CONCAT_(a, b)

#define RETURN_IF_ERROR(expr)                            \
  do {                                                   \
    if (absl::Status status_ = (expr); !status_.ok()) {  \
      return status_;                                    \
    }                                                    \
  } while (false)

#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL_(SOLVENT_CONCAT(statusor_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr) \
  auto tmp = (expr);                           \
  if (!tmp.ok()) return tmp.status();          \
  lhs = std::move(tmp).value()
