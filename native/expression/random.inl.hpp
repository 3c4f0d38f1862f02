// Random numbers by Philox4x32-10 (runtime/philox.hpp), a vector of counters at a time: the
// elements 4i … 4i + 3 of a stream are the four words at the counter (i, stream, step, 3).
// src/compiler/ops/noise.ts draws the same.
#pragma once

#include "expression/random_key.hpp"
#include "expression/simd_math.hpp"

namespace optcmp::expression {
namespace {

/// The purpose of these numbers among those of RandomStream (runtime/philox.hpp).
constexpr std::uint32_t kNoise = 3;

/// The 64-bit products of the lanes of a with m.
inline void multiply(Words a, std::uint32_t m, Words& high, Words& low) {
#if defined(__AVX512F__)
  const __m512i x = (__m512i)a, by = _mm512_set1_epi32(static_cast<int>(m));
  const __m512i even = _mm512_mul_epu32(x, by);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), by);
  high = (Words)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
  low = a * m;
#elif defined(__AVX2__)
  const __m256i x = (__m256i)a, by = _mm256_set1_epi32(static_cast<int>(m));
  const __m256i even = _mm256_mul_epu32(x, by);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), by);
  high = (Words)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  low = a * m;
#else
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::uint64_t product = std::uint64_t{a[i]} * m;
    high[i] = static_cast<std::uint32_t>(product >> 32);
    low[i] = static_cast<std::uint32_t>(product);
  }
#endif
}

/// The words of kLanes counters from `block` on: element 4j + k is out[k][j].
inline void philox(const RandomKey& key, std::uint32_t stream, std::uint64_t block,
                   Words (&out)[4]) {
  Words c0, c1 = Words{} + stream, c2 = Words{} + key.step, c3 = Words{} + kNoise;
  for (std::size_t i = 0; i < kLanes; ++i) c0[i] = static_cast<std::uint32_t>(block + i);
  auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    Words high_a, low_a, high_b, low_b;
    multiply(c0, 0xD2511F53, high_a, low_a);
    multiply(c2, 0xCD9E8D57, high_b, low_b);
    c0 = high_b ^ c1 ^ k0;
    c1 = low_b;
    c2 = high_a ^ c3 ^ k1;
    c3 = low_a;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/// The upper 24 bits, as whole numbers.
inline Float upper(Words words) { return __builtin_convertvector((Bits)(words >> 8), Float); }

/// On [0, 1), in steps of 2⁻²⁴.
inline void uniform(Words (&words)[4], float (&to)[4][kLanes]) {
  for (std::size_t k = 0; k < 4; ++k) store(to[k], upper(words[k]) * 0x1p-24f);
}

/// Standard normal: Box & Muller 1958, a pair from each pair of words.
inline void normal(Words (&words)[4], float (&to)[4][kLanes]) {
  for (std::size_t k = 0; k < 4; k += 2) {
    const Float radius = sqrt(-2.0f * log((upper(words[k]) + 1.0f) * 0x1p-24f));
    const Float angle = upper(words[k + 1]) * (0x1p-24f * 6.283185307179586f);
    store(to[k], radius * cos(angle));
    store(to[k + 1], radius * sin(angle));
  }
}

}  // namespace
}  // namespace optcmp::expression
