// Elementary functions of vectors, without tables or branches, in one source for all instruction
// sets: reduction of the argument, then a polynomial. Bounds on the error against the exact value,
// in units in the last place, are those that native/test/expression/simd_math_test.cpp holds; they
// hold for subnormal results, too, where those are not flushed to zero. Infinities, NaN and signed
// zeros come out as in C's <math.h>.
//
// Polynomials: S. Moshier's Cephes library (single precision) for exp, log, sin, cos and tanh;
// N. Juffa's minimax approximations for erf.
#pragma once

#include "expression/simd.hpp"

namespace optcmp::expression {
namespace {

typedef double Double __attribute__((vector_size(OPTCMP_LANES * sizeof(double))));

template <std::size_t N>
inline Float polynomial(Float x, const float (&coefficients)[N]) {
  Float y = splat(coefficients[0]);
  for (std::size_t k = 1; k < N; ++k) y = y * x + coefficients[k];
  return y;
}

inline Float copy_sign(Float magnitude, Float sign) {
  constexpr std::int32_t kSign = INT32_MIN;
  return (Float)(((Bits)magnitude & ~kSign) | ((Bits)sign & kSign));
}

/// 2^n for whole n in [−126, 127].
inline Float power_of_two(Bits n) { return (Float)((n + 127) << 23); }

/// x = n·ln 2 + r with |r| ≤ ln(2)/2, and e^r − 1 as r + r²·P(r).
struct ReducedExp {
  Bits n;
  Float expm1;

  explicit ReducedExp(Float x) {
    const Float whole = round(x * 1.44269504088896341f);
    const Float r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    constexpr float kP[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                            4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    n = __builtin_convertvector(whole, Bits);
    expm1 = polynomial(r, kP) * (r * r) + r;
  }
};

/// e^x; 1 ulp.
inline Float exp(Float x) {
  const Float within = max(min(x, splat(89)), splat(-104.5f));
  const ReducedExp reduced(within);
  // In two factors, as 2^n may be subnormal or too large.
  const Bits half = reduced.n >> 1;
  const Float y = (reduced.expm1 + 1.0f) * power_of_two(half) * power_of_two(reduced.n - half);
  return x != x ? x : y;
}

/// e^x − 1; 3 ulp.
inline Float expm1(Float x) {
  const Float within = max(min(x, splat(89)), splat(-30));
  const ReducedExp reduced(within);
  const Bits half = reduced.n >> 1;
  const Float low = power_of_two(half), high = power_of_two(reduced.n - half);
  const Float y = (reduced.expm1 * low + (low - power_of_two(half - reduced.n))) * high;
  const Float small = reduced.expm1;
  return x != x || x == 0 ? x : (reduced.n == 0 ? small : y);
}

/// log x; 1 ulp.
inline Float log(Float x) {
  const auto subnormal = x < 0x1p-126f;
  const Bits bits = (Bits)(subnormal ? x * 0x1p25f : x);
  // m in [√½, √2)
  const Bits shifted = bits - 0x3f3504f3;
  const Bits exponent = (shifted >> 23) - (subnormal ? Bits{} + 25 : Bits{});
  const Float m = (Float)((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  constexpr float kP[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                          -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                          2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const Float e = __builtin_convertvector(exponent, Float);
  const Float square = m * m;
  const Float tail = polynomial(m, kP) * m * square + e * -2.12194440e-4f - 0.5f * square;
  const Float y = m + tail + e * 0.693359375f;
  const Float infinite = splat(__builtin_inff());
  const Float at_edge = x == 0 ? -infinite : (x == infinite ? infinite : splat(__builtin_nanf("")));
  return x != x ? x : (x > 0 && x < infinite ? y : at_edge);
}

/// log(1 + x); 3 ulp. W. Kahan's correction for the rounding of 1 + x.
inline Float log1p(Float x) {
  const Float u = 1.0f + x;
  const Float y = log(u) * (x / (u - 1.0f));
  return u == 1.0f ? x : (u == __builtin_inff() ? u : (u <= 0 ? log(u) : y));
}

/// tanh x; 2 ulp.
inline Float tanh(Float x) {
  constexpr float kP[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                          1.33314422036e-1f, -3.33332819422e-1f};
  const Float square = x * x;
  const Float small = polynomial(square, kP) * square * x + x;
  const Float large = 1.0f - 2.0f / (exp(2.0f * abs(x)) + 1.0f);
  return abs(x) < 0.625f ? small : copy_sign(large, x);
}

/// 1 / (1 + e^−x); 3 ulp.
inline Float sigmoid(Float x) {
  const Float e = exp(-abs(x));
  return (x < 0 ? e : splat(1)) / (1.0f + e);
}

/// erf x; 2 ulp.
inline Float erf(Float x) {
  constexpr float kSmall[] = {-5.96761703e-4f, 4.99119423e-3f,  -2.67681349e-2f,
                              1.12819925e-1f,  -3.76125336e-1f, 1.28379166e-1f};
  constexpr float kLarge[] = {-1.72853470e-5f, 3.83197126e-4f,  -3.88396438e-3f, 2.42546219e-2f,
                              -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f};
  const Float small = polynomial(x * x, kSmall) * x + x;
  const Float t = min(abs(x), splat(4));
  const Float large = copy_sign(1.0f - exp(polynomial(t, kLarge) * t - t), x);
  return abs(x) > 0.927734375f ? large : (x == 0 ? x : small);
}

/// sin of `x + quarters·π/2`; 2 ulp. Arguments beyond ±2²⁰ go through the C library.
inline Float sine(Float x, std::int32_t quarters) {
  constexpr float kSin[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  constexpr float kCos[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  const auto ordinary = abs(x) <= 0x1p20f;
  const Float within = ordinary ? x : splat(0);
  const Float whole = round(within * 0.636619772367581343f);
  const Double turns = __builtin_convertvector(whole, Double);
  const Double reduced = (__builtin_convertvector(within, Double) - turns * 0x1.921fb544p+0) -
                         turns * 0x1.0b4611a626331p-34;
  const Float r = __builtin_convertvector(reduced, Float);
  const Float square = r * r;
  const Float sine = polynomial(square, kSin) * square * r + r;
  const Float cosine = polynomial(square, kCos) * square * square - 0.5f * square + 1.0f;
  const Bits quarter = __builtin_convertvector(whole, Bits) + quarters;
  const Float y = (quarter & 1) == 0 ? sine : cosine;
  Float result = (Float)((Bits)y ^ ((quarter & 2) << 30));
  for (std::size_t i = 0; i < kLanes; ++i)
    if (!ordinary[i]) result[i] = quarters == 0 ? sinf(x[i]) : cosf(x[i]);
  return result;
}

inline Float sin(Float x) { return x == 0 ? x : sine(x, 0); }
inline Float cos(Float x) { return sine(x, 1); }

/// a^b of the C library, a lane at a time.
inline Float pow(Float a, Float b) {
  Float y;
  for (std::size_t i = 0; i < kLanes; ++i) y[i] = powf(a[i], b[i]);
  return y;
}

}  // namespace
}  // namespace optcmp::expression
