// Lays code out for the block evaluator: registers, and results computed where they belong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "expression/code.hpp"

namespace optcmp::expression {

/// A value of the evaluator: a block register, or a scalar that is the same for all elements.
struct Source {
  bool is_scalar = false;
  std::uint32_t index = 0;
};

/// `target ← op(args)` over a block; a `copy` moves args[0].
struct BlockOp {
  Operator op;
  bool copy = false;
  std::uint32_t target = 0;
  Source args[3];
};

/// Floats of scratch that one evaluator call keeps on its stack; the narrowest block, a cache line;
/// and the registers that then fit, each with a line between it and the next.
inline constexpr std::size_t kScratchFloats = 8192;
inline constexpr std::size_t kMinBlock = 16;
inline constexpr std::size_t kMaxRegisters = kScratchFloats / (2 * kMinBlock);

/// Where code finds its inputs and leaves its outputs. An output may take the register of an input.
struct Placement {
  std::vector<Source> inputs;          ///< Of each input.
  std::vector<std::uint32_t> outputs;  ///< The register of each output; no two are the same.
  std::uint32_t registers = 0;         ///< Those below are taken.
  std::uint32_t scalars = 0;           ///< Likewise; constants of the code follow.
};

struct BlockCode {
  std::vector<BlockOp> ops;
  std::uint32_t registers = 0;
  std::vector<float> constants;  ///< The scalars from `Placement::scalars` on.
};

/// The code must be valid. A register that is no output's keeps its value. Throws
/// std::invalid_argument, `where` first, when more values are alive at once than there are
/// registers.
BlockCode lower(const std::string& where, const Code& code, Placement placement);

}  // namespace optcmp::expression
