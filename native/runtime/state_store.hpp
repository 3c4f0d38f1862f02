// Tensors that persist between steps and are not trained: running statistics, recurrent state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/aligned_buffer.hpp"
#include "runtime/program.hpp"

namespace optcmp {

struct State {
  std::string name;
  Shape shape;
  bool reset = false;      ///< As Tensor::reset.
  std::size_t offset = 0;  ///< In floats.
  std::size_t size = 0;    ///< In floats.
};

/// Row-major values of all states, and those they start from.
class StateStore {
 public:
  /// The states of a training program at their initial values. Their random streams begin at
  /// `ordinal`.
  StateStore(const Program& program, std::uint64_t seed, std::uint32_t ordinal);

  const std::vector<State>& states() const { return states_; }
  /// Null when there is none of this name.
  const State* find(std::string_view name) const;
  float* values(const State& state) const { return values_.floats() + state.offset; }
  std::size_t bytes() const { return values_.size(); }

  /// Starts those that reset from their initial values.
  void restart();

  /// Puts all values back at the end of its life.
  class Keeper {
   public:
    explicit Keeper(StateStore& store);
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

   private:
    StateStore& store_;
  };

  /// Room for `remember`.
  void enable_replay();
  /// Notes all values for a `Replay`.
  void remember();

  /// Puts all values where they were remembered for its life, and back at its end.
  class Replay {
   public:
    explicit Replay(StateStore& store);
    ~Replay();
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

   private:
    StateStore& store_;
  };

 private:
  std::vector<State> states_;
  AlignedBuffer values_, initial_, kept_, remembered_;
};

}  // namespace optcmp
