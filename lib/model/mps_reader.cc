#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mps_names.h"
#include "name_index.h"
#include "names.h"
#include "number.h"
#include "solvent/problem_io.h"
#include "text_file.h"

namespace solvent {
namespace {

struct Token {
  std::string_view text;
  size_t column = 1;  // in its line, from one
};

// One data line. Free and fixed form differ only in how they fill it.
struct Record {
  Token type;  // of a row or bound
  Token set;   // name of the right-hand side, ranges or bounds; may be empty
  Token name;
  Token rows[2];
  Token numbers[2];
  size_t pairs = 0;  // of row and number; for bounds, numbers
};

enum class Section { kNone, kName, kObjectiveSense, kRows, kColumns, kRhs, kRanges, kBounds, kEnd };

// In the order that files keep.
constexpr std::pair<std::string_view, Section> kSections[] = {
    {"NAME", Section::kName},     {"OBJSENSE", Section::kObjectiveSense},
    {"ROWS", Section::kRows},     {"COLUMNS", Section::kColumns},
    {"RHS", Section::kRhs},       {"RANGES", Section::kRanges},
    {"BOUNDS", Section::kBounds}, {"ENDATA", Section::kEnd},
};

constexpr std::string_view kUnsupported[] = {
    "QUADOBJ",    "QMATRIX", "QSECTION", "QCMATRIX", "CSECTION", "SOS",
    "SOS1",       "SOS2",    "SETS",     "PWLOBJ",   "PWLNAM",   "PWLCON",
    "INDICATORS", "GENCONS", "LAZYCONS", "USERCUTS", "REFROW",   "SCENARIOS",
};

class MpsReader {
 public:
  MpsReader(std::string_view text, const ReadLimits& limits, bool fixed)
      : text_(text),
        limits_(limits),
        fixed_(fixed),
        faults_("MPS", std::max<size_t>(limits.max_errors, 1)) {}

  absl::StatusOr<Problem> Read();
  // Where the first fault is.
  size_t first_fault_line() const { return faults_.first_line(); }

 private:
  struct Row {
    char type = 'N';
    int32_t index = -1;  // in the problem; -1 for the objective
    double rhs = 0;
    long double range = 0;  // wide, so that both ends of a range come out exact
    bool has_rhs = false;
    bool has_range = false;
    int32_t last_column = -1;  // that has an entry in it
  };
  // Which bounds a column was given.
  enum : uint8_t { kLowerGiven = 1, kUpperGiven = 2, kBothGiven = 4 };

  void ReadLine(std::string_view line);
  void ReadHeader(std::string_view line);
  bool Split(std::string_view line, bool header = false);
  bool SplitFixed(std::string_view line);
  bool FillPairs(size_t from);
  bool MakeRecord();

  void ReadSense(const Token& token);
  void ReadRow();
  void ReadColumn();
  void ReadMarker();
  void BeginColumn();
  void ReadRhs();
  void ReadRange();
  void ReadBound();
  void SetBound(size_t column, std::string_view type, double bound);
  bool SameSet(Token& first, std::string_view what);
  Row* FindRow(const Token& token);
  bool Number(const Token& token, bool infinite, double& number);
  void SortColumn();
  void FinishRows();
  void FinishColumns();
  void Fault(const Token& token, std::string message) {
    faults_.Add(line_, token.column, std::move(message));
  }

  const std::string_view text_;
  const ReadLimits& limits_;
  const bool fixed_;
  FileFaults faults_;
  size_t line_ = 0;
  bool stopped_ = false;
  Section section_ = Section::kNone;
  unsigned seen_sections_ = 0;
  std::array<Token, 8> tokens_;
  size_t num_tokens_ = 0;
  Record record_;

  Problem problem_;
  NameIndex row_index_;
  NameIndex column_index_;
  std::vector<Row> rows_;
  bool has_objective_ = false;
  bool in_integers_ = false;
  std::vector<uint8_t> integer_by_marker_;
  std::vector<uint8_t> bounds_given_;
  std::vector<uint32_t> bound_line_;                // of the last one
  std::vector<std::pair<int32_t, double>> sorted_;  // scratch
  Token rhs_set_;
  Token range_set_;
  Token bound_set_;
  bool saw_rhs_ = false;
  bool saw_range_ = false;
  bool saw_bound_ = false;
};

absl::StatusOr<Problem> MpsReader::Read() {
  std::string_view rest = text_;
  while (!rest.empty() && !stopped_ && !faults_.full()) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++line_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ReadLine(line);
  }
  if (section_ != Section::kEnd && !stopped_) {
    faults_.Add(line_ + 1, 1, "the file ends without ENDATA");
  }
  if (faults_.empty()) {
    SortColumn();
    FinishRows();
    FinishColumns();
  }
  if (!faults_.empty()) return faults_.ToStatus();
  NormalizeNames(problem_);
  MakeNamesUtf8(problem_);
  if (absl::Status status = problem_.Check(); !status.ok()) return status;
  return std::move(problem_);
}

void MpsReader::ReadLine(std::string_view line) {
  if (line.empty() || line[0] == '*') return;
  for (size_t i = 0; i < line.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(line[i]);
    if ((c < 0x20 && c != '\t') || c == 0x7F) {
      faults_.Add(line_, i + 1, "a control character stands here");
      return;
    }
  }
  if (line.find_first_not_of(" \t") == std::string_view::npos) return;
  if (section_ == Section::kEnd) {
    faults_.Add(line_, 1, "text follows ENDATA: " + Quote(line));
    return;
  }
  if (line[0] != ' ' && line[0] != '\t') {
    ReadHeader(line);
    return;
  }
  if (section_ == Section::kObjectiveSense) {
    if (Split(line)) ReadSense(tokens_[0]);
    return;
  }
  if (section_ == Section::kNone || section_ == Section::kName) {
    faults_.Add(line_, 1, "data stands before any section: " + Quote(line));
    return;
  }
  record_ = Record();
  if (fixed_ ? !SplitFixed(line) : !(Split(line) && MakeRecord())) return;
  switch (section_) {
    case Section::kRows: ReadRow(); break;
    case Section::kColumns: ReadColumn(); break;
    case Section::kRhs: ReadRhs(); break;
    case Section::kRanges: ReadRange(); break;
    case Section::kBounds: ReadBound(); break;
    default: break;
  }
}

void MpsReader::ReadHeader(std::string_view line) {
  if (!Split(line, true)) return;
  const Token& word = tokens_[0];
  for (std::string_view name : kUnsupported) {
    if (EqualsIgnoreCase(word.text, name)) {
      Fault(word, "section " + Quote(word.text) + " is not supported");
      stopped_ = true;  // its lines would only raise more faults
      return;
    }
  }
  for (const auto& [name, section] : kSections) {
    if (!EqualsIgnoreCase(word.text, name)) continue;
    unsigned bit = 1U << static_cast<unsigned>(section);
    if ((seen_sections_ & bit) != 0) {
      Fault(word, "section " + Quote(word.text) + " stands here for the second time");
    }
    bool needs_columns = section > Section::kColumns && section != Section::kEnd;
    unsigned wanted = needs_columns ? 1U << static_cast<unsigned>(Section::kColumns)
                                    : 1U << static_cast<unsigned>(Section::kRows);
    if (section >= Section::kColumns && (seen_sections_ & wanted) == 0) {
      Fault(word, "section " + Quote(word.text) + " stands before " +
                      (needs_columns ? "COLUMNS" : "ROWS"));
    }
    seen_sections_ |= bit;
    section_ = section;
    if (section == Section::kName && num_tokens_ > 1 && tokens_[1].text != kNoName) {
      problem_.name = tokens_[1].text;
    }
    if (section == Section::kObjectiveSense && num_tokens_ > 1) ReadSense(tokens_[1]);
    return;
  }
  Fault(word, "unknown section " + Quote(word.text));
}

bool MpsReader::Split(std::string_view line, bool header) {
  num_tokens_ = 0;
  size_t i = 0;
  while (true) {
    while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
    if (i == line.size()) break;
    size_t begin = i;
    while (i < line.size() && line[i] != ' ' && line[i] != '\t') ++i;
    if (num_tokens_ == tokens_.size()) {
      if (header) break;  // a long title
      faults_.Add(line_, begin + 1, "too many fields: " + Quote(line));
      return false;
    }
    tokens_[num_tokens_++] = {line.substr(begin, i - begin), begin + 1};
  }
  return num_tokens_ > 0;
}

bool MpsReader::FillPairs(size_t from) {
  if (num_tokens_ < from || (num_tokens_ - from) % 2 != 0 || num_tokens_ - from > 4) {
    Fault(tokens_[0], "expected pairs of a row and a number, in " + std::to_string(num_tokens_) +
                          " fields starting with " + Quote(tokens_[0].text));
    return false;
  }
  for (; from < num_tokens_; from += 2, ++record_.pairs) {
    record_.rows[record_.pairs] = tokens_[from];
    record_.numbers[record_.pairs] = tokens_[from + 1];
  }
  return true;
}

bool TakesNumber(std::string_view bound_type) {
  return bound_type != "FR" && bound_type != "MI" && bound_type != "PL" && bound_type != "BV";
}

// Free form: which field is which follows from their number.
bool MpsReader::MakeRecord() {
  auto wrong = [&](std::string_view wanted) {
    Fault(tokens_[0], "expected " + std::string(wanted) + ", not " + std::to_string(num_tokens_) +
                          " fields starting with " + Quote(tokens_[0].text));
    return false;
  };
  switch (section_) {
    case Section::kRows:
      if (num_tokens_ != 2) return wrong("a row's type and name");
      record_.type = tokens_[0];
      record_.name = tokens_[1];
      return true;
    case Section::kColumns:
      record_.name = tokens_[0];
      if (num_tokens_ == 3 && tokens_[1].text == "'MARKER'") {
        record_.rows[0] = tokens_[1];
        record_.rows[1] = tokens_[2];
        return true;
      }
      if (num_tokens_ < 3) return wrong("a column, a row and a number");
      return FillPairs(1);
    case Section::kRhs:
    case Section::kRanges:
      if (num_tokens_ < 2) return wrong("a row and a number");
      if (num_tokens_ % 2 == 1) record_.set = tokens_[0];
      return FillPairs(num_tokens_ % 2);
    case Section::kBounds: {
      record_.type = tokens_[0];
      bool number = TakesNumber(tokens_[0].text);
      size_t least = number ? 3 : 2;
      // A needless number is let pass.
      if (num_tokens_ < least || num_tokens_ > 4) {
        return wrong(number ? "a bound's type, set, column and number"
                            : "a bound's type, set and column");
      }
      // "FR SET x" and "FR x 0" look alike.
      bool has_set = num_tokens_ == 4 ||
                     (!number && num_tokens_ == 3 && column_index_.Find(tokens_[2].text) >= 0);
      if (has_set) record_.set = tokens_[1];
      size_t at = has_set ? 2 : 1;
      record_.name = tokens_[at];
      if (at + 1 < num_tokens_) {
        record_.numbers[0] = tokens_[at + 1];
        record_.pairs = 1;
      }
      return true;
    }
    default: return false;
  }
}

// Fixed form: fields at columns 2-3, 5-12, 15-22, 25-36, 40-47 and 50-61, where names may hold
// spaces.
bool MpsReader::SplitFixed(std::string_view line) {
  constexpr std::pair<size_t, size_t> kFields[] = {{1, 2},   {4, 8},  {14, 8},
                                                   {24, 12}, {39, 8}, {49, 12}};
  Token fields[6];
  if (line.find('\t') != std::string_view::npos) {
    faults_.Add(line_, line.find('\t') + 1, "a tab stands in a file of fixed form");
    return false;
  }
  size_t covered = 0;
  for (size_t i = 0; i < 6; ++i) {
    auto [begin, length] = kFields[i];
    size_t gap_end = std::min(begin, line.size());
    for (; covered < gap_end; ++covered) {
      if (line[covered] == ' ') continue;
      faults_.Add(line_, covered + 1, "text stands between the fixed fields: " + Quote(line));
      return false;
    }
    if (begin >= line.size()) break;
    std::string_view field = line.substr(begin, length);
    covered = std::min(begin + length, line.size());
    size_t first = field.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    size_t last = field.find_last_not_of(' ');
    fields[i] = {field.substr(first, last - first + 1), begin + first + 1};
  }
  if (line.find_first_not_of(' ', covered) != std::string_view::npos) {
    faults_.Add(line_, covered + 1, "text stands behind the fixed fields: " + Quote(line));
    return false;
  }
  auto fill_pairs = [&] {
    for (size_t i : {size_t{2}, size_t{4}}) {
      if (fields[i].text.empty() && fields[i + 1].text.empty()) continue;
      record_.rows[record_.pairs] = fields[i];
      record_.numbers[record_.pairs++] = fields[i + 1];
    }
  };
  switch (section_) {
    case Section::kRows:
      record_.type = fields[0];
      record_.name = fields[1];
      break;
    case Section::kColumns:
      record_.name = fields[1];
      if (fields[2].text == "'MARKER'") {
        record_.rows[0] = fields[2];
        record_.rows[1] = fields[4];
        return true;
      }
      fill_pairs();
      break;
    case Section::kRhs:
    case Section::kRanges:
      record_.set = fields[1];
      fill_pairs();
      break;
    case Section::kBounds:
      record_.type = fields[0];
      record_.set = fields[1];
      record_.name = fields[2];
      if (!fields[3].text.empty()) {
        record_.numbers[0] = fields[3];
        record_.pairs = 1;
      }
      break;
    default: break;
  }
  bool named = section_ == Section::kRhs || section_ == Section::kRanges;
  if (!named && record_.name.text.empty()) {
    faults_.Add(line_, 1, "a name is missing: " + Quote(line));
    return false;
  }
  return true;
}

bool MpsReader::Number(const Token& token, bool infinite, double& number) {
  auto parsed = ParseFileNumber(token.text);
  if (!parsed) {
    Fault(token, Quote(token.text) + " is not a number");
    return false;
  }
  if (!infinite && !std::isfinite(*parsed)) {
    Fault(token, Quote(token.text) + " is not finite");
    return false;
  }
  number = *parsed;
  return true;
}

void MpsReader::ReadSense(const Token& token) {
  if (EqualsIgnoreCase(token.text, "MAX") || EqualsIgnoreCase(token.text, "MAXIMIZE")) {
    problem_.sense = Sense::kMaximize;
  } else if (EqualsIgnoreCase(token.text, "MIN") || EqualsIgnoreCase(token.text, "MINIMIZE")) {
    problem_.sense = Sense::kMinimize;
  } else {
    Fault(token, Quote(token.text) + " is no sense: MIN or MAX");
  }
}

void MpsReader::ReadRow() {
  const Token& type = record_.type;
  Row row;
  row.type = type.text.size() == 1 ? static_cast<char>(type.text[0] & ~0x20) : '?';
  if (row.type != 'N' && row.type != 'L' && row.type != 'G' && row.type != 'E') {
    Fault(type, Quote(type.text) + " is no row type: N, L, G or E");
    return;
  }
  if (!row_index_.Add(record_.name.text, static_cast<int32_t>(rows_.size()))) {
    Fault(record_.name, "row " + Quote(record_.name.text) + " is declared twice");
    return;
  }
  if (row.type == 'N' && !has_objective_) {
    has_objective_ = true;
    problem_.objective_name = record_.name.text;
  } else {
    if (problem_.row_lower.size() >= limits_.max_rows) {
      Fault(record_.name, "there are more than " + std::to_string(limits_.max_rows) + " rows");
      return;
    }
    row.index = problem_.num_rows();
    problem_.row_lower.push_back(0);
    problem_.row_upper.push_back(0);
    problem_.row_names.Add(record_.name.text);
  }
  rows_.push_back(row);
}

MpsReader::Row* MpsReader::FindRow(const Token& token) {
  int32_t index = row_index_.Find(token.text);
  if (index >= 0) return &rows_[static_cast<size_t>(index)];
  Fault(token, "unknown row " + Quote(token.text));
  return nullptr;
}

void MpsReader::ReadMarker() {
  const Token& kind = record_.rows[1];
  if (kind.text == "'INTORG'") {
    in_integers_ = true;
  } else if (kind.text == "'INTEND'") {
    in_integers_ = false;
  } else {
    Fault(kind, "marker " + Quote(kind.text) + " is not supported");
  }
}

void MpsReader::BeginColumn() {
  const Token& name = record_.name;
  SortColumn();
  if (!column_index_.Add(name.text, problem_.num_columns())) {
    Fault(name, "column " + Quote(name.text) + " appears again after others");
  } else if (problem_.objective.size() >= limits_.max_columns) {
    Fault(name, "there are more than " + std::to_string(limits_.max_columns) + " columns");
  }
  problem_.objective.push_back(0);
  problem_.column_lower.push_back(0);
  problem_.column_upper.push_back(kInfinity);
  problem_.column_type.push_back(in_integers_ ? ColumnType::kInteger : ColumnType::kContinuous);
  problem_.column_start.push_back(problem_.num_nonzeros());
  problem_.column_names.Add(name.text);
  integer_by_marker_.push_back(in_integers_ ? 1 : 0);
  bounds_given_.push_back(0);
  bound_line_.push_back(0);
}

void MpsReader::ReadColumn() {
  if (record_.rows[0].text == "'MARKER'" && record_.pairs == 0) {
    ReadMarker();
    return;
  }
  size_t count = problem_.objective.size();
  if (count == 0 || problem_.column_names[count - 1] != record_.name.text) BeginColumn();
  const int32_t column = problem_.num_columns() - 1;
  for (size_t i = 0; i < record_.pairs; ++i) {
    Row* row = FindRow(record_.rows[i]);
    double value = 0;
    if (row == nullptr || !Number(record_.numbers[i], false, value)) continue;
    if (row->last_column == column) {
      Fault(record_.rows[i], "a second entry for row " + Quote(record_.rows[i].text) +
                                 " in column " + Quote(record_.name.text));
      continue;
    }
    row->last_column = column;
    if (row->index < 0) {
      problem_.objective[static_cast<size_t>(column)] = value;
    } else if (value != 0) {
      if (problem_.value.size() >= limits_.max_terms) {
        Fault(record_.rows[i],
              "there are more than " + std::to_string(limits_.max_terms) + " entries");
        return;
      }
      problem_.row_index.push_back(row->index);
      problem_.value.push_back(value);
    }
  }
  problem_.column_start.back() = problem_.num_nonzeros();
}

// Brings the last column's entries into ascending order.
void MpsReader::SortColumn() {
  if (problem_.objective.empty()) return;
  size_t begin = static_cast<size_t>(problem_.column_start[problem_.objective.size() - 1]);
  auto first = problem_.row_index.begin() + static_cast<std::ptrdiff_t>(begin);
  if (std::is_sorted(first, problem_.row_index.end())) return;
  sorted_.clear();
  for (size_t k = begin; k < problem_.value.size(); ++k) {
    sorted_.emplace_back(problem_.row_index[k], problem_.value[k]);
  }
  std::sort(sorted_.begin(), sorted_.end());
  for (const auto& [row, value] : sorted_) {
    problem_.row_index[begin] = row;
    problem_.value[begin++] = value;
  }
}

// Files may hold several sets of a kind; which one is meant, they do not say.
bool MpsReader::SameSet(Token& first, std::string_view what) {
  bool& seen = section_ == Section::kRhs      ? saw_rhs_
               : section_ == Section::kRanges ? saw_range_
                                              : saw_bound_;
  if (!seen) {
    first = record_.set;
    seen = true;
  }
  if (first.text == record_.set.text) return true;
  Fault(record_.set, "a second set of " + std::string(what) + ", " + Quote(record_.set.text) +
                         ", after " + Quote(first.text));
  return false;
}

void MpsReader::ReadRhs() {
  if (!SameSet(rhs_set_, "right-hand sides")) return;
  for (size_t i = 0; i < record_.pairs; ++i) {
    Row* row = FindRow(record_.rows[i]);
    double value = 0;
    if (row == nullptr || !Number(record_.numbers[i], row->index >= 0, value)) continue;
    if (row->has_rhs) {
      Fault(record_.rows[i], "a second right-hand side for row " + Quote(record_.rows[i].text));
      continue;
    }
    row->has_rhs = true;
    row->rhs = value;
    if (row->index < 0) problem_.objective_offset = -value;
  }
}

void MpsReader::ReadRange() {
  if (!SameSet(range_set_, "ranges")) return;
  for (size_t i = 0; i < record_.pairs; ++i) {
    Row* row = FindRow(record_.rows[i]);
    double value = 0;
    if (row == nullptr || !Number(record_.numbers[i], true, value)) continue;
    if (row->has_range) {
      Fault(record_.rows[i], "a second range for row " + Quote(record_.rows[i].text));
    } else if (row->type == 'N') {
      Fault(record_.rows[i], "row " + Quote(record_.rows[i].text) + " is of type N, without range");
    }
    row->has_range = true;
    row->range = WideNumber(record_.numbers[i].text);
  }
}

void MpsReader::ReadBound() {
  if (!SameSet(bound_set_, "bounds")) return;
  std::string_view type = record_.type.text;
  if (type == "SC" || type == "SI" || type == "SN") {
    Fault(record_.type, "semi-continuous bounds (" + std::string(type) + ") are not supported");
    return;
  }
  constexpr std::string_view kTypes[] = {"UP", "LO", "FX", "FR", "MI", "PL", "BV", "LI", "UI"};
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
    Fault(record_.type, Quote(type) + " is no bound type");
    return;
  }
  int32_t column = column_index_.Find(record_.name.text);
  if (column < 0) {
    Fault(record_.name, "unknown column " + Quote(record_.name.text));
    return;
  }
  double bound = 0;
  if (TakesNumber(type)) {
    if (record_.pairs == 0) {
      Fault(record_.name, "the bound's number is missing");
      return;
    }
    if (!Number(record_.numbers[0], true, bound)) return;
  }
  SetBound(static_cast<size_t>(column), type, FileBound(bound));
}

void MpsReader::SetBound(size_t column, std::string_view type, double bound) {
  double& lower = problem_.column_lower[column];
  double& upper = problem_.column_upper[column];
  uint8_t& given = bounds_given_[column];
  uint8_t now = 0;
  if (type == "LO" || type == "LI" || type == "MI") now = kLowerGiven;
  if (type == "UP" || type == "UI" || type == "PL") now = kUpperGiven;
  if (type == "FX" || type == "FR" || type == "BV") now = kBothGiven;
  if ((given & now) != 0) {
    Fault(record_.name, "a second bound of this kind for column " + Quote(record_.name.text));
    return;
  }
  bool infinite_type = type == "MI" || type == "PL" || type == "FR";
  if (!infinite_type && std::isinf(bound) &&
      !((now == kLowerGiven && bound < 0) || (now == kUpperGiven && bound > 0))) {
    Fault(record_.numbers[0], Quote(record_.numbers[0].text) + " cannot be this bound");
    return;
  }
  if (type == "LI" || type == "UI") problem_.column_type[column] = ColumnType::kInteger;
  if (type == "BV") problem_.column_type[column] = ColumnType::kBinary;
  if (type == "UP" || type == "UI") {
    upper = bound;
    // No lower bound and a negative upper one: unbounded below, as CBC and CPLEX have it.
    if (bound < 0 && given == 0) lower = -kInfinity;
  } else if (type == "LO" || type == "LI") {
    lower = bound;
  } else if (type == "FX") {
    lower = upper = bound;
  } else if (type == "MI") {
    lower = -kInfinity;
  } else if (type == "PL") {
    upper = kInfinity;
  } else if (type == "FR") {
    lower = -kInfinity;
    upper = kInfinity;
  } else {
    lower = 0;
    upper = 1;
  }
  given |= now;
  bound_line_[column] = static_cast<uint32_t>(line_);
}

void MpsReader::FinishRows() {
  for (const Row& row : rows_) {
    if (row.index < 0) continue;
    double& lower = problem_.row_lower[static_cast<size_t>(row.index)];
    double& upper = problem_.row_upper[static_cast<size_t>(row.index)];
    double rhs = FileBound(row.rhs);
    long double range = std::fabs(row.range);
    long double middle = rhs;
    lower = row.type == 'L' || row.type == 'N' ? -kInfinity : rhs;
    upper = row.type == 'G' || row.type == 'N' ? kInfinity : rhs;
    if (!row.has_range) continue;
    if (row.type == 'L' || (row.type == 'E' && row.range < 0)) {
      lower = FileBound(static_cast<double>(middle - range));
    }
    if (row.type == 'G' || (row.type == 'E' && row.range > 0)) {
      upper = FileBound(static_cast<double>(middle + range));
    }
  }
}

void MpsReader::FinishColumns() {
  for (size_t j = 0; j < problem_.objective.size(); ++j) {
    double& upper = problem_.column_upper[j];
    ColumnType& type = problem_.column_type[j];
    // An integer without any bound is a 0/1 column, as CBC, glpsol and CPLEX have it.
    if (integer_by_marker_[j] != 0 && bounds_given_[j] == 0) upper = 1;
    if (problem_.column_lower[j] > upper) {
      faults_.Add(bound_line_[j], 1,
                  "the lower bound of column " + Quote(problem_.column_names[j]) +
                      " is above its upper bound");
    }
    // BV, then bounds beyond 0 and 1.
    if (type == ColumnType::kBinary && (problem_.column_lower[j] < 0 || upper > 1)) {
      type = ColumnType::kInteger;
    }
  }
}

}  // namespace

absl::StatusOr<Problem> ReadMps(std::string_view text, const ReadLimits& limits) {
  try {
    MpsReader free_form(text, limits, false);
    auto problem = free_form.Read();
    if (problem.ok() || free_form.first_fault_line() == 0) return problem;
    // Names with spaces can only be told apart by their place. Which form was meant shows in how
    // far each got.
    MpsReader fixed_form(text, limits, true);
    auto fixed = fixed_form.Read();
    if (fixed.ok() || fixed_form.first_fault_line() > free_form.first_fault_line()) return fixed;
    return problem;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory to read the problem");
  }
}

}  // namespace solvent
