// The worker program: serves solves on descriptor 3.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "solvent/worker_backend.h"

int main() {
  if (fcntl(3, F_GETFD) < 0) {
    std::fputs("solvent-worker is started by the solvent library and serves it on descriptor 3\n",
               stderr);
    return 2;
  }
  return solvent::RunWorker();
}
