// Recurrent layers (LSTM, GRU, simple), all steps of some examples at a time, compiled for several
// instruction sets. What the layer computes is defined in src/compiler/ops/{lstm,gru,rnn}.ts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace optcmp::ops {

enum class Cell : std::uint8_t {
  Lstm,
  LstmCoupled,  ///< f = 1 − i.
  Gru,          ///< The reset gate scales h.
  GruLinear,    ///< The reset gate scales the product with h.
  RnnTanh,
  RnnRelu
};
constexpr std::size_t kCells = 6;

/// Rows by step, example and direction, their distances in floats; of states, the step is 0. Null
/// data where the layer has no such tensor.
template <class Float>
struct Rows3 {
  Float* data = nullptr;
  std::ptrdiff_t step = 0, example = 0, direction = 0;

  Float* at(std::size_t t, std::size_t n, std::size_t d) const {
    return data + static_cast<std::ptrdiff_t>(t) * step + static_cast<std::ptrdiff_t>(n) * example +
           static_cast<std::ptrdiff_t>(d) * direction;
  }
  explicit operator bool() const { return data != nullptr; }
};

struct RecurrentPlan {
  Cell cell;
  std::size_t steps, batch, directions, units;
  std::size_t padded;  ///< Units, to whole vectors: a multiple of `granule`.
  bool reverse;        ///< The first direction runs backwards; a second one always does.
};

struct RecurrentForward {
  RecurrentPlan plan;
  const float* weights;              ///< From `pack_forward`.
  const float* biases;               ///< From `pack_biases`.
  const float* peepholes = nullptr;  ///< Directions × 3 × padded.
  Rows3<const float> a, h, c;
  Rows3<float> y, last_h, last_c;
  Rows3<float> saved;   ///< `saved` × padded floats a row; step 0 when nothing is kept.
  Rows3<float> scaled;  ///< r⊙h of one step, for Cell::Gru.
};

struct RecurrentBackward {
  RecurrentPlan plan;
  const float* weights;  ///< From `pack_backward`.
  const float* peepholes = nullptr;
  Rows3<const float> h, c, y, saved, dy, dlast_h, dlast_c;
  Rows3<float> da, dh, dc;
  /// Gradient of the product with h of the third gate for Cell::GruLinear, r⊙h for Cell::Gru.
  Rows3<float> third;
  Rows3<float> carry;  ///< Padded: what goes from step to step beside the product.
};

/// How many vectors of `padded` floats a cell has of each kind.
struct CellSizes {
  std::size_t gates, saved;
  std::size_t biases;  ///< Of the forward pass.
  std::size_t sums;  ///< Sums over steps and examples: the gradients of biases, then of peepholes.
};

constexpr CellSizes sizes_of(Cell cell) {
  switch (cell) {
    case Cell::Lstm:
    case Cell::LstmCoupled:
      return {4, 5, 4, 7};
    case Cell::Gru:
      return {3, 3, 3, 3};
    case Cell::GruLinear:
      return {3, 4, 4, 4};
    default:
      return {1, 0, 1, 1};
  }
}

/// Rows are numbered direction × batch + example; each function that takes a range works on these.
struct RecurrentKernels {
  std::size_t granule;  ///< What `padded` is a multiple of.
  /// One direction of r[gates × units, units] into gates × padded × units floats, in the order in
  /// which a pass reads it.
  void (*pack_forward)(const RecurrentPlan& plan, const float* r, float* packed);
  void (*pack_backward)(const RecurrentPlan& plan, const float* r, float* packed);
  std::array<void (*)(const RecurrentForward&, std::size_t begin, std::size_t end), kCells> forward;
  /// Adds to `sums`, directions × `sums` × padded.
  std::array<void (*)(const RecurrentBackward&, std::size_t begin, std::size_t end, float* sums),
             kCells>
      backward;
};

extern const RecurrentKernels recurrent_portable;
#ifdef OPTCMP_X86
extern const RecurrentKernels recurrent_avx2, recurrent_avx512;
#endif

}  // namespace optcmp::ops
