#include "chunked.h"

#include <algorithm>

namespace solvent::http {
namespace {

constexpr int kMaxSizeDigits = 12;
constexpr size_t kMaxExtensionBytes = 1024;
constexpr size_t kMaxTrailerBytes = 8192;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkedDecoder::State ChunkedDecoder::Feed(std::string_view input, size_t& consumed,
                                           std::string& out, size_t limit) {
  size_t& at = consumed;
  at = 0;
  while (at < input.size()) {
    if (part_ == Part::kData) {
      size_t take = static_cast<size_t>(std::min<uint64_t>(left_, input.size() - at));
      out.append(input.substr(at, take));
      at += take;
      left_ -= take;
      if (left_ == 0) part_ = Part::kDataCr;
      continue;
    }
    char c = input[at++];
    switch (part_) {
      case Part::kSize:
        if (int digit = HexValue(c); digit >= 0) {
          if (++size_digits_ > kMaxSizeDigits) return State::kMalformed;
          left_ = left_ * 16 + static_cast<uint64_t>(digit);
          break;
        }
        if (size_digits_ == 0) return State::kMalformed;
        if (c == ';') {
          part_ = Part::kExtension;
        } else if (c == '\r') {
          part_ = Part::kSizeEnd;
        } else {
          return State::kMalformed;
        }
        break;
      case Part::kExtension:
        if (c == '\r') {
          part_ = Part::kSizeEnd;
        } else if (c == '\n' || ++line_bytes_ > kMaxExtensionBytes) {
          return State::kMalformed;
        }
        break;
      case Part::kSizeEnd:
        if (c != '\n') return State::kMalformed;
        line_bytes_ = 0;
        size_digits_ = 0;
        if (left_ == 0) {
          part_ = Part::kTrailer;
        } else if (left_ > limit - std::min(limit, out.size())) {
          return State::kTooLarge;
        } else {
          part_ = Part::kData;
        }
        break;
      case Part::kData: break;  // handled above
      case Part::kDataCr:
        if (c != '\r') return State::kMalformed;
        part_ = Part::kDataLf;
        break;
      case Part::kDataLf:
        if (c != '\n') return State::kMalformed;
        part_ = Part::kSize;
        break;
      case Part::kTrailer:
        if (c == '\r') {
          part_ = Part::kTrailerLf;
        } else if (c == '\n' || ++line_bytes_ > kMaxTrailerBytes) {
          return State::kMalformed;
        } else {
          ++trailer_line_;
        }
        break;
      case Part::kTrailerLf:
        if (c != '\n') return State::kMalformed;
        if (trailer_line_ == 0) return State::kDone;
        trailer_line_ = 0;
        part_ = Part::kTrailer;
        break;
    }
  }
  return State::kMore;
}

}  // namespace solvent::http
