// All parameters in one flat buffer in the engine's layouts; gradients and optimizer state
// likewise.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "optim/updater.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/layout.hpp"
#include "runtime/planner.hpp"
#include "runtime/program.hpp"

namespace optcmp {

struct Parameter {
  std::string name;
  Shape shape;
  bool decay = false;
  std::size_t group = 0;
  cpu::Desc layout;
  std::size_t offset = 0;  ///< In floats, a multiple of 16.
  std::size_t size = 0;    ///< In floats, the layout's padding included.
};

/// Parameters that are updated alike.
struct StoreGroup {
  std::set<std::string, std::less<>> names;
  bool all_decay = false;         ///< All have decay, whatever the program says.
  std::vector<float> state_init;  ///< One value a state slot.
};

/// Parameters of a group lie together, those with decay before those without, so that each kind is
/// one range. Padding within
/// and between parameters is zero in parameters and gradients.
class ParameterStore {
 public:
  /// The parameters of a planned training program, each in one of the groups.
  ParameterStore(const Program& program, const ParameterLayouts& layouts,
                 const std::vector<StoreGroup>& groups);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Throws std::invalid_argument listing the names there are.
  const Parameter& find(std::string_view name) const;

  std::size_t size() const { return size_; }    ///< Of each flat buffer, in floats.
  std::size_t slots() const { return slots_; }  ///< The most that a group has.
  float* values() const { return memory_.floats(); }
  float* gradients() const { return memory_.floats() + stride_; }
  float* state(std::size_t slot) const { return memory_.floats() + (2 + slot) * stride_; }

  /// Keeps the padding zero whatever an update rule makes of it.
  void clear_padding();

  /// All of a group to update, in at most `threads` parts a coefficient, valid as long as the
  /// store.
  std::vector<optim::Range> ranges(std::size_t group, float l2, float weight_decay,
                                   int threads) const;

  /// True when all parameters, gradients and states are finite, padding aside, which becomes zero.
  bool finite();

 private:
  void add(const Tensor& tensor, const ParameterLayouts& layouts, bool decay, std::size_t group);

  std::vector<Parameter> parameters_;
  std::vector<PaddingRun> padding_;
  struct Extent {
    std::size_t begin, decay_end, end;
  };
  std::vector<Extent> extents_;  ///< Of each group.
  std::size_t size_ = 0, slots_ = 0;
  std::size_t stride_ = 0;  ///< From one flat buffer to the next, in floats.
  AlignedBuffer memory_;
  mutable std::vector<std::vector<float*>> state_pointers_;
};

}  // namespace optcmp
