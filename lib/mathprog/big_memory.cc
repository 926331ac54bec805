#include "big_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace solvent::mathprog {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t Whole(size_t bytes) { return (bytes + kHugePage - 1) & ~(kHugePage - 1); }

}  // namespace

void* AllocateBig(size_t bytes) {
  const size_t size = Whole(bytes);
  if (size < bytes) throw std::bad_alloc();
  void* mapped =
      ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  // Huge pages are aligned ones: what sticks out on either side goes back.
  char* begin = static_cast<char*>(mapped);
  const size_t lead =
      Whole(reinterpret_cast<uintptr_t>(begin)) - reinterpret_cast<uintptr_t>(begin);
  if (lead > 0) ::munmap(begin, lead);
  if (lead < kHugePage) ::munmap(begin + lead + size, kHugePage - lead);
  ::madvise(begin + lead, size, MADV_HUGEPAGE);
  return begin + lead;
}

void FreeBig(void* block, size_t bytes) { ::munmap(block, Whole(bytes)); }

void* GrowBlock(void* block, size_t used, size_t old_bytes, size_t bytes) {
  if (bytes < kBigBytes) {
    void* grown = std::realloc(block, bytes == 0 ? 1 : bytes);
    if (grown == nullptr) throw std::bad_alloc();
    return grown;
  }
  if (block == nullptr || old_bytes < kBigBytes) {
    void* grown = AllocateBig(bytes);
    if (used > 0) std::memcpy(grown, block, used);
    std::free(block);
    return grown;
  }
  if (::mremap(block, Whole(old_bytes), Whole(bytes), 0) != MAP_FAILED) return block;
  void* target = AllocateBig(bytes);
  if (::mremap(block, Whole(old_bytes), Whole(bytes), MREMAP_MAYMOVE | MREMAP_FIXED, target) ==
      MAP_FAILED) {
    FreeBig(target, bytes);
    throw std::bad_alloc();
  }
  return target;
}

void FreeBlock(void* block, size_t bytes) {
  if (block != nullptr && bytes >= kBigBytes) return FreeBig(block, bytes);
  std::free(block);
}

void AdviseHuge(void* begin, size_t bytes) {
  if (bytes < kBigBytes) return;
  // Only pages that lie wholly inside.
  const uintptr_t from = Whole(reinterpret_cast<uintptr_t>(begin));
  const uintptr_t to = (reinterpret_cast<uintptr_t>(begin) + bytes) & ~(kHugePage - 1);
  if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

}  // namespace solvent::mathprog
