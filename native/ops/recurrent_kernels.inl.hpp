// The kernels of recurrent_kernels.hpp. Included once by a file with the flags of its instruction
// set; everything here is local to that file.
//
// A step is one product of the states with the recurrent weights. Its tiles hold all gates of some
// units in registers, and the cell is computed right there: the gates' sums never go to memory. In
// the backward pass, a tile of the gradient of the states is turned into gradients of the gates at
// once. Examples are independent of each other, so that threads meet only after the last step.
#include <string.h>

#include "expression/simd_math.hpp"
#include "ops/recurrent_kernels.hpp"

namespace optcmp::ops {
namespace {

using expression::Float;
using expression::kLanes;
using expression::load;
using expression::splat;
using expression::store;

constexpr std::size_t kPair = 2 * kLanes;
/// Vectors beside each other in the widest tile: fewer rows then share a panel that comes from the
/// second-level cache, but every operand in a register serves more of them.
constexpr std::size_t kWidest = kLanes == 16 ? 4 : 2;
/// Registers that a tile sums in: all but those for its operands.
constexpr std::size_t kSums = kLanes == 16 ? 24 : 12;

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// e^x for |x| ≤ 87, beyond which it stays.
[[gnu::always_inline]] inline Float exponential(Float x) {
  const Float bound = splat(87);
  x = x > bound ? bound : x;
  x = x < -bound ? -bound : x;
  return expression::exp_within(x);
}

[[gnu::always_inline]] inline Float sigmoid(Float x) { return 1.0f / (1.0f + exponential(-x)); }

[[gnu::always_inline]] inline Float tanh(Float x) {
  const Float square = x * x;
  Float p = square * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const Float small = p * square * x + x;
  const Float large = 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
  return square < 0.390625f ? small : large;
}

/// A vector of units, of which the last one of a layer may be cut off.
struct Units {
  std::size_t first, count;

  [[gnu::always_inline]] Float load(const float* row) const {
    return count == kLanes ? expression::load(row + first)
                           : expression::load_part(row + first, count);
  }
  [[gnu::always_inline]] void store(float* row, Float v) const {
    if (count == kLanes) return expression::store(row + first, v);
    expression::store_part(row + first, v, count);
  }
};

Units units_at(const RecurrentPlan& plan, std::size_t first) {
  return {first, first < plan.units ? smaller(kLanes, plan.units - first) : 0};
}

/// Left operand of a product: row n at rows + n·step, `inner` long.
struct Left {
  const float* rows;
  std::ptrdiff_t step;
  std::size_t inner;
};

/// Adds the product of R rows and a panel, `inner` × C vectors; returns the end of the panel.
template <std::size_t R, std::size_t C>
const float* multiply(const Left& left, std::size_t n, const float* panel, Float (&result)[R][C]) {
  if (!left.inner) return panel;
  const float* rows[R];
  for (std::size_t r = 0; r < R; ++r) {
    rows[r] = left.rows + static_cast<std::ptrdiff_t>(n + r) * left.step;
  }
  Float sums[R][C];  // in registers, which `result` is not
  memcpy(sums, result, sizeof(sums));
  for (std::size_t k = 0; k < left.inner; ++k, panel += C * kLanes) {
    if constexpr (C > R) {
      Float values[R];
      for (std::size_t r = 0; r < R; ++r) values[r] = splat(rows[r][k]);
      for (std::size_t c = 0; c < C; ++c) {
        const Float column = load(panel + c * kLanes);
        for (std::size_t r = 0; r < R; ++r) sums[r][c] += values[r] * column;
      }
    } else {
      Float columns[C];
      for (std::size_t c = 0; c < C; ++c) columns[c] = load(panel + c * kLanes);
      for (std::size_t r = 0; r < R; ++r) {
        const Float value = splat(rows[r][k]);
        for (std::size_t c = 0; c < C; ++c) sums[r][c] += value * columns[c];
      }
    }
  }
  memcpy(result, sums, sizeof(sums));
  return panel;
}

/// The products of two left operands with a panel each, the second right behind the first.
struct Operands {
  Left first, second{nullptr, 0, 0};
};

template <std::size_t R, std::size_t C, class Finish>
void tile(const Operands& left, std::size_t n, const float* panel, const Finish& finish) {
  Float sums[R][C];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t c = 0; c < C; ++c) sums[r][c] = Float{};
  }
  panel = multiply(left.first, n, panel, sums);
  multiply(left.second, n, panel, sums);
  finish(n, R, &sums[0][0]);
}

template <std::size_t R, std::size_t C, class Finish>
void tile_of(std::size_t rows, const Operands& left, std::size_t n, const float* panel,
             const Finish& finish) {
  if constexpr (R > 1) {
    if (rows < R) return tile_of<R - 1, C>(rows, left, n, panel, finish);
  }
  tile<R, C>(left, n, panel, finish);
}

/// Calls `finish(first row, rows, first unit, rows × C sums)` for tiles of the rows [begin, end)
/// and all panels, a panel being `width` units wide and `size` floats long. Rows are shared evenly
/// among tiles.
template <std::size_t C, class Finish>
void product(const RecurrentPlan& plan, const Operands& left, std::size_t begin, std::size_t end,
             const float* panels, std::size_t width, std::size_t size, const Finish& finish) {
  constexpr std::size_t kRows = kSums / C;
  const std::size_t count = end - begin, tiles = (count + kRows - 1) / kRows;
  for (std::size_t u = 0; u < plan.padded; u += width, panels += size) {
    const auto finish_tile = [&](std::size_t n, std::size_t rows, const Float* sums) {
      finish(n, rows, u, sums);
    };
    for (std::size_t k = 0; k < tiles; ++k) {
      const std::size_t from = begin + count * k / tiles, to = begin + count * (k + 1) / tiles;
      tile_of<kRows, C>(to - from, left, from, panels, finish_tile);
    }
  }
}

/// Finishes a tile of C columns row by row: `finish_row(row, first unit, C sums)`.
template <std::size_t C, class FinishRow>
auto by_row(const FinishRow& finish_row) {
  return [&finish_row](std::size_t n, std::size_t rows, std::size_t first, const Float* sums) {
    for (std::size_t r = 0; r < rows; ++r) finish_row(n + r, first, sums + r * C);
  };
}

/// Panels of the gates [first, first + gates): for each `width` units, by row of h, by gate.
float* pack_gates(const RecurrentPlan& plan, const float* r, std::size_t first, std::size_t gates,
                  std::size_t width, float* packed) {
  const std::size_t units = plan.units, columns = gates * width;
  for (std::size_t u = 0; u < plan.padded; u += width, packed += units * columns) {
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t unit = u + c % width;
      const float* row = r + ((first + c / width) * units + unit) * units;
      for (std::size_t k = 0; k < units; ++k) packed[k * columns + c] = unit < units ? row[k] : 0;
    }
  }
  return packed;
}

/// Units in a panel of a product with gradients of gates.
std::size_t panel_width(const RecurrentPlan& plan) {
  return plan.padded % (kWidest * kLanes) == 0 ? kWidest * kLanes : kPair;
}

/// Panels of the same rows for the product with gradients of gates, by row of r.
float* pack_rows(const RecurrentPlan& plan, const float* r, std::size_t first, std::size_t gates,
                 float* packed) {
  const std::size_t units = plan.units;
  const float* rows = r + first * units * units;
  const std::size_t panel = panel_width(plan);
  for (std::size_t u = 0; u < plan.padded; u += panel) {
    const std::size_t width = u < units ? smaller(panel, units - u) : 0;
    for (std::size_t k = 0; k < gates * units; ++k, packed += panel) {
      for (std::size_t j = 0; j < width; ++j) packed[j] = rows[k * units + u + j];
      for (std::size_t j = width; j < panel; ++j) packed[j] = 0;
    }
  }
  return packed;
}

void pack_forward(const RecurrentPlan& plan, const float* r, float* packed) {
  switch (plan.cell) {
    case Cell::Lstm:
    case Cell::LstmCoupled:
      pack_gates(plan, r, 0, 4, kLanes, packed);
      break;
    case Cell::GruLinear:
      pack_gates(plan, r, 0, 3, kLanes, packed);
      break;
    case Cell::Gru:
      pack_gates(plan, r, 2, 1, kPair, pack_gates(plan, r, 0, 2, kLanes, packed));
      break;
    default:
      pack_gates(plan, r, 0, 1, kPair, packed);
  }
}

void pack_backward(const RecurrentPlan& plan, const float* r, float* packed) {
  if (plan.cell != Cell::Gru) {
    pack_rows(plan, r, 0, sizes_of(plan.cell).gates, packed);
    return;
  }
  pack_rows(plan, r, 2, 1, pack_rows(plan, r, 0, 2, packed));
}

/// The steps of one direction in their order, and the state before each.
class Steps {
 public:
  Steps(const RecurrentPlan& plan, std::size_t direction)
      : count_(plan.steps), reverse_(plan.reverse || direction == 1) {}
  std::size_t count() const { return count_; }
  /// The k-th step to be taken.
  std::size_t at(std::size_t k) const { return reverse_ ? count_ - 1 - k : k; }

 private:
  std::size_t count_;
  bool reverse_;
};

/// Calls `body(direction, begin, end)` for the examples of each direction among the rows.
template <class Body>
void each_direction(const RecurrentPlan& plan, std::size_t begin, std::size_t end,
                    const Body& body) {
  while (begin < end) {
    const std::size_t d = begin / plan.batch, next = smaller(end, (d + 1) * plan.batch);
    body(d, begin - d * plan.batch, next - d * plan.batch);
    begin = next;
  }
}

/// The states before the k-th step; those before the first are 0 when not given.
Left states_before(const RecurrentPlan& plan, const Steps& steps, std::size_t k, std::size_t d,
                   Rows3<const float> initial, Rows3<const float> y) {
  if (k > 0) return {y.at(steps.at(k - 1), 0, d), y.example, plan.units};
  if (initial) return {initial.at(0, 0, d), initial.example, plan.units};
  return {nullptr, 0, 0};
}

Float load_state(const Left& states, std::size_t n, const Units& u) {
  if (!states.rows) return Float{};
  return u.load(states.rows + static_cast<std::ptrdiff_t>(n) * states.step);
}

Rows3<const float> constant(const Rows3<float>& rows) {
  return {rows.data, rows.step, rows.example, rows.direction};
}

void copy_last(const RecurrentPlan& plan, const Rows3<float>& from, std::size_t t,
               const Rows3<float>& to, std::size_t d, std::size_t begin, std::size_t end) {
  if (!to) return;
  for (std::size_t n = begin; n < end; ++n) {
    memcpy(to.at(0, n, d), from.at(t, n, d), plan.units * sizeof(float));
  }
}

/// Where a forward step stands.
struct ForwardStep {
  const RecurrentForward& task;
  std::size_t d, t, begin, end;
  bool first;
  std::size_t previous;  ///< The step before, unless this is the first.
  Left before;           ///< States h.
  const float* weights;
  const float* biases;

  const RecurrentPlan& plan() const { return task.plan; }
  std::size_t padded() const { return task.plan.padded; }
};

// Every cell has a `step`, and a `backward_step` that turns the gradient of the states after a step
// into the gradients of its gates, given what comes from the step after it.

template <bool kCoupled>
struct LstmCell {
  static constexpr CellSizes kSizes = sizes_of(Cell::Lstm);

  static Float memory(const Rows3<const float>& initial, const Rows3<const float>& saved,
                      bool first, std::size_t previous, std::size_t n, std::size_t d,
                      std::size_t padded, const Units& u) {
    if (!first) return load(saved.at(previous, n, d) + 4 * padded + u.first);
    return initial ? u.load(initial.at(0, n, d)) : Float{};
  }

  static void step(const ForwardStep& s) {
    const RecurrentForward& task = s.task;
    const std::size_t padded = s.padded(), units = s.plan().units;
    const float* p = task.peepholes ? task.peepholes + s.d * 3 * padded : nullptr;
    const std::size_t panel = units * 4 * kLanes;
    product<4>(
        s.plan(), {s.before}, s.begin, s.end, s.weights, kLanes, s.before.inner ? panel : 0,
        [&](std::size_t n, std::size_t rows, std::size_t first, const Float* sums) {
          const Units u = units_at(s.plan(), first);
          const auto bias = [&](std::size_t gate) {
            return load(s.biases + gate * padded + first);
          };
          const auto peephole = [&](std::size_t gate, Float state) {
            return p ? load(p + gate * padded + first) * state : Float{};
          };
          // In two rounds, so that the long chains of operations of several rows overlap.
          Float next[kSums / 4];
          for (std::size_t r = 0; r < rows; ++r) {
            const float* a = task.a.at(s.t, n + r, s.d);
            const Float c =
                memory(task.c, constant(task.saved), s.first, s.previous, n + r, s.d, padded, u);
            const Float i = sigmoid(sums[4 * r] + u.load(a) + bias(0) + peephole(0, c));
            const Float f =
                kCoupled
                    ? 1.0f - i
                    : sigmoid(sums[4 * r + 2] + u.load(a + 2 * units) + bias(2) + peephole(2, c));
            const Float g = tanh(sums[4 * r + 3] + u.load(a + 3 * units) + bias(3));
            next[r] = f * c + i * g;
            float* saved = task.saved.at(s.t, n + r, s.d) + first;
            store(saved, i);
            store(saved + 2 * padded, f);
            store(saved + 3 * padded, g);
            store(saved + 4 * padded, next[r]);
          }
          for (std::size_t r = 0; r < rows; ++r) {
            const float* a = task.a.at(s.t, n + r, s.d) + units;
            const Float o = sigmoid(sums[4 * r + 1] + u.load(a) + bias(1) + peephole(1, next[r]));
            store(task.saved.at(s.t, n + r, s.d) + first + padded, o);
            u.store(task.y.at(s.t, n + r, s.d), o * tanh(next[r]));
          }
        });
  }

  static void finish(const RecurrentForward& task, std::size_t last, std::size_t d,
                     std::size_t begin, std::size_t end) {
    Rows3<float> memory = task.saved;
    memory.data += 4 * task.plan.padded;
    copy_last(task.plan, memory, last, task.last_c, d, begin, end);
  }
};

template <bool kLinear>
struct GruCell {
  static constexpr CellSizes kSizes = sizes_of(kLinear ? Cell::GruLinear : Cell::Gru);

  static void step(const ForwardStep& s) {
    if constexpr (kLinear) {
      linear_step(s);
    } else {
      reset_step(s);
    }
  }

  static Float sum(const ForwardStep& s, Float product, std::size_t gate, std::size_t n,
                   const Units& u) {
    return product + u.load(s.task.a.at(s.t, n, s.d) + gate * s.plan().units) +
           load(s.biases + gate * s.padded() + u.first);
  }

  static void linear_step(const ForwardStep& s) {
    const std::size_t padded = s.padded(), panel = s.plan().units * 3 * kLanes;
    product<3>(s.plan(), {s.before}, s.begin, s.end, s.weights, kLanes, s.before.inner ? panel : 0,
               by_row<3>([&](std::size_t n, std::size_t first, const Float* sums) {
                 const Units u = units_at(s.plan(), first);
                 const Float z = sigmoid(sum(s, sums[0], 0, n, u));
                 const Float r = sigmoid(sum(s, sums[1], 1, n, u));
                 const Float q = sums[2] + load(s.biases + 3 * padded + first);
                 const Float g = tanh(sum(s, r * q, 2, n, u));
                 float* saved = s.task.saved.at(s.t, n, s.d) + first;
                 store(saved, z);
                 store(saved + padded, r);
                 store(saved + 2 * padded, g);
                 store(saved + 3 * padded, q);
                 u.store(s.task.y.at(s.t, n, s.d), g + z * (load_state(s.before, n, u) - g));
               }));
  }

  static void reset_step(const ForwardStep& s) {
    const std::size_t padded = s.padded(), units = s.plan().units;
    const std::size_t inner = s.before.inner;
    product<2>(s.plan(), {s.before}, s.begin, s.end, s.weights, kLanes,
               inner ? units * 2 * kLanes : 0,
               by_row<2>([&](std::size_t n, std::size_t first, const Float* sums) {
                 const Units u = units_at(s.plan(), first);
                 const Float z = sigmoid(sum(s, sums[0], 0, n, u));
                 const Float r = sigmoid(sum(s, sums[1], 1, n, u));
                 float* saved = s.task.saved.at(s.t, n, s.d) + first;
                 store(saved, z);
                 store(saved + padded, r);
                 u.store(s.task.scaled.at(0, n, s.d), r * load_state(s.before, n, u));
               }));
    const Left scaled{s.task.scaled.at(0, 0, s.d), s.task.scaled.example, inner};
    product<2>(s.plan(), {scaled}, s.begin, s.end, s.weights + 2 * padded * units, kPair,
               inner ? units * kPair : 0,
               by_row<2>([&](std::size_t n, std::size_t first, const Float* sums) {
                 for (std::size_t v = 0; v < 2; ++v) {
                   const Units u = units_at(s.plan(), first + v * kLanes);
                   const Float g = tanh(sum(s, sums[v], 2, n, u));
                   float* saved = s.task.saved.at(s.t, n, s.d) + u.first;
                   store(saved + 2 * padded, g);
                   const Float z = load(saved);
                   u.store(s.task.y.at(s.t, n, s.d), g + z * (load_state(s.before, n, u) - g));
                 }
               }));
  }

  static void finish(const RecurrentForward&, std::size_t, std::size_t, std::size_t, std::size_t) {}
};

template <bool kRelu>
struct RnnCell {
  static constexpr CellSizes kSizes = sizes_of(Cell::RnnTanh);

  static void step(const ForwardStep& s) {
    product<2>(s.plan(), {s.before}, s.begin, s.end, s.weights, kPair,
               s.before.inner ? s.plan().units * kPair : 0,
               by_row<2>([&](std::size_t n, std::size_t first, const Float* sums) {
                 for (std::size_t v = 0; v < 2; ++v) {
                   const Units u = units_at(s.plan(), first + v * kLanes);
                   const Float x =
                       sums[v] + u.load(s.task.a.at(s.t, n, s.d)) + load(s.biases + u.first);
                   u.store(s.task.y.at(s.t, n, s.d), kRelu ? (x <= 0 ? Float{} : x) : tanh(x));
                 }
               }));
  }

  static void finish(const RecurrentForward&, std::size_t, std::size_t, std::size_t, std::size_t) {}
};

template <class C>
void forward(const RecurrentForward& task, std::size_t begin, std::size_t end) {
  const RecurrentPlan& plan = task.plan;
  each_direction(plan, begin, end, [&](std::size_t d, std::size_t from, std::size_t to) {
    const Steps steps(plan, d);
    const float* weights = task.weights + d * C::kSizes.gates * plan.padded * plan.units;
    const float* biases = task.biases + d * C::kSizes.biases * plan.padded;
    for (std::size_t k = 0; k < steps.count(); ++k) {
      C::step({task, d, steps.at(k), from, to, k == 0, k ? steps.at(k - 1) : 0,
               states_before(plan, steps, k, d, task.h, constant(task.y)), weights, biases});
    }
    const std::size_t last = steps.at(steps.count() - 1);
    copy_last(plan, task.y, last, task.last_h, d, from, to);
    C::finish(task, last, d, from, to);
  });
}

/// Where a backward step stands.
struct BackwardStep {
  const RecurrentBackward& task;
  std::size_t d, t, begin, end;
  bool first, last;            ///< In the order of the forward pass.
  std::size_t previous, next;  ///< The steps before and after in it, where there are such.
  Left before;                 ///< States h before the step.
  const float* weights;
  float* sums;

  const RecurrentPlan& plan() const { return task.plan; }
  std::size_t padded() const { return task.plan.padded; }

  /// `count` gates of the step after this, from `gate` on, as left operand of the product that
  /// gives the gradient of the states.
  Left after(std::size_t gate, std::size_t count) const {
    if (last) return {nullptr, 0, 0};
    return {task.da.at(next, 0, d) + gate * plan().units, task.da.example, count * plan().units};
  }

  /// What the gradient of the states has beside products.
  [[gnu::always_inline]] Float given(std::size_t n, const Units& u) const {
    Float dh{};
    if (task.dy) dh += u.load(task.dy.at(t, n, d));
    if (last && task.dlast_h) dh += u.load(task.dlast_h.at(0, n, d));
    return dh;
  }

  void add(std::size_t vector, const Units& u, Float v) const {
    float* to = sums + vector * padded() + u.first;
    store(to, load(to) + v);
  }
};

/// A column of a tile's sums.
struct ColumnSums {
  const Float* first;
  std::size_t step;
  Float operator[](std::size_t row) const { return first[row * step]; }
};

template <std::size_t C, class Finish>
void product_by_column(const RecurrentPlan& plan, const Operands& left, std::size_t begin,
                       std::size_t end, const float* panels, std::size_t rows,
                       const Finish& finish) {
  constexpr std::size_t kWidth = C * kLanes;
  product<C>(plan, left, begin, end, panels, kWidth, left.first.inner ? rows * kWidth : 0,
             [&](std::size_t n, std::size_t count, std::size_t first, const Float* sums) {
               for (std::size_t v = 0; v < C; ++v) {
                 const Units u = units_at(plan, first + v * kLanes);
                 if (u.count) finish(n, count, u, ColumnSums{sums + v, C});
               }
             });
}

/// Calls `finish(first row, rows, units, column sums)` for the gradient of the states through
/// products.
template <class Finish>
void gradient_product(const RecurrentPlan& plan, const Operands& left, std::size_t begin,
                      std::size_t end, const float* panels, std::size_t rows,
                      const Finish& finish) {
  const bool widest = panel_width(plan) == kWidest * kLanes;
  (widest ? product_by_column<kWidest, Finish>
          : product_by_column<2, Finish>)(plan, left, begin, end, panels, rows, finish);
}

/// Finishes row by row: `finish_row(row, units, sum)`.
template <class FinishRow>
auto gradient_by_row(const FinishRow& finish_row) {
  return [&finish_row](std::size_t n, std::size_t rows, const Units& u, const ColumnSums& sums) {
    for (std::size_t r = 0; r < rows; ++r) finish_row(n + r, u, sums[r]);
  };
}

template <bool kCoupled>
struct LstmGradient {
  static constexpr CellSizes kSizes = sizes_of(Cell::Lstm);

  static Operands after(const BackwardStep& s) { return {s.after(0, 4)}; }

  static void step(const BackwardStep& s) {
    const RecurrentBackward& task = s.task;
    const std::size_t padded = s.padded(), units = s.plan().units;
    const float* p = task.peepholes ? task.peepholes + s.d * 3 * padded : nullptr;
    gradient_product(
        s.plan(), after(s), s.begin, s.end, s.weights, 4 * units,
        [&](std::size_t first_row, std::size_t rows, const Units& u, const ColumnSums& products) {
          const auto at = [&](std::size_t vector) { return vector * padded + u.first; };
          Float totals[7] = {};
          for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t n = first_row + r;
            const float* saved = task.saved.at(s.t, n, s.d);
            const Float i = load(saved + at(0)), o = load(saved + at(1)), f = load(saved + at(2)),
                        g = load(saved + at(3)), next = load(saved + at(4));
            const Float c = LstmCell<kCoupled>::memory(task.c, task.saved, s.first, s.previous, n,
                                                       s.d, padded, u);
            float* carry = task.carry.at(0, n, s.d) + u.first;
            const Float dh = products[r] + s.given(n, u), th = tanh(next);
            Float dc = dh * o * (1.0f - th * th);
            if (!s.last) {
              dc += load(carry);
            } else if (task.dlast_c) {
              dc += u.load(task.dlast_c.at(0, n, s.d));
            }
            const Float d_o = dh * th * o * (1.0f - o);
            if (p) dc += d_o * load(p + at(1));
            const Float d_i = dc * (kCoupled ? g - c : g) * i * (1.0f - i);
            const Float d_f = kCoupled ? Float{} : dc * c * f * (1.0f - f);
            const Float d_g = dc * i * (1.0f - g * g);
            Float before = dc * f;
            if (p) {
              before += d_i * load(p + at(0)) + d_f * load(p + at(2));
              totals[4] += d_i * c;
              totals[5] += d_o * next;
              totals[6] += d_f * c;
            }
            store(carry, before);
            float* da = task.da.at(s.t, n, s.d);
            u.store(da, d_i);
            u.store(da + units, d_o);
            u.store(da + 2 * units, d_f);
            u.store(da + 3 * units, d_g);
            totals[0] += d_i;
            totals[1] += d_o;
            totals[2] += d_f;
            totals[3] += d_g;
          }
          for (std::size_t k = 0; k < (p ? 7 : 4); ++k) s.add(k, u, totals[k]);
        });
  }

  /// Gradients of the initial states; `s` stands before the first step.
  static void finish(const BackwardStep& s) {
    const RecurrentBackward& task = s.task;
    if (task.dh) {
      gradient_product(s.plan(), after(s), s.begin, s.end, s.weights, 4 * s.plan().units,
                       gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                         u.store(task.dh.at(0, n, s.d), sum);
                       }));
    }
    copy_last(s.plan(), task.carry, 0, task.dc, s.d, s.begin, s.end);
  }
};

/// What both forms of the gated unit share.
struct GruGradient {
  /// The gradient of the states after the step, of which the part that passes by the gates goes on
  /// in `carry`.
  static Float total(const BackwardStep& s, std::size_t n, const Units& u, Float sum, Float z) {
    float* carry = s.task.carry.at(0, n, s.d) + u.first;
    Float dh = sum + s.given(n, u);
    if (!s.last) dh += load(carry);
    store(carry, dh * z);
    return dh;
  }

  static void finish(const BackwardStep& s, const Operands& after, std::size_t rows) {
    if (!s.task.dh) return;
    gradient_product(s.plan(), after, s.begin, s.end, s.weights, rows,
                     gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                       u.store(s.task.dh.at(0, n, s.d),
                               sum + load(s.task.carry.at(0, n, s.d) + u.first));
                     }));
  }
};

struct GruLinearGradient {
  static constexpr CellSizes kSizes = sizes_of(Cell::GruLinear);

  static Operands after(const BackwardStep& s) {
    if (s.last) return {{nullptr, 0, 0}};
    const Rows3<float>& third = s.task.third;
    return {s.after(0, 2), {third.at(s.next, 0, s.d), third.example, s.plan().units}};
  }

  static void step(const BackwardStep& s) {
    const std::size_t padded = s.padded(), units = s.plan().units;
    gradient_product(s.plan(), after(s), s.begin, s.end, s.weights, 3 * units,
                     gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                       const float* saved = s.task.saved.at(s.t, n, s.d) + u.first;
                       const Float z = load(saved), r = load(saved + padded),
                                   g = load(saved + 2 * padded), q = load(saved + 3 * padded);
                       const Float h = load_state(s.before, n, u);
                       const Float dh = GruGradient::total(s, n, u, sum, z);
                       const Float dz = dh * (h - g) * z * (1.0f - z);
                       const Float dg = dh * (1.0f - z) * (1.0f - g * g);
                       const Float dr = dg * q * r * (1.0f - r), dq = dg * r;
                       float* da = s.task.da.at(s.t, n, s.d);
                       u.store(da, dz);
                       u.store(da + units, dr);
                       u.store(da + 2 * units, dg);
                       u.store(s.task.third.at(s.t, n, s.d), dq);
                       s.add(0, u, dz);
                       s.add(1, u, dr);
                       s.add(2, u, dg);
                       s.add(3, u, dq);
                     }));
  }

  static void finish(const BackwardStep& s) {
    GruGradient::finish(s, after(s), 3 * s.plan().units);
  }
};

struct GruResetGradient {
  static constexpr CellSizes kSizes = sizes_of(Cell::Gru);

  static Operands after(const BackwardStep& s) { return {s.after(0, 2)}; }

  static void step(const BackwardStep& s) {
    const std::size_t padded = s.padded(), units = s.plan().units;
    gradient_product(s.plan(), after(s), s.begin, s.end, s.weights, 2 * units,
                     gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                       const float* saved = s.task.saved.at(s.t, n, s.d) + u.first;
                       const Float z = load(saved), r = load(saved + padded),
                                   g = load(saved + 2 * padded);
                       const Float h = load_state(s.before, n, u);
                       const Float dh = GruGradient::total(s, n, u, sum, z);
                       const Float dz = dh * (h - g) * z * (1.0f - z);
                       const Float dg = dh * (1.0f - z) * (1.0f - g * g);
                       float* da = s.task.da.at(s.t, n, s.d);
                       u.store(da, dz);
                       u.store(da + 2 * units, dg);
                       u.store(s.task.third.at(s.t, n, s.d), r * h);
                       s.add(0, u, dz);
                       s.add(2, u, dg);
                     }));
    const Left third{s.task.da.at(s.t, 0, s.d) + 2 * units, s.task.da.example, units};
    gradient_product(s.plan(), {third}, s.begin, s.end, s.weights + 2 * units * padded, units,
                     gradient_by_row([&](std::size_t n, const Units& u, Float dscaled) {
                       const Float r = load(s.task.saved.at(s.t, n, s.d) + padded + u.first);
                       float* carry = s.task.carry.at(0, n, s.d) + u.first;
                       store(carry, load(carry) + dscaled * r);
                       const Float h = load_state(s.before, n, u);
                       const Float dr = dscaled * h * r * (1.0f - r);
                       u.store(s.task.da.at(s.t, n, s.d) + units, dr);
                       s.add(1, u, dr);
                     }));
  }

  static void finish(const BackwardStep& s) {
    GruGradient::finish(s, after(s), 2 * s.plan().units);
  }
};

template <bool kRelu>
struct RnnGradient {
  static constexpr CellSizes kSizes = sizes_of(Cell::RnnTanh);

  static Operands after(const BackwardStep& s) { return {s.after(0, 1)}; }

  static void step(const BackwardStep& s) {
    gradient_product(s.plan(), after(s), s.begin, s.end, s.weights, s.plan().units,
                     gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                       const Float y = u.load(s.task.y.at(s.t, n, s.d));
                       const Float dh = sum + s.given(n, u);
                       const Float d = kRelu ? (y > 0 ? dh : Float{}) : dh * (1.0f - y * y);
                       u.store(s.task.da.at(s.t, n, s.d), d);
                       s.add(0, u, d);
                     }));
  }

  static void finish(const BackwardStep& s) {
    if (!s.task.dh) return;
    gradient_product(s.plan(), after(s), s.begin, s.end, s.weights, s.plan().units,
                     gradient_by_row([&](std::size_t n, const Units& u, Float sum) {
                       u.store(s.task.dh.at(0, n, s.d), sum);
                     }));
  }
};

template <class C>
void backward(const RecurrentBackward& task, std::size_t begin, std::size_t end, float* sums) {
  const RecurrentPlan& plan = task.plan;
  each_direction(plan, begin, end, [&](std::size_t d, std::size_t from, std::size_t to) {
    const Steps steps(plan, d);
    BackwardStep s{task,
                   d,
                   0,
                   from,
                   to,
                   false,
                   true,
                   0,
                   0,
                   {},
                   task.weights + d * C::kSizes.gates * plan.padded * plan.units,
                   sums + d * C::kSizes.sums * plan.padded};
    for (std::size_t k = steps.count(); k-- > 0;) {
      s.t = steps.at(k);
      s.first = k == 0;
      s.previous = k ? steps.at(k - 1) : 0;
      s.before = states_before(plan, steps, k, d, task.h, task.y);
      C::step(s);
      s.last = false;
      s.next = s.t;
    }
    C::finish(s);
  });
}

constexpr RecurrentKernels kKernels{
    kPair,
    pack_forward,
    pack_backward,
    {forward<LstmCell<false>>, forward<LstmCell<true>>, forward<GruCell<false>>,
     forward<GruCell<true>>, forward<RnnCell<false>>, forward<RnnCell<true>>},
    {backward<LstmGradient<false>>, backward<LstmGradient<true>>, backward<GruResetGradient>,
     backward<GruLinearGradient>, backward<RnnGradient<false>>, backward<RnnGradient<true>>}};

}  // namespace
}  // namespace optcmp::ops
