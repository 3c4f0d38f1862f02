// y = along an axis the elements of x that whole numbers name, each for itself, and its gradient:
// the sum of what is put at each place.
#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

/// All is [before, length, after], the picks [before, picks, after].
struct Geometry {
  std::size_t before = 1, length = 1, picks = 1, after = 1;
};

Geometry geometry(const OpView& op, const Tensor& all, const Tensor& picks) {
  const double number = op.number("axis", 0);
  op.require(number >= 0 && number < static_cast<double>(all.shape.size()),
             "axis must be one of '" + all.name + "' " + to_string(all.shape));
  const auto axis = static_cast<std::size_t>(number);
  Shape expected = all.shape;
  op.require(picks.shape.size() == expected.size(), "the indices have another rank");
  expected[axis] = picks.shape[axis];
  op.require_shape(picks, expected);
  Geometry g;
  for (std::size_t k = 0; k < axis; ++k) g.before *= static_cast<std::size_t>(all.shape[k]);
  for (std::size_t k = axis + 1; k < all.shape.size(); ++k)
    g.after *= static_cast<std::size_t>(all.shape[k]);
  g.length = static_cast<std::size_t>(all.shape[axis]);
  g.picks = static_cast<std::size_t>(picks.shape[axis]);
  return g;
}

/// Before the threads begin, as none may throw.
void require_inside(const std::string& name, const Geometry& g, const std::int32_t* indices) {
  const auto length = static_cast<std::int32_t>(g.length);
  const std::int32_t* const end = indices + g.before * g.picks * g.after;
  const auto* const outside = std::find_if(
      indices, end, [length](std::int32_t index) { return index < -length || index >= length; });
  if (outside == end) return;
  throw std::out_of_range("'" + name + "': the index " + std::to_string(*outside) +
                          " is outside of an axis of length " + std::to_string(length));
}

/// Calls `visit(all, pick)` with the flat indices of the picks of rows [begin, end), in order.
template <class Visit>
void for_each_pick(const Geometry& g, const std::int32_t* indices, std::size_t begin,
                   std::size_t end, const Visit& visit) {
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t k = 0; k < g.picks; ++k) {
      for (std::size_t i = 0; i < g.after; ++i) {
        const std::size_t pick = (row * g.picks + k) * g.after + i;
        const std::int32_t index = indices[pick];
        const auto place = static_cast<std::size_t>(
            index < 0 ? index + static_cast<std::int32_t>(g.length) : index);
        visit((row * g.length + place) * g.after + i, pick);
      }
    }
  }
}

std::size_t grain(const Geometry& g) { return kGrain / (g.picks * g.after) + 1; }

void check_gather(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"axis"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  geometry(op, op.input(0), op.input(1));
  op.require_shape(op.output(0), op.input(1).shape);
}

void plan_gather(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0), op.input(1));
  const auto& in = op.op().inputs;
  const std::string name = op.op().name;
  const BufferId x = planner.read(in[0], cpu::row_major(op.input(0).shape));
  const BufferId indices = planner.read_bytes(in[1]);
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  planner.emit(op, {x, indices, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), indices = b.at<const std::int32_t>(indices),
            y = b.at<float>(y), threads = b.threads()] {
      require_inside(name, g, indices);
      parallel_for(threads, g.before, grain(g), [=](std::size_t begin, std::size_t end) {
        for_each_pick(g, indices, begin, end,
                      [=](std::size_t all, std::size_t pick) { y[pick] = x[all]; });
      });
    };
  });
}

void check_scatter(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"axis", "length"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  const Geometry g = geometry(op, op.output(0), op.input(1));
  op.require_shape(op.input(0), op.input(1).shape);
  op.require(op.number("length", 0) == static_cast<double>(g.length),
             "length differs from the output's shape");
}

/// Each row belongs to one thread, which adds up in the order of the picks.
void plan_scatter(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.output(0), op.input(1));
  const auto& in = op.op().inputs;
  const std::string name = op.op().name;
  const BufferId x = planner.read(in[0], cpu::row_major(op.input(0).shape));
  const BufferId indices = planner.read_bytes(in[1]);
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  planner.emit(op, {x, indices, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), indices = b.at<const std::int32_t>(indices),
            y = b.at<float>(y), threads = b.threads()] {
      require_inside(name, g, indices);
      parallel_for(threads, g.before, grain(g), [=](std::size_t begin, std::size_t end) {
        const std::size_t row = g.length * g.after;
        std::fill(y + begin * row, y + end * row, 0.0f);
        for_each_pick(g, indices, begin, end,
                      [=](std::size_t all, std::size_t pick) { y[all] += x[pick]; });
      });
    };
  });
}

}  // namespace

const OpDefinition gather_elements{
    .name = "gather_elements", .check = check_gather, .plan = plan_gather, .whole_inputs = 0b10};
const OpDefinition scatter_elements{
    .name = "scatter_elements", .check = check_scatter, .plan = plan_scatter, .whole_inputs = 0b10};

}  // namespace optcmp::ops
