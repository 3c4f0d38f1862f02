// The passes of one instruction set. Included by portable.cpp, avx2.cpp and avx512.cpp, which are
// compiled with that set's flags; everything has internal linkage (see
// expression/simd.hpp).
#pragma once

#include "expression/block.inl.hpp"
#include "optim/kernels.generated.hpp"
#include "optim/pass.hpp"

namespace optcmp::optim {
namespace {

using namespace expression;

/// Applies what comes before the rule to vectors of p and g.
struct Prelude {
  Float scale, clip, l2, decay;

  template <class Pass>
  explicit Prelude(const Pass& pass)
      : scale(splat(pass.prelude.scale)),
        clip(splat(pass.prelude.clip_value)),
        l2(splat(pass.l2)),
        decay(splat(pass.decay)) {}

  void apply(Float& p, Float& g) const {
    g = max(min(scale * g, clip), -clip) + l2 * p;
    p = p - decay * p;
  }
};

/// Whether all that it was shown is finite: x − x is 0, or else NaN.
struct FiniteCheck {
  Float sum = splat(0);

  void see(Float x) { sum = sum + (x - x); }

  void see(const float* values, std::size_t size) {
    const std::size_t whole = size - size % kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes) see(load(values + i));
    if (whole < size) see(load_part(values + whole, size - whole));
  }

  bool passed() const {
    for (std::size_t k = 0; k < kLanes; ++k)
      if (sum[k] != 0) return false;
    return true;
  }
};

// ---- Generated kernels -------------------------------------------------------------------------

struct WholeVector {
  Float load(const float* from) const { return expression::load(from); }
  void store(float* to, Float x) const { expression::store(to, x); }
};

struct PartVector {
  std::size_t count;
  Float load(const float* from) const { return load_part(from, count); }
  void store(float* to, Float x) const { store_part(to, x, count); }
};

template <class Rule, bool kPrelude>
bool run_kernel(const Pass& pass) {
  // One more than needed, as arrays may not be empty.
  float* state[Rule::kState + 1];
  for (std::size_t k = 0; k < Rule::kState; ++k) state[k] = pass.state[k];
  Float c[Rule::kCoefficients + 1];
  for (std::size_t k = 0; k < Rule::kCoefficients; ++k) c[k] = splat(pass.scalars[k]);
  float* const parameter = pass.parameter;
  const float* const gradient = pass.gradient;
  const Prelude prelude(pass);
  FiniteCheck check;

  const auto step = [&](std::size_t i, auto access) {
    Float p = access.load(parameter + i);
    Float g = access.load(gradient + i);
    Float s[Rule::kState + 1];
    for (std::size_t k = 0; k < Rule::kState; ++k) s[k] = access.load(state[k] + i);
    check.see(g);
    if constexpr (kPrelude) prelude.apply(p, g);
    Rule::apply(p, g, s, c);
    check.see(p);
    for (std::size_t k = 0; k < Rule::kState; ++k) check.see(s[k]);
    access.store(parameter + i, p);
    for (std::size_t k = 0; k < Rule::kWritten; ++k) access.store(state[k] + i, s[k]);
  };

  const std::size_t whole = pass.size - pass.size % kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) step(i, WholeVector{});
  if (whole < pass.size) step(whole, PartVector{pass.size - whole});
  return check.passed();
}

template <class Rule>
bool kernel(const Pass& pass) {
  if (has_prelude(pass)) return run_kernel<Rule, true>(pass);
  return run_kernel<Rule, false>(pass);
}

template <class... Rules>
struct Table {
  static constexpr GeneratedKernel kEntries[] = {{Rules::kFingerprint, kernel<Rules>}...};
};
using Kernels = GeneratedRules<Table>;

// ---- Evaluator ---------------------------------------------------------------------------------

/// Elements of a block when there is room in scratch: measured best of 128 … 1024 (Zen 4).
constexpr std::size_t kMaxBlock = 256;

constexpr std::uint32_t kParameter = 0;
constexpr std::uint32_t kGradient = 1;
constexpr std::uint32_t kFirstState = 2;

/// Runs the prelude over a block, in place for p and from `gradient` into the register of g.
void run_prelude(const Prelude& prelude, float* p, const float* gradient, float* g,
                 std::size_t size) {
  for (std::size_t i = 0; i < size; i += kLanes) {
    Float pi = load(p + i);
    Float gi = load(gradient + i);
    prelude.apply(pi, gi);
    store(p + i, pi);
    store(g + i, gi);
  }
}

/// Fetches a share of the next block of every array into cache while the present one is computed.
struct Prefetcher {
  const Pass& pass;
  std::size_t state_slots;
  std::size_t begin, end;  ///< Elements of the next block.

  void share(std::size_t k, std::size_t of) const {
    const std::size_t lines = (end - begin) / kMinBlock;
    for (std::size_t line = lines * k / of; line < lines * (k + 1) / of; ++line) {
      const std::size_t i = begin + line * kMinBlock;
      __builtin_prefetch(pass.parameter + i, 1);
      __builtin_prefetch(pass.gradient + i, 0);
      for (std::size_t s = 0; s < state_slots; ++s) __builtin_prefetch(pass.state[s] + i, 1);
    }
  }
};

bool evaluate(const RuleCode& code, const Pass& pass) {
  alignas(64) float scratch[kScratchFloats];
  float* registers[kMaxRegisters];
  // Registers are a cache line further apart than a block, so that they do not alias in the cache.
  const std::size_t room = kScratchFloats / code.registers / kMinBlock * kMinBlock;
  const std::size_t stride = room < kMaxBlock + kMinBlock ? room : kMaxBlock + kMinBlock;
  const std::size_t block_size = stride - kMinBlock;
  const auto in_scratch = [&](std::uint32_t k) { return scratch + k * stride; };
  for (std::uint32_t k = 0; k < code.registers; ++k) registers[k] = in_scratch(k);

  const Prelude prelude(pass);
  const bool with_prelude = has_prelude(pass);
  FiniteCheck check;
  const auto run_block = [&](const float* gradient, std::size_t size,
                             const Prefetcher& prefetcher) {
    check.see(gradient, size);
    if (with_prelude)
      run_prelude(prelude, registers[kParameter], gradient, registers[kGradient], size);
    const Block block{registers, pass.scalars, size, 0, {}};
    for (std::size_t k = 0; k < code.op_count; ++k) {
      prefetcher.share(k, code.op_count);
      block.run(code.ops[k]);
    }
    check.see(registers[kParameter], size);
    for (std::uint32_t k = 0; k < code.state_slots; ++k)
      check.see(registers[kFirstState + k], size);
  };

  // Whole blocks are worked on where they lie; only temporaries are in scratch. Without a prelude
  // the register of g is the gradient itself, which no op writes.
  const std::size_t whole = pass.size - pass.size % kLanes;
  for (std::size_t i = 0; i < whole; i += block_size) {
    const std::size_t size = whole - i < block_size ? whole - i : block_size;
    const std::size_t next = i + size;
    registers[kParameter] = pass.parameter + i;
    if (!with_prelude) registers[kGradient] = const_cast<float*>(pass.gradient) + i;
    for (std::uint32_t k = 0; k < code.state_slots; ++k)
      registers[kFirstState + k] = pass.state[k] + i;
    const std::size_t next_end = next + block_size < whole ? next + block_size : whole;
    run_block(pass.gradient + i, size, {pass, code.state_slots, next, next_end});
  }
  if (whole == pass.size) return check.passed();

  // The ragged end is worked on in scratch, padded to one vector.
  const std::size_t count = pass.size - whole;
  for (std::uint32_t k = 0; k < kFirstState + code.state_slots; ++k) registers[k] = in_scratch(k);
  store(registers[kParameter], load_part(pass.parameter + whole, count));
  store(registers[kGradient], load_part(pass.gradient + whole, count));
  for (std::uint32_t k = 0; k < code.state_slots; ++k)
    store(registers[kFirstState + k], load_part(pass.state[k] + whole, count));
  run_block(registers[kGradient], kLanes, {pass, code.state_slots, whole, whole});
  memcpy(pass.parameter + whole, registers[kParameter], count * sizeof(float));
  for (std::uint32_t k = 0; k < code.state_slots; ++k)
    memcpy(pass.state[k] + whole, registers[kFirstState + k], count * sizeof(float));
  return check.passed();
}

// ---- Lines of staged rules ---------------------------------------------------------------------

/// `first` is the block's place in the line.
void add_up(SumKind kind, const float* values, std::size_t size, std::size_t first, double* to) {
  if (kind == SumKind::Each) {
    for (std::size_t i = 0; i < size; ++i) to[first + i] += static_cast<double>(values[i]);
    return;
  }
  const std::size_t whole = size - size % kSumLanes;
  for (std::size_t i = 0; i < whole; i += kSumLanes)
    for (std::size_t k = 0; k < kSumLanes; ++k) to[k] += static_cast<double>(values[i + k]);
  for (std::size_t i = whole; i < size; ++i) to[i - whole] += static_cast<double>(values[i]);
}

void apply_mask(float* values, const float* mask, std::size_t size) {
  for (std::size_t i = 0; i < size; i += kLanes) {
    Bits value, counts;
    memcpy(&value, values + i, sizeof(value));
    memcpy(&counts, mask + i, sizeof(counts));
    value &= counts;
    memcpy(values + i, &value, sizeof(value));
  }
}

bool evaluate_line(const LineCode& code, const Line& line) {
  alignas(64) float scratch[kScratchFloats];
  alignas(64) float mask[kMaxBlock];
  float* registers[kMaxRegisters];
  const std::size_t room = kScratchFloats / code.registers / kMinBlock * kMinBlock;
  const std::size_t stride = room < kMaxBlock + kMinBlock ? room : kMaxBlock + kMinBlock;
  const std::size_t block_size = stride - kMinBlock;
  const auto in_scratch = [&](std::uint32_t k) { return scratch + k * stride; };
  for (std::uint32_t k = 0; k < code.registers; ++k) registers[k] = in_scratch(k);

  const Prelude prelude(line);
  const bool with_prelude = has_prelude(line);
  FiniteCheck check;
  for (std::size_t begin = 0; begin < line.size; begin += block_size) {
    const std::size_t rest = line.size - begin;
    const std::size_t size = rest < block_size ? rest : block_size;
    const std::size_t padded = (size + kLanes - 1) / kLanes * kLanes;
    // A ragged block is worked on in scratch, padded to whole vectors; so is what the prelude
    // changes.
    const auto copied = [&](std::uint32_t k) {
      return size < padded || (with_prelude && k < kFirstState);
    };
    const auto copy = [&](const float* from, float* to) {
      memcpy(to, from + begin, size * sizeof(float));
      memset(to + size, 0, (padded - size) * sizeof(float));
    };
    for (std::uint32_t k = 0; k < code.array_count; ++k) {
      if (line.arrays[k] == nullptr) continue;
      registers[k] = copied(k) ? in_scratch(k) : line.arrays[k] + begin;
      if (copied(k)) copy(line.arrays[k], registers[k]);
    }
    if (code.reads_gradient) check.see(registers[kGradient], padded);
    if (with_prelude && line.arrays[kParameter] != nullptr)
      run_prelude(prelude, registers[kParameter], registers[kGradient], registers[kGradient],
                  padded);
    const Block block{registers, line.scalars, padded, 0, {}};
    for (std::size_t k = 0; k < code.op_count; ++k) block.run(code.ops[k]);
    if (line.mask != nullptr && code.sum_count > 0) copy(line.mask, mask);
    for (std::uint32_t k = 0; k < code.sum_count; ++k) {
      float* const values = registers[code.array_count + k];
      if (line.mask != nullptr) apply_mask(values, mask, padded);
      add_up(code.sums[k], values, size, begin, line.sums[k]);
    }
    for (std::uint32_t k = 0; k < code.array_count; ++k) {
      if (!code.written[k]) continue;
      check.see(registers[k], padded);
      if (copied(k)) memcpy(line.arrays[k] + begin, registers[k], size * sizeof(float));
    }
  }
  return check.passed();
}

// ---- Sum of squares ----------------------------------------------------------------------------

/// 32 partial sums, whatever the instruction set, then a fixed tree: the order of additions depends
/// on `size` alone. Squares of floats are exact in f64.
double sum_of_squares(const float* values, std::size_t size) {
  constexpr std::size_t kSums = 32;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) {
      const double x = values[i + k];
      sums[k] += x * x;
    }
  }
  for (; i < size; ++i) {
    const double x = values[i];
    sums[i % kSums] += x * x;
  }
  for (std::size_t half = kSums / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  return sums[0];
}

constexpr Passes kPasses = {evaluate, evaluate_line, sum_of_squares, Kernels::kEntries,
                            sizeof(Kernels::kEntries) / sizeof(GeneratedKernel)};

}  // namespace
}  // namespace optcmp::optim
