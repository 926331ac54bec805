// Sums of products in about twice the precision of double, with the magnitude of what was added,
// so that a caller can tell a difference from rounding noise.
#pragma once

#include <cmath>

namespace solvent {

class ExactSum {
 public:
  void Add(double v) {
    const double total = sum_ + v;
    const double part = total - sum_;
    low_ += (sum_ - (total - part)) + (v - part);
    sum_ = total;
    magnitude_ += std::abs(v);
  }
  void AddProduct(double a, double b) {
    const double product = a * b;
    Add(product);
    low_ += std::fma(a, b, -product);
  }
  double value() const { return sum_ + low_; }
  double magnitude() const { return magnitude_; }  // sum of the absolute terms

 private:
  double sum_ = 0;
  double low_ = 0;
  double magnitude_ = 0;
};

}  // namespace solvent
