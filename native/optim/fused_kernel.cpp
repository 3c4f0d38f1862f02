#include "optim/fused_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <optional>

#include "optim/assembler.hpp"

#if defined(OPTCMP_X86) && defined(__linux__)
#include <sys/mman.h>
#define OPTCMP_FUSED
#endif

namespace optcmp::optim {

#if defined(OPTCMP_FUSED)

namespace {

constexpr std::size_t kLanes = 8, kVectorBytes = kLanes * sizeof(float);
constexpr std::uint32_t kParameter = 0, kGradient = 1;
/// What the prelude needs, after the coefficients: scale, clip, −clip, l2, decay.
constexpr std::uint32_t kPreludeScalars = 5;
constexpr std::size_t kMaxScalars = 256;
constexpr std::size_t kMaxInstructions = 1000;  ///< Each may need a place on the stack.

/// Registers that hold the addresses of arrays, the mask and sums; rdi is the index, rsi the
/// scalars, rdx the end.
constexpr General kArrays[] = {General::Rax, General::R8,  General::R9,  General::R10,
                               General::R11, General::Rbx, General::Rbp, General::R12,
                               General::R13, General::R14, General::R15};
constexpr General kSaved[] = {General::Rbx, General::Rbp, General::R12,
                              General::R13, General::R14, General::R15};

/// Vector registers for values, of which sums may have two each as long as enough are left; the
/// others are for steps within an operation and for the check.
constexpr std::uint8_t kValueRegisters = 13, kTemporary = 13, kMask = 14, kCheck = 15;
constexpr std::uint8_t kLeastValueRegisters = 9;

struct Value {
  enum class Kind : std::uint8_t { Array, Scalar, Result };
  Kind kind = Kind::Scalar;
  std::uint32_t index = 0;

  auto operator<=>(const Value&) const = default;
};

struct Step {
  Operator op;
  std::array<Value, 3> args;
};

Value array(std::uint32_t index) { return {Value::Kind::Array, index}; }
Value scalar(std::uint32_t index) { return {Value::Kind::Scalar, index}; }
Value result(std::size_t index) { return {Value::Kind::Result, static_cast<std::uint32_t>(index)}; }

/// Constants in the order of their first use; bit patterns, so that masks are among them.
class Constants {
 public:
  explicit Constants(std::uint32_t first) : first_(first) {}

  Value of(float value) { return bits(std::bit_cast<std::uint32_t>(value)); }
  Value bits(std::uint32_t pattern) {
    const auto found = std::find(patterns_.begin(), patterns_.end(), pattern);
    const auto index = static_cast<std::uint32_t>(found - patterns_.begin());
    if (found == patterns_.end()) patterns_.push_back(pattern);
    return scalar(first_ + index);
  }

  std::vector<float> values() const {
    std::vector<float> floats;
    for (const std::uint32_t pattern : patterns_) floats.push_back(std::bit_cast<float>(pattern));
    return floats;
  }

 private:
  std::uint32_t first_;
  std::vector<std::uint32_t> patterns_;
};

/// Straight-line steps from arrays and scalars, what is summed, and what becomes of arrays.
struct Steps {
  std::vector<Step> all;
  std::vector<Value> sums;
  std::map<std::uint32_t, Value> outputs;

  Value add(Operator op, std::array<Value, 3> args) {
    all.push_back({op, args});
    return result(all.size() - 1);
  }
};

bool has_instruction(Operator op) {
  switch (op) {
    case Operator::Add:
    case Operator::Sub:
    case Operator::Mul:
    case Operator::Div:
    case Operator::Min:
    case Operator::Max:
    case Operator::Less:
    case Operator::Equal:
    case Operator::Neg:
    case Operator::Abs:
    case Operator::Sqrt:
    case Operator::Sign:
    case Operator::Floor:
    case Operator::Round:
    case Operator::Select:
      return true;
    default:
      return false;
  }
}

/// The code, after the prelude where asked for.
Steps steps_of(const FusedCode& from, bool with_prelude, Constants& constants) {
  Steps steps;
  Value p = array(kParameter), g = array(kGradient);
  if (with_prelude) {
    const auto number = [&](std::uint32_t k) { return scalar(from.scalars + k); };
    const Value scaled = steps.add(Operator::Mul, {number(0), g, {}});
    const Value below = steps.add(Operator::Min, {scaled, number(1), {}});
    const Value clipped = steps.add(Operator::Max, {below, number(2), {}});
    const Value penalty = steps.add(Operator::Mul, {number(3), p, {}});
    g = steps.add(Operator::Add, {clipped, penalty, {}});
    p = steps.add(Operator::Sub, {p, steps.add(Operator::Mul, {number(4), p, {}}), {}});
  }
  const std::size_t before = steps.all.size();
  const auto value = [&](const Operand& operand) -> Value {
    if (operand.kind == Operand::Kind::Result) return result(before + operand.index);
    if (operand.kind == Operand::Kind::Constant)
      return constants.of(static_cast<float>(operand.value));
    const expression::Source& source = from.inputs[operand.index];
    if (source.is_scalar) return scalar(source.index);
    if (source.index == kParameter) return p;
    return source.index == kGradient ? g : array(source.index);
  };
  for (const Instruction& instruction : from.code.instructions) {
    Step step{instruction.op, {}};
    for (std::size_t a = 0; a < expression::info(instruction.op).arity; ++a)
      step.args[a] = value(instruction.args[a]);
    steps.all.push_back(step);
  }
  steps.sums.resize(from.sums.size());
  for (std::size_t o = 0; o < from.outputs.size(); ++o) {
    const Value computed = value(from.code.outputs[o].from);
    if (from.outputs[o] < from.arrays) {
      steps.outputs[from.outputs[o]] = computed;
    } else {
      steps.sums[from.outputs[o] - from.arrays] = computed;
    }
  }
  return steps;
}

/// Which steps something comes of: the prelude makes more than all code reads.
std::vector<bool> needed(const Steps& steps) {
  std::vector<bool> found(steps.all.size(), false);
  const auto mark = [&](Value value) {
    if (value.kind == Value::Kind::Result) found[value.index] = true;
  };
  for (const Value value : steps.sums) mark(value);
  for (const auto& [to, from] : steps.outputs) mark(from);
  for (std::size_t k = steps.all.size(); k-- > 0;) {
    if (!found[k]) continue;
    for (std::size_t a = 0; a < expression::info(steps.all[k].op).arity; ++a)
      mark(steps.all[k].args[a]);
  }
  return found;
}

/// Addresses that a kernel keeps in registers; the mask is only there for sums.
std::size_t pointers(const FusedCode& from) {
  return from.arrays + (from.sums.empty() ? 0 : 1 + from.sums.size());
}

bool reads_gradient(const FusedCode& from) {
  return std::any_of(from.inputs.begin(), from.inputs.end(), [](const expression::Source& source) {
    return !source.is_scalar && source.index == kGradient;
  });
}

/// Writes the loop over vectors, with values in registers as long as there are enough, and the one
/// that is needed last on the stack otherwise.
class Emitter {
 public:
  Emitter(Assembler& assembler, const Steps& steps, const FusedCode& from, bool with_mask,
          Constants& constants)
      : assembler_(assembler),
        steps_(steps),
        from_(from),
        with_mask_(with_mask),
        constants_(constants),
        needed_(needed(steps)) {
    for (std::size_t k = 0; k < steps.all.size(); ++k)
      for (std::size_t a = 0; needed_[k] && a < arity(k); ++a)
        uses_[steps.all[k].args[a]].push_back(k);
    std::size_t k = steps.all.size();
    for (const Value value : steps.sums) uses_[value].push_back(k++);
    for (const auto& output : steps.outputs) uses_[output.second].push_back(k++);
    std::uint8_t next = kValueRegisters;
    for (const SumKind kind : from.sums) {
      const bool in_registers = kind == SumKind::Lanes && next > kLeastValueRegisters;
      if (in_registers) next -= 2;
      sum_registers_.push_back(in_registers ? std::optional(next) : std::nullopt);
    }
    value_registers_ = next;
  }

  void emit() {
    for (const General r : kSaved) assembler_.push(r);
    const std::size_t stack = stack_bytes();
    assembler_.add_to_stack(-static_cast<std::int32_t>(stack));
    for (std::size_t k = 0; k < pointers(from_); ++k)
      assembler_.load_pointer(kArrays[k], k * sizeof(void*));
    assembler_.clear_index();
    assembler_.load(kCheck, at(General::Rcx, 0));
    for_each_half_in_registers(
        [&](std::uint8_t r, const Vector& memory) { assembler_.load(r, memory); });

    const std::size_t begin = assembler_.position();
    if (reads_gradient(from_)) check(need(array(kGradient)));
    for (now_ = 0; now_ < steps_.all.size(); ++now_)
      if (needed_[now_]) step(steps_.all[now_]);
    // Before arrays are overwritten.
    for (std::size_t k = 0; k < steps_.sums.size(); ++k) {
      add_up(k, need(steps_.sums[k]));
      release(steps_.sums[k], now_++);
    }
    for (const auto& [to, from] : steps_.outputs) {
      const std::uint8_t value = need(from);
      check(value);
      if (from != array(to)) assembler_.store(place(array(to)), value);
      release(from, now_++);
    }
    assembler_.advance_index();
    assembler_.loop(begin);

    assembler_.store(at(General::Rcx, 0), kCheck);
    for_each_half_in_registers(
        [&](std::uint8_t r, const Vector& memory) { assembler_.store(memory, r); });
    assembler_.zero_upper();
    assembler_.add_to_stack(static_cast<std::int32_t>(stack));
    for (std::size_t k = std::size(kSaved); k-- > 0;) assembler_.pop(kSaved[k]);
    assembler_.leave();
  }

 private:
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);

  std::size_t arity(std::size_t k) const { return expression::info(steps_.all[k].op).arity; }

  /// The mask follows the arrays, and the sums the mask.
  Vector mask() const { return at(kArrays[from_.arrays], 0, 1); }
  Vector half_of_sum(std::size_t k, std::size_t half) const {
    const General base = kArrays[from_.arrays + 1 + k];
    return at(base, half * kVectorBytes, from_.sums[k] == SumKind::Each ? 2 : 0);
  }

  template <class Body>
  void for_each_half_in_registers(const Body& body) const {
    for (std::size_t k = 0; k < sum_registers_.size(); ++k)
      for (std::uint8_t half = 0; sum_registers_[k] && half < 2; ++half)
        body(static_cast<std::uint8_t>(*sum_registers_[k] + half), half_of_sum(k, half));
  }

  /// Adds the doubles of a value to sum k.
  void add_up(std::size_t k, std::uint8_t value) {
    Assembler& out = assembler_;
    if (with_mask_) {
      out.arithmetic(Arithmetic::And, kTemporary, value, mask());
      value = kTemporary;
    }
    for (std::uint8_t half = 0; half < 2; ++half) {
      if (half == 1) out.upper_half(kMask, value);
      out.widen(kMask, ymm(half == 0 ? value : kMask));
      const Vector memory = half_of_sum(k, half);
      if (const auto sum = sum_registers_[k]) {
        const auto r = static_cast<std::uint8_t>(*sum + half);
        out.add_doubles(r, r, ymm(kMask));
      } else {
        out.add_doubles(kMask, kMask, memory);
        out.store(memory, kMask);
      }
    }
    pinned_.clear();
  }

  /// One vector a result, should all be spilled.
  std::size_t stack_bytes() const { return steps_.all.size() * kVectorBytes; }

  /// Where a value is in memory, once it is there.
  Vector place(Value value) const {
    switch (value.kind) {
      case Value::Kind::Array:
        return at(kArrays[value.index], 0, 1);
      case Value::Kind::Scalar:
        return at(General::Rsi, value.index * kVectorBytes);
      case Value::Kind::Result:
        break;
    }
    return at(General::Rsp, value.index * kVectorBytes);
  }

  std::size_t next_use(Value value, std::size_t from) const {
    const auto found = uses_.find(value);
    if (found == uses_.end()) return kNever;
    const auto use = std::lower_bound(found->second.begin(), found->second.end(), from);
    return use == found->second.end() ? kNever : *use;
  }

  std::optional<std::uint8_t> register_of(Value value) const {
    for (std::uint8_t r = 0; r < value_registers_; ++r)
      if (held_[r] == value) return r;
    return std::nullopt;
  }

  bool is_pinned(std::uint8_t r) const {
    return std::find(pinned_.begin(), pinned_.end(), r) != pinned_.end();
  }

  /// A free register, or that of the value that is needed last.
  std::uint8_t take() {
    std::uint8_t best = 0;
    std::size_t latest = 0;
    for (std::uint8_t r = 0; r < value_registers_; ++r) {
      if (is_pinned(r)) continue;
      if (!held_[r]) return r;
      const std::size_t use = next_use(*held_[r], now_);
      if (use < latest) continue;
      latest = use;
      best = r;
    }
    const Value evicted = *held_[best];
    if (evicted.kind == Value::Kind::Result && latest != kNever && !spilled_[evicted]) {
      assembler_.store(place(evicted), best);
      spilled_[evicted] = true;
    }
    held_[best].reset();
    return best;
  }

  /// The register of a value, which stays there for this step.
  std::uint8_t need(Value value) {
    std::optional<std::uint8_t> r = register_of(value);
    if (!r) {
      r = take();
      assembler_.load(*r, place(value));
      held_[*r] = value;
    }
    pinned_.push_back(*r);
    return *r;
  }

  /// A source that may be in memory: scalars are read from there.
  Vector source(Value value) {
    if (value.kind == Value::Kind::Scalar && !register_of(value)) return place(value);
    return ymm(need(value));
  }

  /// Frees the register of a value that is not needed after use k.
  void release(Value value, std::size_t k) {
    if (next_use(value, k + 1) != kNever) return;
    if (const auto r = register_of(value)) held_[*r].reset();
  }

  void check(std::uint8_t value) {
    assembler_.arithmetic(Arithmetic::Sub, kTemporary, value, ymm(value));
    assembler_.arithmetic(Arithmetic::Add, kCheck, kCheck, ymm(kTemporary));
    pinned_.clear();
  }

  void step(const Step& step) {
    const auto& [a, b, c] = step.args;
    const std::size_t count = arity(now_);
    const std::uint8_t first = need(a);
    const Vector second = count > 1 ? source(b) : Vector{};
    const Vector third = count > 2 ? source(c) : Vector{};
    // Sources that die here leave their registers to the target, which is written last.
    for (std::size_t k = 0; k < count; ++k) release(step.args[k], now_);
    const auto end = held_.begin() + value_registers_;
    const auto free = std::find(held_.begin(), end, std::nullopt);
    const std::uint8_t target =
        free != end ? static_cast<std::uint8_t>(free - held_.begin()) : take();
    operation(step.op, target, first, second, third);
    pinned_.clear();
    const Value computed = result(now_);
    if (next_use(computed, now_ + 1) != kNever) held_[target] = computed;
  }

  /// The target may be one of the sources: it is written by the last instruction.
  void operation(Operator op, std::uint8_t target, std::uint8_t a, const Vector& b,
                 const Vector& c) {
    Assembler& out = assembler_;
    switch (op) {
      case Operator::Add:
        return out.arithmetic(Arithmetic::Add, target, a, b);
      case Operator::Sub:
        return out.arithmetic(Arithmetic::Sub, target, a, b);
      case Operator::Mul:
        return out.arithmetic(Arithmetic::Mul, target, a, b);
      case Operator::Div:
        return out.arithmetic(Arithmetic::Div, target, a, b);
      case Operator::Sqrt:
        return out.sqrt(target, ymm(a));
      case Operator::Floor:
        return out.round(target, ymm(a), true);
      case Operator::Round:
        return out.round(target, ymm(a), false);
      case Operator::Neg:
        return out.arithmetic(Arithmetic::Xor, target, a, constant(0x80000000));
      case Operator::Abs:
        return out.arithmetic(Arithmetic::And, target, a, constant(0x7fffffff));
      case Operator::Less:
      case Operator::Equal:
        out.compare(op == Operator::Less ? Comparison::Less : Comparison::Equal, kMask, a, b);
        return out.arithmetic(Arithmetic::And, target, kMask, constant(kOne));
      case Operator::Min:
      case Operator::Max:
        // b unless a is on the other side or NaN.
        out.load(kTemporary, b);
        out.compare(op == Operator::Min ? Comparison::Less : Comparison::Greater, kMask, a,
                    ymm(kTemporary));
        out.blend(kTemporary, kTemporary, ymm(a), kMask);
        out.compare(Comparison::Unordered, kMask, a, ymm(a));
        return out.blend(target, kTemporary, ymm(a), kMask);
      case Operator::Sign:
        zero();
        out.compare(Comparison::Greater, kMask, a, ymm(kTemporary));
        out.compare(Comparison::Less, kTemporary, a, ymm(kTemporary));
        // The other masks of a: kTemporary is −1 where a < 0, and a elsewhere.
        out.blend(kTemporary, a, constant(kMinusOne), kTemporary);
        return out.blend(target, kTemporary, constant(kOne), kMask);
      case Operator::Select:
        zero();
        out.compare(Comparison::Greater, kMask, a, ymm(kTemporary));
        out.load(kTemporary, c);
        return out.blend(target, kTemporary, b, kMask);
      default:
        return;  // has_instruction() keeps the others out.
    }
  }

  void zero() { assembler_.arithmetic(Arithmetic::Xor, kTemporary, kTemporary, ymm(kTemporary)); }

  Vector constant(std::uint32_t pattern) { return place(constants_.bits(pattern)); }

  static constexpr std::uint32_t kOne = 0x3f800000, kMinusOne = 0xbf800000;

  Assembler& assembler_;
  const Steps& steps_;
  const FusedCode& from_;
  bool with_mask_;
  Constants& constants_;
  std::vector<bool> needed_;
  std::vector<std::optional<std::uint8_t>> sum_registers_;  ///< The first of two.
  std::uint8_t value_registers_ = kValueRegisters;
  std::map<Value, std::vector<std::size_t>> uses_;  ///< In order.
  std::array<std::optional<Value>, kValueRegisters> held_;
  std::vector<std::uint8_t> pinned_;
  std::map<Value, bool> spilled_;
  std::size_t now_ = 0;
};

/// An array whose next value is the old one of another could be overwritten before it is read.
bool trades_slots(const Steps& steps) {
  return std::any_of(steps.outputs.begin(), steps.outputs.end(), [&](const auto& output) {
    const auto& [to, from] = output;
    return from.kind == Value::Kind::Array && from.index != to &&
           steps.outputs.contains(from.index);
  });
}

}  // namespace

std::unique_ptr<FusedKernel> FusedKernel::compile(const FusedCode& from) {
  if (!supported(InstructionSet::Avx2)) return nullptr;
  if (pointers(from) > std::size(kArrays)) return nullptr;
  if (from.code.instructions.size() > kMaxInstructions) return nullptr;
  for (const Instruction& instruction : from.code.instructions)
    if (!has_instruction(instruction.op)) return nullptr;

  Constants constants(from.scalars + kPreludeScalars);
  Assembler assembler;
  std::size_t entry[2][2] = {};
  for (const bool with_prelude : {false, true}) {
    const Steps steps = steps_of(from, with_prelude, constants);
    if (trades_slots(steps)) return nullptr;
    for (const bool with_mask : {false, true}) {
      entry[with_prelude][with_mask] = assembler.position();
      Emitter(assembler, steps, from, with_mask, constants).emit();
    }
  }

  std::unique_ptr<FusedKernel> kernel(new FusedKernel);
  kernel->arrays_ = from.arrays;
  kernel->written_.resize(from.arrays);
  for (const std::uint32_t output : from.outputs)
    if (output < from.arrays) kernel->written_[output] = true;
  kernel->sums_ = from.sums;
  kernel->coefficients_ = from.scalars;
  kernel->constants_ = constants.values();
  if (kernel->coefficients_ + kPreludeScalars + kernel->constants_.size() > kMaxScalars)
    return nullptr;
  const std::vector<std::uint8_t>& code = assembler.code();
  void* const memory =
      mmap(nullptr, code.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  kernel->memory_ = memory;
  kernel->bytes_ = code.size();
  std::memcpy(memory, code.data(), code.size());
  if (mprotect(memory, code.size(), PROT_READ | PROT_EXEC) != 0) return nullptr;
  auto* const begin = static_cast<std::uint8_t*>(memory);
  for (const bool with_prelude : {false, true})
    for (const bool with_mask : {false, true})
      kernel->functions_[with_prelude][with_mask] =
          reinterpret_cast<Function>(begin + entry[with_prelude][with_mask]);
  return kernel;
}

FusedKernel::~FusedKernel() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

bool FusedKernel::run(const Line& line) const {
  alignas(kVectorBytes) float scalars[kMaxScalars * kLanes];
  float* to = scalars;
  const auto put = [&](float value) { to = std::fill_n(to, kLanes, value); };
  for (std::size_t k = 0; k < coefficients_; ++k) put(line.scalars[k]);
  const auto& [scale, clip] = line.prelude;
  for (const float value : {scale, clip, -clip, line.l2, line.decay}) put(value);
  for (const float value : constants_) put(value);

  const Function* const functions = functions_[has_prelude(line)];
  alignas(kVectorBytes) float check[kLanes] = {};
  void* pointers[kMostArrays] = {};
  std::copy_n(line.arrays, arrays_, pointers);
  if (!sums_.empty()) pointers[arrays_] = const_cast<float*>(line.mask);
  for (std::size_t k = 0; k < sums_.size(); ++k) pointers[arrays_ + 1 + k] = line.sums[k];
  const std::size_t rest = line.size % kLanes, whole = line.size - rest;
  if (whole > 0) functions[line.mask != nullptr](pointers, scalars, whole * sizeof(float), check);

  // The ragged end is worked on in a copy, padded to one vector, whose padding is in no sum.
  if (rest > 0) {
    alignas(kVectorBytes) float copies[kMostArrays][kLanes] = {};
    alignas(kVectorBytes) double sums[kMostArrays][kLanes] = {};
    for (std::size_t k = 0; k < arrays_; ++k) {
      if (line.arrays[k] != nullptr) std::copy_n(line.arrays[k] + whole, rest, copies[k]);
      pointers[k] = copies[k];
    }
    constexpr auto kCounts = std::bit_cast<float>(0xffffffffu);
    if (!sums_.empty()) {
      float* const mask = copies[arrays_];
      if (line.mask != nullptr) {
        std::copy_n(line.mask + whole, rest, mask);
      } else {
        std::fill_n(mask, rest, kCounts);
      }
      pointers[arrays_] = mask;
    }
    for (std::size_t k = 0; k < sums_.size(); ++k)
      if (sums_[k] == SumKind::Each) pointers[arrays_ + 1 + k] = sums[k];
    functions[!sums_.empty()](pointers, scalars, kVectorBytes, check);
    for (std::size_t k = 0; k < arrays_; ++k)
      if (written_[k]) std::copy_n(copies[k], rest, line.arrays[k] + whole);
    for (std::size_t k = 0; k < sums_.size(); ++k)
      for (std::size_t i = 0; sums_[k] == SumKind::Each && i < rest; ++i)
        line.sums[k][whole + i] += sums[k][i];
  }
  return std::all_of(check, check + kLanes, [](float sum) { return sum == 0; });
}

#else

std::unique_ptr<FusedKernel> FusedKernel::compile(const FusedCode&) { return nullptr; }
FusedKernel::~FusedKernel() = default;
bool FusedKernel::run(const Line&) const { return true; }

#endif

}  // namespace optcmp::optim
