// How fast flat JSON becomes a matrix, next to simdjson merely reading the same bytes. Prints one
// line of JSON. Usage: bench_flat_json [TERMS]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <random>
#include <string>

#include "simdjson.h"
#include "solvent/json.h"
#include "solvent/problem_io.h"

namespace {

std::string MakeDocument(size_t terms) {
  constexpr size_t kTermsPerRow = 8;
  const size_t rows = std::max<size_t>(terms / kTermsPerRow, 1);
  const size_t columns = std::max<size_t>(rows, kTermsPerRow);
  std::mt19937_64 random(1);
  std::string text = "{\"name\":\"bench\",\"variables\":[";
  for (size_t j = 0; j < columns; ++j) {
    if (j > 0) text += ',';
    text += "{\"name\":\"x" + std::to_string(j) +
            "\",\"type\":\"continuous\",\"lower_bound\":0,\"upper_bound\":" +
            std::to_string(10 + random() % 90) + "}";
  }
  text += "],\"objective\":{\"sense\":\"minimize\",\"expression\":\"x0 + 2*x1\"},\"constraints\":[";
  for (size_t i = 0; i < rows; ++i) {
    if (i > 0) text += ',';
    text += "{\"name\":\"row" + std::to_string(i) + "\",\"expression\":\"";
    for (size_t k = 0; k < kTermsPerRow; ++k) {
      if (k > 0) text += " + ";
      text += std::to_string(random() % 100) + "." + std::to_string(1 + random() % 99) + "*x" +
              std::to_string(random() % columns);
    }
    text += " <= " + std::to_string(random() % 10000) + "\"}";
  }
  return text + "]}";
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Processor seconds of the fastest of several runs: all of this runs in one thread, and other
// programs on the machine should not count.
double Time(const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 7; ++run) {
    double begin = CpuSeconds();
    work();
    best = std::min(best, CpuSeconds() - begin);
  }
  return best;
}

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "bench_flat_json: %s\n", what);
  std::exit(1);
}

// Touches every value, as a reader that wants all of them must.
uint64_t Walk(simdjson::ondemand::value value) {
  switch (value.type()) {
    case simdjson::ondemand::json_type::array: {
      uint64_t sum = 0;
      for (auto item : value.get_array()) sum += Walk(item.value());
      return sum;
    }
    case simdjson::ondemand::json_type::object: {
      uint64_t sum = 0;
      for (auto field : value.get_object()) {
        sum += std::string_view(field.unescaped_key()).size() + Walk(field.value());
      }
      return sum;
    }
    case simdjson::ondemand::json_type::number:
      return static_cast<uint64_t>(double(value.get_double()));
    case simdjson::ondemand::json_type::string: return std::string_view(value.get_string()).size();
    default: return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string text = MakeDocument(wanted);
  int64_t nonzeros = 0;
  double reading = Time([&] {
    auto flat = solvent::ReadFlatJson(text);
    if (!flat.ok()) Die("the document was refused");
    nonzeros = flat->problem.num_nonzeros();
  });
  simdjson::padded_string padded(text);
  uint64_t sum = 0;
  double dom = Time([&] {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) Die("DOM parse failed");
    sum += root.get_object().size();
  });
  double on_demand = Time([&] {
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(padded);
    for (auto field : document.get_object()) sum += Walk(field.value());
  });
  if (sum == 0) Die("nothing was read");
  double megabytes = static_cast<double>(text.size()) / 1e6;
  size_t terms = std::max<size_t>(wanted / 8, 1) * 8;
  std::string line;
  solvent::JsonWriter json(line);
  json.BeginObject().Key("bench").String("flat_json");
  json.Key("terms").Uint(terms).Key("nonzeros").Int(nonzeros).Key("bytes").Uint(text.size());
  json.Key("cpu_seconds").Double(reading);
  json.Key("terms_per_second").Double(std::round(static_cast<double>(terms) / reading));
  json.Key("mb_per_second").Double(std::round(megabytes / reading));
  json.Key("simdjson_dom_mb_per_second").Double(std::round(megabytes / dom));
  json.Key("simdjson_on_demand_mb_per_second").Double(std::round(megabytes / on_demand));
  json.EndObject();
  std::puts(line.c_str());
  return 0;
}
