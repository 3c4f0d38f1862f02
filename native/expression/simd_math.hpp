// Elementary functions of vectors, without tables or branches, in one source for all instruction
// sets: reduction of the argument, then a polynomial. Bounds on the error against the exact value,
// in units in the last place, are those that native/test/expression/simd_math_test.cpp holds; they
// hold for subnormal results, too, where those are not flushed to zero. Infinities, NaN and signed
// zeros come out as in C's <math.h>.
//
// Polynomials: S. Moshier's Cephes library (single precision) for exp, log, sin, cos and tanh; a
// fit of least relative error (1.3e-8) for erf.
#pragma once

#include "expression/simd.hpp"

// Vectors wider than the registers are passed between functions of one file only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace optcmp::expression {
namespace {

typedef double Double __attribute__((vector_size(OPTCMP_LANES * sizeof(double))));
typedef std::int64_t Longs __attribute__((vector_size(OPTCMP_LANES * sizeof(double))));

/// Coefficients from the highest power down. Even and odd powers apart, as two short chains of
/// operations end sooner than a long one.
template <class Vector, class Number, std::size_t N>
inline Vector polynomial(Vector x, const Number (&coefficients)[N]) {
  const Vector square = x * x;
  Vector chains[2] = {Vector{} + coefficients[0], Vector{} + coefficients[1]};
  for (std::size_t k = 2; k < N; ++k) chains[k % 2] = chains[k % 2] * square + coefficients[k];
  return chains[(N - 1) % 2] + chains[N % 2] * x;
}

inline Float copy_sign(Float magnitude, Float sign) {
  constexpr std::int32_t kSign = INT32_MIN;
  return (Float)(((Bits)magnitude & ~kSign) | ((Bits)sign & kSign));
}

/// Keeps NaN.
inline Float clamp(Float x, float low, float high) {
  const Float y = high < x ? splat(high) : x;
  return low > y ? splat(low) : y;
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

/// e^x; 2 ulp.
inline Float exp(Float x) {
  const ReducedExp reduced(clamp(x, -104.5f, 89));
  // In two factors, as 2^n may be subnormal or too large.
  const Bits half = reduced.n >> 1;
  return (reduced.expm1 + 1.0f) * power_of_two(half) * power_of_two(reduced.n - half);
}

/// e^x for |x| ≤ 87.3; 2 ulp. In half of the operations of `exp`: 2^n is normal, and rounding is an
/// addition.
inline Float exp_within(Float x) {
  constexpr float kShift = 12582912.0f;  // 1.5·2²³
  const Float shifted = x * 1.44269504088896341f + kShift;
  const Float n = shifted - kShift;
  const Float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Float p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return (Float)((Bits)p + ((Bits)shifted << 23));
}

/// e^x for x ≤ 87.3, and 0 where that is below 1e-38; 2 ulp.
inline Float exp_or_zero(Float x) {
  const Float least = splat(-87.3f);
  const Float y = exp_within(x < least ? least : x);
  return x < least ? Float{} : y;
}

/// e^x − 1; 3 ulp.
inline Float expm1(Float x) {
  const ReducedExp reduced(clamp(x, -30, 89));
  const Bits half = reduced.n >> 1;
  const Float low = power_of_two(half), high = power_of_two(reduced.n - half);
  const Float y = (reduced.expm1 * low + (low - power_of_two(half - reduced.n))) * high;
  return x == 0 ? x : y;
}

/// log x; 1 ulp.
inline Float log(Float x) {
  const auto subnormal = x < 0x1p-126f;
  const Bits bits = (Bits)(subnormal ? x * 0x1p25f : x);
  // m in [√½, √2)
  const Bits shifted = (Bits)((Words)bits - 0x3f3504f3u);  // may wrap where x is negative
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
  return abs(x) < 0.625f ? (x == 0 ? x : small) : copy_sign(large, x);
}

/// 1 / (1 + e^−x); 3 ulp.
inline Float sigmoid(Float x) {
  const Float e = exp(-abs(x));
  return (x < 0 ? e : splat(1)) / (1.0f + e);
}

/// erf x; 6 ulp. x·P(x²)/Q(x²) up to where erf rounds to 1; all coefficients are positive, so that
/// nothing cancels.
inline Float erf(Float x) {
  constexpr float kP[] = {2.12952841e-6f, 2.86065871e-4f, 3.64387413e-3f,
                          5.23929965e-2f, 1.87060031e-1f, 1.12837915f};
  constexpr float kQ[] = {3.89702336e-5f, 1.14013297e-3f, 1.47247428e-2f,
                          1.12804464e-1f, 4.99110552e-1f, 1};
  const Float t = clamp(x, -3.8325f, 3.8325f);
  const Float square = t * t;
  return clamp(t * polynomial(square, kP) / polynomial(square, kQ), -1, 1);
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

/// a^b; 1 ulp. 2^(b·log₂ a) in f64 where a is positive and both are finite; other lanes go through
/// the C library.
inline Float pow(Float a, Float b) {
  const auto ordinary = (a > 0) & (a < __builtin_inff()) & (abs(b) < __builtin_inff());
  const Double x = __builtin_convertvector(ordinary ? a : splat(1), Double);
  // x = m·2^e with m in [√½, √2), and log m = 2·artanh(s).
  constexpr std::int64_t kRootOfHalf = 0x3fe6a09e667f3bcd, kMantissa = 0x000fffffffffffff;
  const Longs shifted = (Longs)x - kRootOfHalf;
  const Double m = (Double)((shifted & kMantissa) + kRootOfHalf);
  const Double s = (m - 1.0) / (m + 1.0);
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  constexpr double kLog[] = {kTwoOverLn2 / 15, kTwoOverLn2 / 13, kTwoOverLn2 / 11, kTwoOverLn2 / 9,
                             kTwoOverLn2 / 7,  kTwoOverLn2 / 5,  kTwoOverLn2 / 3,  kTwoOverLn2};
  const Bits e = __builtin_convertvector(shifted >> 52, Bits);
  const Double log2 = __builtin_convertvector(e, Double) + s * polynomial(s * s, kLog);
  const Double wanted = __builtin_convertvector(ordinary ? b : splat(0), Double) * log2;
  const Double t =
      wanted < -200.0 ? Double{} - 200.0 : (wanted > 200.0 ? Double{} + 200.0 : wanted);
  const Float whole = round(__builtin_convertvector(t, Float));
  const Double r = (t - __builtin_convertvector(whole, Double)) * 0.69314718055994531;
  constexpr double kExp[] = {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                             1.0 / 24,     1.0 / 6,     1.0 / 2,    1.0,       1.0};
  const Longs n = __builtin_convertvector(__builtin_convertvector(whole, Bits), Longs);
  const Double scale = (Double)((n + 1023) << 52);
  Float y = __builtin_convertvector(polynomial(r, kExp) * scale, Float);
  for (std::size_t i = 0; i < kLanes; ++i)
    if (!ordinary[i]) y[i] = powf(a[i], b[i]);
  return y;
}

}  // namespace
}  // namespace optcmp::expression
