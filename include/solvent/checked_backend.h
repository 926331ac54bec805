// A solver that is not believed: any SolveBackend, wrapped so that what comes out holds whatever it
// does, short of ending the process. An Engine wraps those that its host brings along so.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"

namespace solvent {

// Takes `solver` over; its name, version, description and capabilities are asked for once, here.
// InvalidArgument: `solver` is null, or its name is not 1 to 32 characters of a-z, 0-9, '-' and
// '_'.
//
// Of its results
// - the point is checked in the problem: rows and bounds within 1e-6, integers made exact. One that
//   fails is not shown, and a claim that rests on it becomes SolveStatus::kError;
// - the objective is computed again from the point, and the gap from that and the bound; a bound
//   that its own point refutes is dropped;
// - the trust is what was checked here: proven where the duals that came along (or the bounds of
//   the columns alone) prove the optimum, else the solver's word. Duals that prove nothing are
//   dropped; reduced costs are computed from the duals;
// - an optimum that a simple step or point is better than, an infeasibility that a simple point
//   refutes, and an unboundedness that the columns' bounds refute are not passed on. Whatever
//   else it claims without a certificate is its word, and is called that.
//
// Exceptions become Internal (ResourceExhausted for std::bad_alloc). The stop token that the solver
// sees is requested half a second after the time limit too; a solver that heeds none cannot be
// stopped. Problem and options are checked before it sees them. Progress is put in order, comes
// from one thread at a time, and not after Solve has returned. Thread-safe when `solver` is.
absl::StatusOr<std::unique_ptr<SolveBackend>> MakeCheckedBackend(
    std::unique_ptr<SolveBackend> solver);

}  // namespace solvent
