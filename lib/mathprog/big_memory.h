// Memory for large arrays: on huge pages where the system has them, which spares most page faults
// and misses of the address cache; and growing by moving pages, not bytes.
#pragma once

#include <cstddef>

namespace solvent::mathprog {

// Arrays of at least so many bytes are worth it.
inline constexpr size_t kBigBytes = size_t{4} << 20;

// Zeroed. `bytes` is at least kBigBytes. Throws std::bad_alloc.
void* AllocateBig(size_t bytes);
void FreeBig(void* block, size_t bytes);

// An uninitialised block of `bytes` that begins with the first `used` bytes of `block`, which is
// null or a result of this function for `old_bytes`. Throws std::bad_alloc; then `block` stands.
void* GrowBlock(void* block, size_t used, size_t old_bytes, size_t bytes);
void FreeBlock(void* block, size_t bytes);

// Asks for huge pages under memory that somebody else has allocated and nobody has written yet.
void AdviseHuge(void* begin, size_t bytes);

}  // namespace solvent::mathprog
