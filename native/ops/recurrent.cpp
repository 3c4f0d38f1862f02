// LSTM, GRU and the simple recurrent layer over projected inputs, and their gradients. The weights
// are packed once a pass; the gradient of the recurrent weights is one product over all steps.
#include <omp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "expression/instruction_set.hpp"
#include "ops/recurrent_kernels.hpp"
#include "ops/registry.hpp"
#include "ops/transposed_product.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

const RecurrentKernels& kernels() { return OPTCMP_KERNELS(recurrent); }

enum class Kind : std::uint8_t { Lstm, Gru, Rnn };

Cell cell_of(const OpView& op, Kind kind) {
  constexpr std::array<std::string_view, 2> activations{"tanh", "relu"};
  switch (kind) {
    case Kind::Lstm:
      return op.flag("input_forget") ? Cell::LstmCoupled : Cell::Lstm;
    case Kind::Gru:
      return op.flag("linear_before_reset") ? Cell::GruLinear : Cell::Gru;
    default:
      return op.choice("activation", activations) == 0 ? Cell::RnnTanh : Cell::RnnRelu;
  }
}

/// A recurrent layer, and where its weights and initial states are among the inputs of its op.
struct Layer {
  RecurrentPlan plan;
  CellSizes sizes;
  bool memory;
  std::size_t r;
  std::optional<std::size_t> b, h, c, p;
  std::size_t end;  ///< One past the last of these.

  std::size_t directions() const { return plan.directions; }
  std::size_t rows() const { return plan.directions * plan.batch; }
  /// Floats of one row of a tensor with `vectors` of units, for all directions.
  std::int64_t width(std::size_t vectors) const {
    return static_cast<std::int64_t>(plan.directions * vectors * plan.units);
  }
  Shape wide(std::size_t vectors) const {
    return {static_cast<std::int64_t>(plan.steps), static_cast<std::int64_t>(plan.batch),
            width(vectors)};
  }
  Shape weights() const {
    const auto units = static_cast<std::int64_t>(plan.units);
    return {static_cast<std::int64_t>(plan.directions),
            static_cast<std::int64_t>(sizes.gates) * units, units};
  }
  Shape vectors(std::size_t count) const {
    return {static_cast<std::int64_t>(plan.directions),
            static_cast<std::int64_t>(count * plan.units)};
  }
  Shape state() const {
    return {static_cast<std::int64_t>(plan.directions), static_cast<std::int64_t>(plan.batch),
            static_cast<std::int64_t>(plan.units)};
  }
  Shape sequence() const {
    Shape shape = state();
    shape.insert(shape.begin(), static_cast<std::int64_t>(plan.steps));
    return shape;
  }
};

/// `first` is the place of r among the inputs. The shape of `y` tells the sizes.
Layer layer_of(const OpView& op, Kind kind, std::size_t first) {
  constexpr std::array<std::string_view, 3> directions{"forward", "reverse", "bidirectional"};
  Layer l{};
  l.memory = kind == Kind::Lstm;
  l.r = first;
  l.end = first + 1;
  const auto take = [&](bool present) { return present ? std::optional(l.end++) : std::nullopt; };
  l.b = take(op.flag("bias"));
  l.h = take(op.flag("initial_h"));
  l.c = take(op.flag("initial_c"));
  l.p = take(op.flag("peepholes"));
  const bool forward = first == 1;
  op.require(forward || op.inputs() > l.end, "it has too few inputs");
  const Tensor& y = forward ? op.output(0) : op.input(l.end);
  op.require_rank(y, 4);
  const auto size = [&](std::size_t axis) { return static_cast<std::size_t>(y.shape[axis]); };
  const std::size_t direction = op.choice("direction", directions);
  const std::size_t granule = kernels().granule;
  l.plan = {cell_of(op, kind), size(0), size(2),
            size(1),           size(3), (size(3) + granule - 1) / granule * granule,
            direction == 1};
  l.sizes = sizes_of(l.plan.cell);
  op.require(size(1) == (direction == 2 ? 2u : 1u),
             "tensor '" + y.name + "' does not have the directions of the op");
  return l;
}

void allow_attributes(const OpView& op, Kind kind, bool gradient) {
  std::vector<std::string_view> known{"direction", "bias", "initial_h"};
  if (kind == Kind::Lstm) known.insert(known.end(), {"initial_c", "peepholes", "input_forget"});
  if (kind == Kind::Gru) known.emplace_back("linear_before_reset");
  if (kind == Kind::Rnn) known.emplace_back("activation");
  if (gradient) known.emplace_back("given");
  op.allow_attributes(known);
}

/// The weights and initial states, or their gradients, have the shapes of the layer.
template <class TensorAt>
void require_operands(const OpView& op, const Layer& l, const TensorAt& tensor_at) {
  op.require_shape(tensor_at(l.r), l.weights());
  if (l.b) op.require_shape(tensor_at(*l.b), l.vectors(2 * l.sizes.gates));
  if (l.h) op.require_shape(tensor_at(*l.h), l.state());
  if (l.c) op.require_shape(tensor_at(*l.c), l.state());
  if (l.p) op.require_shape(tensor_at(*l.p), l.vectors(3));
}

template <Kind kKind>
void check(const OpView& op) {
  allow_attributes(op, kKind, false);
  const std::size_t states = kKind == Kind::Lstm ? 2 : 1;
  op.require_arity(2, 6, 1, 2 + states);
  const Layer l = layer_of(op, kKind, 1);
  op.require_arity(l.end, l.end, 1, 1 + states + (l.sizes.saved ? 1 : 0));
  op.require_shape(op.input(0), l.wide(l.sizes.gates));
  require_operands(op, l, [&](std::size_t k) -> const Tensor& { return op.input(k); });
  for (std::size_t k = 1; k < op.outputs(); ++k) {
    op.require_shape(op.output(k), k <= states ? l.state() : l.wide(l.sizes.saved));
  }
}

/// A tensor in memory with its distances between steps, examples and directions.
struct Place {
  std::optional<BufferId> buffer;
  std::ptrdiff_t step = 0, example = 0, direction = 0;
};

template <class Float>
Rows3<Float> bind(const Binder& b, const Place& place) {
  if (!place.buffer) return {};
  return {b.at<Float>(*place.buffer), place.step, place.example, place.direction};
}

/// Of a buffer with `vectors` of `units` floats for each step, example and direction, in this
/// order.
Place rows_of(const Layer& l, BufferId buffer, std::size_t vectors, std::size_t units) {
  const auto row = static_cast<std::ptrdiff_t>(vectors * units);
  const auto directions = static_cast<std::ptrdiff_t>(l.plan.directions);
  const auto batch = static_cast<std::ptrdiff_t>(l.plan.batch);
  return {buffer, batch * directions * row, directions * row, row};
}

Place state_rows(const Layer& l, BufferId buffer, std::size_t units) {
  const auto row = static_cast<std::ptrdiff_t>(units);
  return {buffer, 0, row, static_cast<std::ptrdiff_t>(l.plan.batch) * row};
}

Place read_state(const OpView& op, Planner& planner, const Layer& l,
                 std::optional<std::size_t> input) {
  if (!input) return {};
  const BufferId buffer = planner.read(op.op().inputs[*input], cpu::row_major(l.state()));
  return state_rows(l, buffer, l.plan.units);
}

Place write_state(const OpView& op, Planner& planner, const Layer& l,
                  std::optional<std::size_t> output) {
  if (!output || *output >= op.outputs()) return {};
  const BufferId buffer = planner.write(op.op().outputs[*output], cpu::row_major(l.state()));
  return state_rows(l, buffer, l.plan.units);
}

/// Steps, examples, directions, units: directions of one state beside each other, so that steps and
/// examples are rows of one matrix, and as readers of both directions want them.
cpu::Desc sequence_layout(const Layer& l) {
  const Shape shape = l.sequence();
  const std::int64_t row = shape[1] * shape[3];
  return cpu::strided(shape, {shape[2] * row, shape[3], row, 1});
}

Place read_sequence(Planner& planner, TensorId id) {
  Placed placed = planner.read_strided(id);
  const Shape dims = cpu::blocking(placed.layout).dims;
  if (dims.size() != 4 || cpu::blocking(placed.layout).strides[3] != 1) {
    const cpu::Desc plain = cpu::row_major(dims);
    placed = {planner.read(id, plain), plain};
  }
  const auto strides = cpu::blocking(placed.layout).strides;
  return {placed.buffer, strides[0], strides[2], strides[1]};
}

std::size_t weight_floats(const Layer& l) {
  return l.directions() * l.sizes.gates * l.plan.padded * l.plan.units;
}

using Pack = void (*)(const RecurrentPlan&, const float*, float*);

void pack_weights(const Layer& l, Pack pack, const float* r, float* packed) {
  const std::size_t rows = l.sizes.gates * l.plan.units;
  for (std::size_t d = 0; d < l.directions(); ++d) {
    pack(l.plan, r + d * rows * l.plan.units, packed + d * rows * l.plan.padded);
  }
}

/// The biases of w and r are added up, but for the third gate of Cell::GruLinear.
void pack_biases(const Layer& l, const float* b, float* packed) {
  const std::size_t units = l.plan.units, padded = l.plan.padded, gates = l.sizes.gates;
  std::fill_n(packed, l.directions() * l.sizes.biases * padded, 0.0f);
  if (!b) return;
  for (std::size_t d = 0; d < l.directions(); ++d) {
    const float* of_w = b + d * 2 * gates * units;
    const float* of_r = of_w + gates * units;
    float* to = packed + d * l.sizes.biases * padded;
    for (std::size_t g = 0; g < gates; ++g) {
      const bool apart = l.plan.cell == Cell::GruLinear && g == 2;
      float* recurrent = to + (apart ? 3 : g) * padded;
      for (std::size_t j = 0; j < units; ++j) {
        to[g * padded + j] = of_w[g * units + j];
        recurrent[j] += of_r[g * units + j];
      }
    }
  }
}

/// Vectors of units into vectors of padded ones.
void pack_vectors(const Layer& l, std::size_t vectors, const float* from, float* to) {
  for (std::size_t k = 0; k < l.directions() * vectors; ++k, from += l.plan.units) {
    std::copy_n(from, l.plan.units, to + k * l.plan.padded);
    std::fill(to + k * l.plan.padded + l.plan.units, to + (k + 1) * l.plan.padded, 0.0f);
  }
}

std::vector<BufferId> buffers_of(std::initializer_list<std::optional<BufferId>> all) {
  std::vector<BufferId> result;
  for (const auto& buffer : all) {
    if (buffer) result.push_back(*buffer);
  }
  return result;
}

std::optional<BufferId> read_vectors(const OpView& op, Planner& planner,
                                     std::optional<std::size_t> input) {
  if (!input) return std::nullopt;
  return planner.read(op.op().inputs[*input], cpu::row_major(op.input(*input).shape));
}

BufferId floats(Planner& planner, std::size_t count) {
  return planner.scratch(count * sizeof(float));
}

template <Kind kKind>
void plan(const OpView& op, Planner& planner) {
  const Layer l = layer_of(op, kKind, 1);
  const RecurrentPlan& plan = l.plan;
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const Place a =
      rows_of(l, planner.read(in[0], cpu::row_major(op.input(0).shape)), l.sizes.gates, plan.units);
  const BufferId r = planner.read(in[l.r], cpu::row_major(l.weights()));
  const auto b = read_vectors(op, planner, l.b), p = read_vectors(op, planner, l.p);
  const Place h = read_state(op, planner, l, l.h), c = read_state(op, planner, l, l.c);
  const Place y = rows_of(l, planner.write(out[0], sequence_layout(l)), 1, plan.units);
  const Place last_h = write_state(op, planner, l, 1);
  const Place last_c = l.memory ? write_state(op, planner, l, 2) : Place{};

  const std::size_t saved_floats = l.rows() * l.sizes.saved * plan.padded;
  const std::size_t saved_at = l.memory ? 3 : 2;
  const bool keeps = op.outputs() > saved_at;
  const BufferId kept =
      keeps ? planner.write_bytes(out[saved_at], saved_floats * plan.steps * sizeof(float),
                                  cpu::row_major(op.output(saved_at).shape))
            : floats(planner, saved_floats);
  Place saved = rows_of(l, kept, l.sizes.saved, plan.padded);
  if (!keeps) saved.step = 0;
  const Place scaled = state_rows(l, floats(planner, l.rows() * plan.units), plan.units);
  const BufferId weights = floats(planner, weight_floats(l));
  const BufferId biases = floats(planner, l.directions() * l.sizes.biases * plan.padded);
  const BufferId peepholes = floats(planner, l.directions() * 3 * plan.padded);

  planner.emit(
      op,
      buffers_of({a.buffer, r, b, p, h.buffer, c.buffer, y.buffer, last_h.buffer, last_c.buffer,
                  saved.buffer, scaled.buffer, weights, biases, peepholes}),
      [=](const Binder& binder) -> Kernel {
        RecurrentForward task{};
        task.plan = l.plan;
        task.weights = binder.at<float>(weights);
        task.biases = binder.at<float>(biases);
        if (p) task.peepholes = binder.at<float>(peepholes);
        task.a = bind<const float>(binder, a);
        task.h = bind<const float>(binder, h);
        task.c = bind<const float>(binder, c);
        task.y = bind<float>(binder, y);
        task.last_h = bind<float>(binder, last_h);
        task.last_c = bind<float>(binder, last_c);
        task.saved = bind<float>(binder, saved);
        task.scaled = bind<float>(binder, scaled);
        return [=, r = binder.at<const float>(r), b = b ? binder.at<const float>(*b) : nullptr,
                p = p ? binder.at<const float>(*p) : nullptr, weights = binder.at<float>(weights),
                biases = binder.at<float>(biases), peepholes = binder.at<float>(peepholes),
                threads = binder.threads(), &kernels = kernels()] {
          pack_weights(l, kernels.pack_forward, r, weights);
          pack_biases(l, b, biases);
          if (p) pack_vectors(l, 3, p, peepholes);
          const auto run = kernels.forward[static_cast<std::size_t>(l.plan.cell)];
          parallel_for(threads, l.rows(), 1,
                       [&](std::size_t begin, std::size_t end) { run(task, begin, end); });
        };
      });
}

/// Where the gradients of the outputs are among the inputs: those of y, yₕ and y_c.
std::array<std::optional<std::size_t>, 3> given_at(const OpView& op, const Layer& l) {
  std::array<std::optional<std::size_t>, 3> result;
  std::size_t input = l.end + 1 + (l.sizes.saved ? 1 : 0);
  for (const std::int64_t output : op.integers("given", 0, 0, {})) {
    op.require(output < (l.memory ? 3 : 2) && !result[static_cast<std::size_t>(output)],
               "attribute 'given' must list outputs, each once");
    result[static_cast<std::size_t>(output)] = input++;
  }
  op.require(op.inputs() == input, "it has " + std::to_string(op.inputs()) + " inputs, expected " +
                                       std::to_string(input));
  return result;
}

template <Kind kKind>
void check_grad(const OpView& op) {
  allow_attributes(op, kKind, true);
  op.require_arity(3, 10, 2, 6);
  const Layer l = layer_of(op, kKind, 0);
  const auto [dy, dlast_h, dlast_c] = given_at(op, l);
  require_operands(op, l, [&](std::size_t k) -> const Tensor& { return op.input(k); });
  op.require_shape(op.input(l.end), l.sequence());
  if (l.sizes.saved) op.require_shape(op.input(l.end + 1), l.wide(l.sizes.saved));
  if (dy) op.require_shape(op.input(*dy), l.sequence());
  for (const auto& state : {dlast_h, dlast_c}) {
    if (state) op.require_shape(op.input(*state), l.state());
  }
  // Gradients are in the order of the operands, after that of the projected input.
  op.require_arity(3, 10, l.end + 1, l.end + 1);
  op.require_shape(op.output(0), l.wide(l.sizes.gates));
  require_operands(op, l, [&](std::size_t k) -> const Tensor& { return op.output(k + 1); });
}

/// The sums of all threads, in the order of the threads, as gradients of b and p.
void finish_sums(const Layer& l, int threads, float* sums, float* db, float* dp) {
  const std::size_t units = l.plan.units, padded = l.plan.padded, gates = l.sizes.gates;
  const std::size_t size = l.directions() * l.sizes.sums * padded;
  for (int k = 1; k < threads; ++k) {
    const float* part = sums + static_cast<std::size_t>(k) * size;
    for (std::size_t i = 0; i < size; ++i) sums[i] += part[i];
  }
  for (std::size_t d = 0; d < l.directions(); ++d) {
    const float* own = sums + d * l.sizes.sums * padded;
    for (std::size_t g = 0; db && g < 2 * gates; ++g) {
      const bool apart = l.plan.cell == Cell::GruLinear && g == 5;
      std::copy_n(own + (apart ? 3 : g % gates) * padded, units, db + (d * 2 * gates + g) * units);
    }
    for (std::size_t k = 0; dp && k < 3; ++k) {
      std::copy_n(own + (4 + k) * padded, units, dp + (d * 3 + k) * units);
    }
  }
}

/// What the gradient of the recurrent weights is made of.
struct WeightGradient {
  BufferId da, y, third;
  std::optional<BufferId> h;
  BufferId dr;
};

/// Some gates of one direction: the gradients of their products with h, a row each step and
/// example, times the states before.
void emit_weight_gradient(const OpView& op, Planner& planner, const Layer& l,
                          const WeightGradient& g, std::size_t direction, Matrix gates,
                          std::int64_t first_gate) {
  const auto units = static_cast<std::int64_t>(l.plan.units);
  const auto batch = static_cast<std::int64_t>(l.plan.batch);
  const auto steps = static_cast<std::int64_t>(l.plan.steps);
  const auto d = static_cast<std::int64_t>(direction);
  const bool reverse = l.plan.reverse || direction == 1;
  const std::int64_t rows = (static_cast<std::int64_t>(l.sizes.gates) * d + first_gate) * units;
  const Matrix dr{g.dr, rows * units, gates.width, units, units};
  const std::int64_t first = reverse ? steps - 1 : 0;  // the step without one before
  const std::int64_t others = (steps - 1) * batch;
  if (others > 0) {
    Matrix a = gates;
    a.offset += (reverse ? 0 : batch) * a.step;
    a.rows = others;
    const std::int64_t step = l.width(1);
    const Matrix y{g.y, (reverse ? batch : 0) * step + d * units, others, units, step};
    emit_transposed_product(op, planner, a, y, dr, false);
  }
  if (!g.h) return;
  gates.offset += first * batch * gates.step;
  gates.rows = batch;
  emit_transposed_product(op, planner, gates, {*g.h, d * batch * units, batch, units, units}, dr,
                          others > 0);
}

void emit_weight_gradients(const OpView& op, Planner& planner, const Layer& l,
                           const WeightGradient& g) {
  const auto units = static_cast<std::int64_t>(l.plan.units);
  const auto all = static_cast<std::int64_t>(l.sizes.gates);
  const bool apart = l.plan.cell == Cell::Gru || l.plan.cell == Cell::GruLinear;
  for (std::size_t k = 0; k < l.directions(); ++k) {
    const auto d = static_cast<std::int64_t>(k);
    const Matrix gates{g.da, d * all * units, 0, (apart ? 2 : all) * units, l.width(l.sizes.gates)};
    emit_weight_gradient(op, planner, l, g, k, gates, 0);
    if (!apart) continue;
    const Matrix third{g.third, d * units, 0, units, l.width(1)};
    if (l.plan.cell == Cell::GruLinear) {
      emit_weight_gradient(op, planner, l, g, k, third, 2);
      continue;
    }
    // Its product was with r⊙h, which is there for all steps.
    const auto rows = static_cast<std::int64_t>(l.plan.steps * l.plan.batch);
    const Matrix candidate{g.da, (d * all + 2) * units, rows, units, l.width(l.sizes.gates)};
    const Matrix scaled{g.third, d * units, rows, units, l.width(1)};
    const Matrix dr{g.dr, (d * all + 2) * units * units, units, units, units};
    emit_transposed_product(op, planner, candidate, scaled, dr, false);
  }
}

template <Kind kKind>
void plan_grad(const OpView& op, Planner& planner) {
  const Layer l = layer_of(op, kKind, 0);
  const RecurrentPlan& plan = l.plan;
  const auto [dy_at, dlast_h_at, dlast_c_at] = given_at(op, l);
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const auto after = [](std::optional<std::size_t> k) {
    return k ? std::optional(*k + 1) : std::nullopt;
  };
  const BufferId r = planner.read(in[l.r], cpu::row_major(l.weights()));
  const auto p = read_vectors(op, planner, l.p);
  const Place h = read_state(op, planner, l, l.h), c = read_state(op, planner, l, l.c);
  const Place y = rows_of(l, planner.read(in[l.end], sequence_layout(l)), 1, plan.units);
  const Place saved =
      l.sizes.saved ? rows_of(l, planner.read_bytes(in[l.end + 1]), l.sizes.saved, plan.padded)
                    : Place{};
  const Place dy = dy_at ? read_sequence(planner, in[*dy_at]) : Place{};
  const Place dlast_h = read_state(op, planner, l, dlast_h_at);
  const Place dlast_c = read_state(op, planner, l, dlast_c_at);

  const Place da = rows_of(l, planner.write(out[0], cpu::row_major(op.output(0).shape)),
                           l.sizes.gates, plan.units);
  const auto write_vectors = [&](std::optional<std::size_t> k) -> std::optional<BufferId> {
    if (!k) return std::nullopt;
    return planner.write(out[*k + 1], cpu::row_major(op.output(*k + 1).shape));
  };
  const auto db = write_vectors(l.b), dp = write_vectors(l.p);
  const Place dh = write_state(op, planner, l, after(l.h));
  const Place dc = write_state(op, planner, l, after(l.c));
  const Place third =
      rows_of(l, floats(planner, plan.steps * l.rows() * plan.units), 1, plan.units);
  const Place carry = state_rows(l, floats(planner, l.rows() * plan.padded), plan.padded);
  const BufferId weights = floats(planner, weight_floats(l));
  const BufferId peepholes = floats(planner, l.directions() * 3 * plan.padded);
  const std::size_t sums_size = l.directions() * l.sizes.sums * plan.padded;
  const BufferId sums = floats(planner, sums_size * static_cast<std::size_t>(planner.threads()));
  // Parameters with this op as a reader lie in row-major order, so nothing is left to reorder.
  const BufferId dr = planner.write(out[1], cpu::row_major(l.weights()));
  const bool zero = plan.steps == 1 && !l.h;

  planner.emit(
      op,
      buffers_of({r,
                  p,
                  h.buffer,
                  c.buffer,
                  y.buffer,
                  saved.buffer,
                  dy.buffer,
                  dlast_h.buffer,
                  dlast_c.buffer,
                  da.buffer,
                  db,
                  dp,
                  dh.buffer,
                  dc.buffer,
                  third.buffer,
                  carry.buffer,
                  weights,
                  peepholes,
                  sums,
                  dr}),
      [=](const Binder& binder) -> Kernel {
        RecurrentBackward task{};
        task.plan = l.plan;
        task.weights = binder.at<float>(weights);
        if (p) task.peepholes = binder.at<float>(peepholes);
        task.h = bind<const float>(binder, h);
        task.c = bind<const float>(binder, c);
        task.y = bind<const float>(binder, y);
        task.saved = bind<const float>(binder, saved);
        task.dy = bind<const float>(binder, dy);
        task.dlast_h = bind<const float>(binder, dlast_h);
        task.dlast_c = bind<const float>(binder, dlast_c);
        task.da = bind<float>(binder, da);
        task.dh = bind<float>(binder, dh);
        task.dc = bind<float>(binder, dc);
        task.third = bind<float>(binder, third);
        task.carry = bind<float>(binder, carry);
        return [=, r = binder.at<const float>(r), p = p ? binder.at<const float>(*p) : nullptr,
                db = db ? binder.at<float>(*db) : nullptr,
                dp = dp ? binder.at<float>(*dp) : nullptr, dr = binder.at<float>(dr),
                weights = binder.at<float>(weights), peepholes = binder.at<float>(peepholes),
                sums = binder.at<float>(sums), threads = binder.threads(), &kernels = kernels()] {
          pack_weights(l, kernels.pack_backward, r, weights);
          if (p) pack_vectors(l, 3, p, peepholes);
          std::fill_n(sums, sums_size * static_cast<std::size_t>(threads), 0.0f);
          if (zero) std::fill_n(dr, elements(l.weights()), 0.0f);
          const auto run = kernels.backward[static_cast<std::size_t>(l.plan.cell)];
          parallel_for(threads, l.rows(), 1, [&](std::size_t begin, std::size_t end) {
            run(task, begin, end,
                sums + static_cast<std::size_t>(omp_get_thread_num()) * sums_size);
          });
          finish_sums(l, threads, sums, db, dp);
        };
      });
  emit_weight_gradients(op, planner, l, {*da.buffer, *y.buffer, *third.buffer, h.buffer, dr});
}

}  // namespace

const OpDefinition lstm{
    .name = "lstm", .check = check<Kind::Lstm>, .plan = plan<Kind::Lstm>, .compute = true};
const OpDefinition lstm_grad{.name = "lstm_grad",
                             .check = check_grad<Kind::Lstm>,
                             .plan = plan_grad<Kind::Lstm>,
                             .compute = true};
const OpDefinition gru{
    .name = "gru", .check = check<Kind::Gru>, .plan = plan<Kind::Gru>, .compute = true};
const OpDefinition gru_grad{.name = "gru_grad",
                            .check = check_grad<Kind::Gru>,
                            .plan = plan_grad<Kind::Gru>,
                            .compute = true};
const OpDefinition rnn{
    .name = "rnn", .check = check<Kind::Rnn>, .plan = plan<Kind::Rnn>, .compute = true};
const OpDefinition rnn_grad{.name = "rnn_grad",
                            .check = check_grad<Kind::Rnn>,
                            .plan = plan_grad<Kind::Rnn>,
                            .compute = true};

}  // namespace optcmp::ops
