#include "symbols.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace solvent::mathprog {

std::string NumberText(double value) {
  char buffer[40];
  if (value == 0) value = 0;  // no "-0"
  int n = std::snprintf(buffer, sizeof buffer, "%.15g", value);
  return std::string(buffer, static_cast<size_t>(n));
}

bool ParseNumber(std::string_view text, double& value) {
  std::string_view body = text;
  if (!body.empty() && (body[0] == '+' || body[0] == '-')) body.remove_prefix(1);
  if (body.empty()) return false;
  // Only what C writes as a decimal number: neither "inf" nor "nan" nor hexadecimal.
  bool digit = false;
  for (char c : body) {
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-') {
      return false;
    }
  }
  if (!digit || body[0] == 'e' || body[0] == 'E' || body[0] == '-' || body[0] == '+') return false;
  double parsed = 0;
  auto [end, ec] = std::from_chars(body.data(), body.data() + body.size(), parsed);
  if (end != body.data() + body.size()) return false;
  if (ec == std::errc::result_out_of_range) {
    // from_chars reports underflow and overflow alike; only the former is a number.
    parsed = std::strtod(std::string(body).c_str(), nullptr);
    if (std::isinf(parsed)) return false;
  } else if (ec != std::errc()) {
    return false;
  }
  value = text[0] == '-' ? -parsed : parsed;
  return true;
}

SymbolTable::SymbolTable() : index_(64) {}

SymbolTable::SymbolTable(const SymbolTable& other) : index_(64) {
  for (const Row& row : other.rows_) {
    if (row.is_number) {
      Number(row.number);
    } else {
      Text(row.text);
    }
  }
}

uint64_t SymbolTable::Hash(const Row& row) {
  if (row.is_number) {
    uint64_t bits;
    std::memcpy(&bits, &row.number, sizeof bits);
    return Mix(bits + 1);
  }
  uint64_t h = 0x51ED270B0B1F3AB5ull ^ row.text.size();
  const char* p = row.text.data();
  size_t n = row.text.size();
  while (n >= 8) {
    uint64_t w;
    std::memcpy(&w, p, 8);
    h = Mix(h ^ w) + w;
    p += 8;
    n -= 8;
  }
  uint64_t w = 0;
  if (n > 0) std::memcpy(&w, p, n);
  return Mix(h ^ w);
}

uint64_t* SymbolTable::Slot(uint64_t hash, const Row& row) {
  hash &= 0xffffffff;
  const size_t mask = index_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    uint64_t& slot = index_[i];
    if (slot == 0) return &slot;
    if (slot >> 32 != hash) continue;
    const Row& other = rows_[(slot & 0xffffffff) - 1];
    if (other.is_number == row.is_number &&
        (row.is_number ? other.number == row.number : other.text == row.text)) {
      return &slot;
    }
  }
}

void SymbolTable::Grow() {
  std::vector<uint64_t> larger(index_.size() * 2, 0);
  const size_t mask = larger.size() - 1;
  for (uint64_t slot : index_) {
    if (slot == 0) continue;
    size_t i = (slot >> 32) & mask;
    while (larger[i] != 0) i = (i + 1) & mask;
    larger[i] = slot;
  }
  index_.swap(larger);
}

Sym SymbolTable::Add(Row row) {
  if (!row.is_number) {
    storage_.emplace_back(row.text);
    row.text = storage_.back();
    bytes_ += static_cast<int64_t>(sizeof(std::string) + row.text.size());
  }
  bytes_ += static_cast<int64_t>(sizeof(Row) + 2 * sizeof(uint64_t));
  rows_.push_back(row);
  if (rows_.size() * 2 > index_.size()) Grow();
  return static_cast<Sym>(rows_.size() - 1);
}

Sym SymbolTable::Number(double value) {
  if (value >= kSmallMin && value <= kSmallMax) {
    auto small = static_cast<int32_t>(value);
    if (small == value) return MakeSmall(small);
  }
  Row row{{}, value, true};
  const uint64_t hash = Hash(row);
  uint64_t* slot = Slot(hash, row);
  if (*slot != 0) return static_cast<Sym>((*slot & 0xffffffff) - 1);
  *slot = hash << 32 | (rows_.size() + 1);
  return Add(row);
}

Sym SymbolTable::Text(std::string_view text) {
  Row row{text, 0, false};
  const uint64_t hash = Hash(row);
  uint64_t* slot = Slot(hash, row);
  if (*slot != 0) return static_cast<Sym>((*slot & 0xffffffff) - 1);
  *slot = hash << 32 | (rows_.size() + 1);
  return Add(row);
}

Sym SymbolTable::FindText(std::string_view text) const {
  Row row{text, 0, false};
  const uint64_t* slot = const_cast<SymbolTable*>(this)->Slot(Hash(row), row);
  return *slot == 0 ? kNoSym : static_cast<Sym>((*slot & 0xffffffff) - 1);
}

Sym SymbolTable::Bare(std::string_view text) {
  double value;
  char first = text.empty() ? 'x' : text[0];
  if (((first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.') &&
      ParseNumber(text, value)) {
    return Number(value);
  }
  return Text(text);
}

std::string SymbolTable::ToText(Sym s) const {
  return is_number(s) ? NumberText(number(s)) : std::string(text(s));
}

int SymbolTable::Compare(Sym a, Sym b) const {
  if (a == b) return 0;
  bool na = is_number(a), nb = is_number(b);
  if (na && nb) return number(a) < number(b) ? -1 : 1;
  if (na != nb) return na ? -1 : 1;
  return text(a).compare(text(b));
}

}  // namespace solvent::mathprog
