// CBC (MIPs) and Clp (LPs) of COIN-OR, inside this process.
//
// What that costs: CBC is not safe in two threads of one process, so solves queue behind one lock;
// on rare models it aborts the process or runs out of memory in a way that nothing inside the
// process can catch; and while a time limit and a stop are honoured within about half a second on
// ordinary models, only a process border makes them a promise. Use the worker backend
// (solvent/worker_backend.h) unless you must not start processes.
#pragma once

#include <memory>

#include "solvent/solve_backend.h"

namespace solvent {

std::unique_ptr<SolveBackend> MakeCbcBackend();

}  // namespace solvent
