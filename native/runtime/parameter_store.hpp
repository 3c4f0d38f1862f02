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
  bool row_major_state = false;   ///< Whatever the parameters' layouts.
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

  std::size_t size() const {
    return size_;
  }  ///< Of all parameters and of all gradients, in floats.
  float* values() const { return memory_.floats(); }
  float* gradients() const { return memory_.floats() + stride_; }
  /// How many state slots a group has.
  std::size_t slots(std::size_t group) const { return extents_[group].slots; }
  float* state(const Parameter& parameter, std::size_t slot) const {
    return state(extents_[parameter.group], slot, parameter.offset);
  }
  cpu::Desc state_layout(const Parameter& parameter) const;
  std::size_t state_bytes() const;

  /// Copies a group's gradients, times `scale`, into one of its state slots.
  void keep_gradients(std::size_t group, std::size_t slot, float scale, int threads) const;

  /// Keeps the padding zero whatever an update rule makes of it.
  void clear_padding();

  /// All of a group to update, in at most `threads` parts a coefficient, valid as long as the
  /// store.
  std::vector<optim::Range> ranges(std::size_t group, float l2, float weight_decay,
                                   int threads) const;

  /// True when all parameters, gradients and states are finite, padding aside, which becomes zero.
  bool finite();

 private:
  /// A few lines between flat buffers, so that the streams of an update do not compete for the same
  /// cache sets.
  static constexpr std::size_t kApart = 5 * kAlignment / sizeof(float);
  void add(const Tensor& tensor, const ParameterLayouts& layouts, bool decay, std::size_t group);

  std::vector<Parameter> parameters_;
  std::vector<PaddingRun> padding_;
  struct Extent {
    std::size_t begin, decay_end, end;
    std::size_t slots;
    bool row_major_state;
    std::size_t state;  ///< Where its first slot is, in floats.

    std::size_t size() const { return end - begin; }
    /// From one slot to the next.
    std::size_t stride() const { return size() + kApart; }
  };
  std::vector<Extent> extents_;  ///< Of each group.
  /// Of an element of the group at an offset in the store.
  float* state(const Extent& extent, std::size_t slot, std::size_t offset) const {
    return memory_.floats() + extent.state + slot * extent.stride() + (offset - extent.begin);
  }

  std::size_t size_ = 0;
  std::size_t stride_ = 0;  ///< From parameters to gradients, in floats.
  AlignedBuffer memory_;
  mutable std::vector<std::vector<float*>> state_pointers_;
};

}  // namespace optcmp
