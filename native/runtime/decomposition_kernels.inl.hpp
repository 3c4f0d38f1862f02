// The loops for the instruction set of the file that includes this, compiled without fused
// multiplication and addition, so that all sets give the same numbers.
#pragma once

#include <cstring>

#include "runtime/decomposition_kernels.hpp"

namespace optcmp {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t kWidth = 8;
#elif defined(__AVX2__)
constexpr std::size_t kWidth = 4;
#else
constexpr std::size_t kWidth = 2;
#endif

typedef double Doubles __attribute__((vector_size(kWidth * sizeof(double))));

inline Doubles load(const double* from) {
  Doubles x;
  std::memcpy(&x, from, sizeof(x));
  return x;
}
inline void store(double* to, Doubles x) { std::memcpy(to, &x, sizeof(x)); }

/// A sum whose element i is part of number i mod kLanes, on every instruction set.
constexpr std::size_t kLanes = 8, kVectors = kLanes / kWidth;
struct Sum {
  Doubles parts[kVectors] = {};

  void add(const double* x, const Doubles (&y)[kVectors]) {
    for (std::size_t k = 0; k < kVectors; ++k) parts[k] += load(x + k * kWidth) * y[k];
  }
  double with(double rest) const {
    double lanes[kLanes];
    std::memcpy(lanes, parts, sizeof(lanes));
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
      for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    return lanes[0] + rest;
  }
};

inline void load_lanes(const double* from, Doubles (&to)[kVectors]) {
  for (std::size_t k = 0; k < kVectors; ++k) to[k] = load(from + k * kWidth);
}

double dot(const double* x, const double* y, std::size_t size) {
  Sum sum;
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    Doubles lanes[kVectors];
    load_lanes(y + i, lanes);
    sum.add(x + i, lanes);
  }
  double rest = 0;
  for (; i < size; ++i) rest += x[i] * y[i];
  return sum.with(rest);
}

void add_scaled(double* __restrict y, double by, const double* __restrict x, std::size_t size) {
  std::size_t i = 0;
  for (; i + kWidth <= size; i += kWidth) store(y + i, load(y + i) + by * load(x + i));
  for (; i < size; ++i) y[i] += by * x[i];
}

double add_scaled_and_dot(double* y, double by, const double* x, const double* z,
                          std::size_t size) {
  Sum sum;
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    Doubles lanes[kVectors];
    load_lanes(x + i, lanes);
    sum.add(z + i, lanes);
    for (std::size_t k = 0; k < kVectors; ++k) {
      double* const to = y + i + k * kWidth;
      store(to, load(to) + by * lanes[k]);
    }
  }
  double rest = 0;
  for (; i < size; ++i) {
    rest += x[i] * z[i];
    y[i] += by * x[i];
  }
  return sum.with(rest);
}

template <std::size_t kCount>
inline void subtract_all_of(double* z, const double* by, const double* x, std::size_t stride,
                            std::size_t count) {
  Doubles values[kCount];
  for (std::size_t k = 0; k < kCount; ++k) values[k] = load(z + k * kWidth);
  for (std::size_t row = 0; row < count; ++row)
    for (std::size_t k = 0; k < kCount; ++k)
      values[k] -= by[row] * load(x + row * stride + k * kWidth);
  for (std::size_t k = 0; k < kCount; ++k) store(z + k * kWidth, values[k]);
}

void subtract_all(double* z, const double* by, const double* x, std::size_t stride,
                  std::size_t count, std::size_t size) {
  constexpr std::size_t kMany = 8;
  std::size_t i = 0;
  for (; i + kMany * kWidth <= size; i += kMany * kWidth)
    subtract_all_of<kMany>(z + i, by, x + i, stride, count);
  for (; i + kWidth <= size; i += kWidth) subtract_all_of<1>(z + i, by, x + i, stride, count);
  for (; i < size; ++i)
    for (std::size_t row = 0; row < count; ++row) z[i] -= by[row] * x[row * stride + i];
}

template <std::size_t kRows>
inline void reflect_some(double* rows, std::size_t stride, const double* v, double beta,
                         std::size_t size) {
  Sum sums[kRows];
  double rest[kRows] = {}, by[kRows];
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    Doubles lanes[kVectors];
    load_lanes(v + i, lanes);
    for (std::size_t row = 0; row < kRows; ++row) sums[row].add(rows + row * stride + i, lanes);
  }
  for (; i < size; ++i)
    for (std::size_t row = 0; row < kRows; ++row) rest[row] += rows[row * stride + i] * v[i];
  for (std::size_t row = 0; row < kRows; ++row) by[row] = -beta * sums[row].with(rest[row]);
  for (i = 0; i + kWidth <= size; i += kWidth) {
    const Doubles x = load(v + i);
    for (std::size_t row = 0; row < kRows; ++row) {
      double* const to = rows + row * stride + i;
      store(to, load(to) + by[row] * x);
    }
  }
  for (; i < size; ++i)
    for (std::size_t row = 0; row < kRows; ++row) rows[row * stride + i] += by[row] * v[i];
}

void reflect_rows(double* rows, std::size_t stride, std::size_t count, const double* v, double beta,
                  std::size_t size) {
  constexpr std::size_t kMany = 4;
  std::size_t row = 0;
  for (; row + kMany <= count; row += kMany)
    reflect_some<kMany>(rows + row * stride, stride, v, beta, size);
  for (; row < count; ++row) reflect_some<1>(rows + row * stride, stride, v, beta, size);
}

inline void turn_column(double* column, std::size_t stride, const Rotation* rotations,
                        std::size_t begin, std::size_t end) {
  for (std::size_t k = end; k-- > begin;) {
    const auto [c, s] = rotations[k];
    double &upper = column[k * stride], &lower = column[(k + 1) * stride];
    const double from = lower;
    lower = s * upper + c * from;
    upper = c * upper - s * from;
  }
}

inline void turn(Doubles& upper, Doubles& lower, Rotation by) {
  const Doubles from = lower;
  lower = by.s * upper + by.c * from;
  upper = by.c * upper - by.s * from;
}

// A row is in registers from the rotation that reads it to the next, which writes it; the second
// rotations follow a row behind the first.
template <std::size_t kCount, bool kTwo>
inline void turn_some(double* rows, std::size_t stride, const Rotation* first,
                      const Rotation* second, std::size_t begin, std::size_t end) {
  constexpr std::size_t kBehind = kTwo ? 2 : 1;
  const auto at = [&](std::size_t k, std::size_t j) { return rows + k * stride + j * kWidth; };
  Doubles lower[kCount], below[kCount];
  for (std::size_t j = 0; j < kCount; ++j) {
    below[j] = load(at(end, j));
    lower[j] = load(at(end - 1, j));
    turn(lower[j], below[j], first[end - 1]);
    if (!kTwo) store(at(end, j), below[j]);
  }
  for (std::size_t k = end - 1; k-- > begin;) {
    for (std::size_t j = 0; j < kCount; ++j) {
      Doubles upper = load(at(k, j));
      turn(upper, lower[j], first[k]);
      if (kTwo) turn(lower[j], below[j], second[k + 1]);
      store(at(k + kBehind, j), kTwo ? below[j] : lower[j]);
      below[j] = lower[j];
      lower[j] = upper;
    }
  }
  for (std::size_t j = 0; j < kCount; ++j) {
    if (kTwo) {
      turn(lower[j], below[j], second[begin]);
      store(at(begin + 1, j), below[j]);
    }
    store(at(begin, j), lower[j]);
  }
}

template <bool kTwo>
void turn_all(double* rows, std::size_t stride, std::size_t size, const Rotation* first,
              const Rotation* second, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  constexpr std::size_t kMany = 4;
  std::size_t i = 0;
  for (; i + kMany * kWidth <= size; i += kMany * kWidth)
    turn_some<kMany, kTwo>(rows + i, stride, first, second, begin, end);
  for (; i + kWidth <= size; i += kWidth)
    turn_some<1, kTwo>(rows + i, stride, first, second, begin, end);
  for (; i < size; ++i) {
    turn_column(rows + i, stride, first, begin, end);
    if (kTwo) turn_column(rows + i, stride, second, begin, end);
  }
}

void turn_rows(double* rows, std::size_t stride, std::size_t size, const Rotation* first,
               const Rotation* second, std::size_t begin, std::size_t end) {
  (second != nullptr ? turn_all<true> : turn_all<false>)(rows, stride, size, first, second, begin,
                                                         end);
}

constexpr DecompositionKernels kKernels = {dot,          add_scaled,   add_scaled_and_dot,
                                           subtract_all, reflect_rows, turn_rows};

}  // namespace
}  // namespace optcmp
