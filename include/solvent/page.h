// Lists in pages.
#pragma once

#include <cstdint>
#include <vector>

namespace solvent {

struct PageRequest {
  int64_t page = 1;  // from 1
  int page_size = 20;  // 1..100
};

template <typename T>
struct Page {
  std::vector<T> items;
  int64_t total = 0;  // rows that match, on all pages
  int64_t page = 1;
  int page_size = 20;
};

}  // namespace solvent
