#include "expression/block_code.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace optcmp::expression {

namespace {

constexpr std::size_t kAlive = static_cast<std::size_t>(-1);

class Lowering {
 public:
  Lowering(const Code& code, Placement placement) : code_(code), placement_(std::move(placement)) {
    lowered_.registers = placement_.registers;
    find_last_uses();
  }

  BlockCode run(const std::string& where) && {
    for (std::size_t k = 0; k < code_.instructions.size(); ++k) emit(k);
    emit_copies();
    if (lowered_.registers > kMaxRegisters) {
      throw std::invalid_argument(where + ": needs " + std::to_string(lowered_.registers) +
                                  " values at once; the evaluator has room for " +
                                  std::to_string(kMaxRegisters));
    }
    return std::move(lowered_);
  }

 private:
  void find_last_uses() {
    last_use_.assign(code_.instructions.size(), 0);
    for (std::size_t k = 0; k < code_.instructions.size(); ++k) {
      last_use_[k] = k;
      for_each_argument(k, [&](const Operand& operand) {
        if (operand.kind == Operand::Kind::Result) last_use_[operand.index] = k;
      });
    }
    for (const Code::Output& output : code_.outputs)
      if (output.from.kind == Operand::Kind::Result) last_use_[output.from.index] = kAlive;
  }

  template <class Body>
  void for_each_argument(std::size_t k, Body body) const {
    const Instruction& instruction = code_.instructions[k];
    for (std::size_t a = 0; a < info(instruction.op).arity; ++a) body(instruction.args[a]);
  }

  bool reads(const Operand& operand, std::uint32_t slot) const {
    if (operand.kind != Operand::Kind::Input) return false;
    const Source& source = placement_.inputs[operand.index];
    return !source.is_scalar && source.index == slot;
  }

  /// Whether the old value of a register is still read after instruction k.
  bool read_after(std::size_t k, std::uint32_t slot) const {
    bool found = false;
    for (std::size_t j = k + 1; j < code_.instructions.size(); ++j)
      for_each_argument(j, [&](const Operand& operand) { found |= reads(operand, slot); });
    for (const Code::Output& output : code_.outputs) found |= reads(output.from, slot);
    return found;
  }

  /// The output register that instruction k may write.
  std::optional<std::uint32_t> final_register(std::size_t k) const {
    for (std::size_t o = 0; o < code_.outputs.size(); ++o) {
      const Operand& from = code_.outputs[o].from;
      if (from.kind != Operand::Kind::Result || from.index != k) continue;
      if (!read_after(k, placement_.outputs[o])) return placement_.outputs[o];
    }
    return std::nullopt;
  }

  std::uint32_t take_register() {
    if (free_.empty()) return lowered_.registers++;
    const std::uint32_t taken = free_.back();
    free_.pop_back();
    return taken;
  }

  Source source(const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::Input:
        return placement_.inputs[operand.index];
      case Operand::Kind::Result:
        return {false, results_[operand.index]};
      case Operand::Kind::Constant:
        break;
    }
    lowered_.constants.push_back(static_cast<float>(operand.value));
    return {true, placement_.scalars + static_cast<std::uint32_t>(lowered_.constants.size() - 1)};
  }

  void emit(std::size_t k) {
    BlockOp op{code_.instructions[k].op, false, 0, {}};
    std::size_t arguments = 0;
    for_each_argument(k, [&](const Operand& operand) { op.args[arguments++] = source(operand); });
    // Elementwise, so a result may take the register of an argument that dies here.
    for_each_argument(k, [&](const Operand& operand) { release(operand, k); });
    const auto slot = final_register(k);
    op.target = slot ? *slot : take_register();
    results_.push_back(op.target);
    if (!slot && last_use_[k] == k) free_.push_back(op.target);
    lowered_.ops.push_back(op);
  }

  void release(const Operand& operand, std::size_t k) {
    if (operand.kind != Operand::Kind::Result || last_use_[operand.index] != k) return;
    last_use_[operand.index] = kAlive;  // Once, even when an instruction names it twice.
    free_.push_back(results_[operand.index]);
  }

  void copy(std::uint32_t target, const Source& from) {
    lowered_.ops.push_back({Operator::Add, true, target, {from, {}, {}}});
  }

  /// Outputs that no instruction wrote in place. Old values are saved before any is overwritten.
  void emit_copies() {
    std::vector<std::pair<std::uint32_t, Source>> copies;
    for (std::size_t o = 0; o < code_.outputs.size(); ++o) {
      const Operand& operand = code_.outputs[o].from;
      Source from = source(operand);
      if (!from.is_scalar && from.index == placement_.outputs[o]) continue;
      if (operand.kind == Operand::Kind::Input && !from.is_scalar) {
        const Source saved = {false, take_register()};
        copy(saved.index, from);
        from = saved;
      }
      copies.emplace_back(placement_.outputs[o], from);
    }
    for (const auto& [target, from] : copies) copy(target, from);
  }

  const Code& code_;
  Placement placement_;
  BlockCode lowered_;
  std::vector<std::size_t> last_use_;   ///< Of each result.
  std::vector<std::uint32_t> results_;  ///< Register of each result.
  std::vector<std::uint32_t> free_;
};

}  // namespace

BlockCode lower(const std::string& where, const Code& code, Placement placement) {
  return Lowering(code, std::move(placement)).run(where);
}

}  // namespace optcmp::expression
