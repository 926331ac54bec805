// Members of sets: 32-bit ids that stand for numbers and texts.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace solvent::mathprog {

// Bit 31 marks a small integer, kept in the other 31 bits; other ids are rows of a SymbolTable.
using Sym = uint32_t;

inline constexpr Sym kNoSym = 0x7fffffff;
inline constexpr uint32_t kSmallTag = 0x80000000u;
inline constexpr int32_t kSmallMax = (1 << 30) - 1;
inline constexpr int32_t kSmallMin = -(1 << 30);

inline bool IsSmall(Sym s) { return (s & kSmallTag) != 0; }
inline int32_t SmallValue(Sym s) { return static_cast<int32_t>(s << 1) >> 1; }
inline Sym MakeSmall(int32_t v) { return static_cast<uint32_t>(v) | kSmallTag; }

inline uint64_t Mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0x9E3779B97F4A7C15ull;
  h ^= h >> 29;
  return h;
}

// The number as MathProg shows it: up to 15 significant digits.
std::string NumberText(double value);

// Reads the whole of `text` as a number; false when it is none.
bool ParseNumber(std::string_view text, double& value);

// Interns numbers and texts. Ids are stable; a copy knows the same ids.
class SymbolTable {
 public:
  SymbolTable();
  SymbolTable(const SymbolTable& other);
  SymbolTable& operator=(const SymbolTable&) = delete;

  Sym Number(double value);
  Sym Text(std::string_view text);
  // A bare symbol of a data section: a number when it reads as one.
  Sym Bare(std::string_view text);
  // The id of a text known already, or kNoSym.
  Sym FindText(std::string_view text) const;

  bool is_number(Sym s) const { return IsSmall(s) || rows_[s].is_number; }
  double number(Sym s) const { return IsSmall(s) ? SmallValue(s) : rows_[s].number; }
  std::string_view text(Sym s) const { return rows_[s].text; }  // of a text only
  std::string ToText(Sym s) const;                              // of both
  // Numbers before texts; numbers by value, texts byte-wise.
  int Compare(Sym a, Sym b) const;
  int64_t bytes() const { return bytes_; }

 private:
  struct Row {
    std::string_view text;
    double number = 0;
    bool is_number = false;
  };
  uint64_t* Slot(uint64_t hash, const Row& row);
  Sym Add(Row row);
  void Grow();
  static uint64_t Hash(const Row& row);

  std::vector<Row> rows_;
  std::vector<uint64_t> index_;  // open addressing: 32 bits of the hash, row + 1
  std::deque<std::string> storage_;
  int64_t bytes_ = 0;
};

}  // namespace solvent::mathprog
