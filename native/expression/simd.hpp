// Vectors of floats and exact operations on them. Included by files compiled for one instruction
// set each, so everything has internal linkage: the linker must never share code between them.
// Every operation rounds as IEEE 754 says, so all sets agree to the bit.
#pragma once

#include <math.h>
#include <string.h>

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define OPTCMP_LANES 16
#elif defined(__AVX2__)
#define OPTCMP_LANES 8
#else
#define OPTCMP_LANES 4
#endif

namespace optcmp::expression {
namespace {

constexpr std::size_t kLanes = OPTCMP_LANES;

typedef float Float __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::int32_t Bits __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::uint32_t Words __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));

inline Float splat(float x) { return x - Float{}; }

inline Float load(const float* from) {
  Float x;
  memcpy(&x, from, sizeof(x));
  return x;
}

inline void store(float* to, Float x) { memcpy(to, &x, sizeof(x)); }

/// The first `count` < kLanes lanes; the others are 0.
inline Float load_part(const float* from, std::size_t count) {
  Float x{};
  memcpy(&x, from, count * sizeof(float));
  return x;
}

inline void store_part(float* to, Float x, std::size_t count) {
  memcpy(to, &x, count * sizeof(float));
}

template <class Function>
inline Float each_lane(Function function, Float x) {
  Float y;
  for (std::size_t i = 0; i < kLanes; ++i) y[i] = function(x[i]);
  return y;
}

inline Float add(Float a, Float b) { return a + b; }
inline Float sub(Float a, Float b) { return a - b; }
inline Float mul(Float a, Float b) { return a * b; }
inline Float div(Float a, Float b) { return a / b; }
inline Float neg(Float a) { return -a; }
inline Float abs(Float a) { return (Float)((Bits)a & 0x7fffffff); }
// NaN in either operand gives NaN.
inline Float min(Float a, Float b) { return (a < b) | (a != a) ? a : b; }
inline Float max(Float a, Float b) { return (a > b) | (a != a) ? a : b; }
inline Float less(Float a, Float b) { return a < b ? splat(1) : splat(0); }
inline Float equal(Float a, Float b) { return a == b ? splat(1) : splat(0); }
inline Float select(Float c, Float a, Float b) { return c > 0 ? a : b; }
// Keeps ±0 and NaN.
inline Float sign(Float a) { return a > 0 ? splat(1) : (a < 0 ? splat(-1) : a); }

inline Float sqrt(Float a) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(a);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(a);
#else
  return each_lane([](float x) { return __builtin_sqrtf(x); }, a);
#endif
}

inline Float floor(Float a) {
#if defined(__AVX512F__)
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  return _mm256_floor_ps(a);
#else
  return each_lane([](float x) { return __builtin_floorf(x); }, a);
#endif
}

/// To the nearest whole number, to the even one of two.
inline Float round(Float a) {
#if defined(__AVX512F__)
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return each_lane([](float x) { return __builtin_nearbyintf(x); }, a);
#endif
}

}  // namespace
}  // namespace optcmp::expression
