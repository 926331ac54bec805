#include "problem_codec.h"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays are copied as they lie in memory; a big-endian machine must swap them");

constexpr uint8_t kVersion = 1;

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <typename T>
  void Number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Text(std::string_view text) {
    Number(static_cast<uint64_t>(text.size()));
    out_.append(text);
  }
  // The length of an array is told by the header's counts.
  template <typename T>
  void Array(const std::vector<T>& values) {
    if (values.empty()) return;
    out_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void Names(const NameList& names) {
    Number(static_cast<uint64_t>(names.size()));
    size_t bytes = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      Number(static_cast<uint32_t>(names[i].size()));
      bytes += names[i].size();
    }
    // The names lie one after the other.
    if (bytes > 0) out_.append(names[0].data(), bytes);
  }

 private:
  std::string& out_;
};

size_t NamesSize(const NameList& names) {
  size_t size = sizeof(uint64_t) + names.size() * sizeof(uint32_t);
  if (!names.empty()) {
    std::string_view last = names[names.size() - 1];
    size += static_cast<size_t>(last.data() + last.size() - names[0].data());
  }
  return size;
}

absl::Status Damaged(std::string_view what) {
  return BadRequest("damaged encoded problem: " + std::string(what));
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  size_t remaining() const { return rest_.size(); }

  template <typename T>
  absl::Status Number(T& value) {
    if (rest_.size() < sizeof(T)) return Damaged("it ends too early");
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return absl::OkStatus();
  }
  absl::Status Text(std::string& text) {
    uint64_t size = 0;
    RETURN_IF_ERROR(Number(size));
    if (size > rest_.size()) return Damaged("a text is longer than the data");
    text.assign(rest_.data(), size);
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }
  template <typename T>
  absl::Status Array(std::vector<T>& values, uint64_t count) {
    if (count > rest_.size() / sizeof(T)) return Damaged("an array is longer than the data");
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), rest_.data(), count * sizeof(T));
    rest_.remove_prefix(count * sizeof(T));
    return absl::OkStatus();
  }
  absl::Status Names(NameList& names) {
    uint64_t count = 0;
    RETURN_IF_ERROR(Number(count));
    std::vector<uint32_t> sizes;
    RETURN_IF_ERROR(Array(sizes, count));
    uint64_t bytes = 0;
    for (uint32_t size : sizes) bytes += size;
    if (bytes > rest_.size()) return Damaged("names are longer than the data");
    names.Reserve(sizes.size(), bytes);
    for (uint32_t size : sizes) {
      names.Add(rest_.substr(0, size));
      rest_.remove_prefix(size);
    }
    return absl::OkStatus();
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::string EncodeProblem(const Problem& problem) {
  const size_t n = problem.objective.size();
  const size_t m = problem.row_lower.size();
  const size_t entries = problem.value.size();
  std::string out;
  // 128 covers the fixed part.
  out.reserve(128 + problem.name.size() + problem.objective_name.size() +
              n * (3 * sizeof(double) + sizeof(ColumnType) + sizeof(int64_t)) +
              m * 2 * sizeof(double) + entries * (sizeof(int32_t) + sizeof(double)) +
              NamesSize(problem.column_names) + NamesSize(problem.row_names));
  Encoder encoder(out);
  encoder.Number(kVersion);
  encoder.Number(static_cast<uint8_t>(problem.sense));
  encoder.Number(problem.objective_offset);
  encoder.Text(problem.name);
  encoder.Text(problem.objective_name);
  encoder.Number(static_cast<uint64_t>(n));
  encoder.Number(static_cast<uint64_t>(m));
  encoder.Number(static_cast<uint64_t>(entries));
  encoder.Array(problem.objective);
  encoder.Array(problem.column_lower);
  encoder.Array(problem.column_upper);
  encoder.Array(problem.column_type);
  encoder.Array(problem.row_lower);
  encoder.Array(problem.row_upper);
  encoder.Array(problem.column_start);
  encoder.Array(problem.row_index);
  encoder.Array(problem.value);
  encoder.Names(problem.column_names);
  encoder.Names(problem.row_names);
  return out;
}

absl::StatusOr<Problem> DecodeProblem(std::string_view bytes) {
  Decoder decoder(bytes);
  Problem problem;
  uint8_t version = 0;
  uint8_t sense = 0;
  RETURN_IF_ERROR(decoder.Number(version));
  if (version != kVersion) {
    return Damaged("version " + std::to_string(version) + " is not known here");
  }
  RETURN_IF_ERROR(decoder.Number(sense));
  problem.sense = static_cast<Sense>(sense);
  RETURN_IF_ERROR(decoder.Number(problem.objective_offset));
  RETURN_IF_ERROR(decoder.Text(problem.name));
  RETURN_IF_ERROR(decoder.Text(problem.objective_name));
  uint64_t n = 0;
  uint64_t m = 0;
  uint64_t entries = 0;
  RETURN_IF_ERROR(decoder.Number(n));
  RETURN_IF_ERROR(decoder.Number(m));
  RETURN_IF_ERROR(decoder.Number(entries));
  RETURN_IF_ERROR(decoder.Array(problem.objective, n));
  RETURN_IF_ERROR(decoder.Array(problem.column_lower, n));
  RETURN_IF_ERROR(decoder.Array(problem.column_upper, n));
  RETURN_IF_ERROR(decoder.Array(problem.column_type, n));
  RETURN_IF_ERROR(decoder.Array(problem.row_lower, m));
  RETURN_IF_ERROR(decoder.Array(problem.row_upper, m));
  RETURN_IF_ERROR(decoder.Array(problem.column_start, n + 1));
  RETURN_IF_ERROR(decoder.Array(problem.row_index, entries));
  RETURN_IF_ERROR(decoder.Array(problem.value, entries));
  RETURN_IF_ERROR(decoder.Names(problem.column_names));
  RETURN_IF_ERROR(decoder.Names(problem.row_names));
  if (decoder.remaining() != 0) return Damaged("bytes are left over");
  RETURN_IF_ERROR(problem.Check());
  return problem;
}

}  // namespace solvent
