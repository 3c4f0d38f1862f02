// Tensors that are made where a concatenation wants them, so that nothing is copied there.
#pragma once

#include <optional>

#include "ops/registry.hpp"

namespace optcmp::ops {

/// Where output k of the op belongs, when all that becomes of it is one part of a concatenation.
/// The op that asks must write it there.
std::optional<Placed> place_in_concat(const OpView& op, Planner& planner, std::size_t k);

}  // namespace optcmp::ops
