// Does what a sanitizer should notice: planted FAULT.
#include <cstring>
#include <thread>

namespace {

volatile int sink;
int* volatile block;

void Race() {
  std::thread one([] { sink = sink + 1; });
  std::thread other([] { sink = sink + 1; });
  one.join();
  other.join();
}

void Leak() {
  block = new int[30];
  block = nullptr;
}

void Overflow(int past) {
  block = new int[3];
  sink = block[2 + past];
  delete[] block;
}

void Shift(int by) { sink = 1 << by; }

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const char* fault = arguments[1];
  if (std::strcmp(fault, "race") == 0) Race();
  if (std::strcmp(fault, "leak") == 0) Leak();
  if (std::strcmp(fault, "overflow") == 0) Overflow(count - 1);
  if (std::strcmp(fault, "shift") == 0) Shift(count + 40);
  return 0;
}
