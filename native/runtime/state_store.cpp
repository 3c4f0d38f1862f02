#include "runtime/state_store.hpp"

#include <algorithm>

#include "runtime/initializer.hpp"

namespace optcmp {
namespace {

constexpr std::size_t kFloatsPerLine = kAlignment / sizeof(float);

void copy(const AlignedBuffer& from, AlignedBuffer& to) {
  std::copy_n(from.floats(), from.size() / sizeof(float), to.floats());
}

}  // namespace

StateStore::StateStore(const Program& program, std::uint64_t seed, std::uint32_t ordinal) {
  std::size_t total = 0;
  for (const Tensor& tensor : program.tensors) {
    if (tensor.role != Role::State) continue;
    const auto size = static_cast<std::size_t>(elements(tensor.shape));
    states_.push_back({tensor.name, tensor.shape, tensor.reset, total, size});
    total = align_up(total + size, kFloatsPerLine);
  }
  for (AlignedBuffer* buffer : {&values_, &initial_, &kept_}) {
    *buffer = AlignedBuffer(total * sizeof(float));
  }
  auto state = states_.begin();
  for (const Tensor& tensor : program.tensors) {
    if (tensor.role != Role::State) continue;
    const std::vector<float> values = initial_values(tensor, seed, ordinal++);
    std::copy(values.begin(), values.end(), initial_.floats() + state++->offset);
  }
  copy(initial_, values_);
}

const State* StateStore::find(std::string_view name) const {
  const auto found = std::find_if(states_.begin(), states_.end(),
                                  [name](const State& state) { return state.name == name; });
  return found == states_.end() ? nullptr : &*found;
}

void StateStore::restart() {
  for (const State& state : states_) {
    if (state.reset) std::copy_n(initial_.floats() + state.offset, state.size, values(state));
  }
}

StateStore::Keeper::Keeper(StateStore& store) : store_(store) { copy(store.values_, store.kept_); }
StateStore::Keeper::~Keeper() { copy(store_.kept_, store_.values_); }

void StateStore::enable_replay() { remembered_ = AlignedBuffer(values_.size()); }
void StateStore::remember() { copy(values_, remembered_); }

StateStore::Replay::Replay(StateStore& store) : store_(store) {
  float* const values = store.values_.floats();
  std::swap_ranges(values, values + store.values_.size() / sizeof(float),
                   store.remembered_.floats());
}
StateStore::Replay::~Replay() { copy(store_.remembered_, store_.values_); }

}  // namespace optcmp
