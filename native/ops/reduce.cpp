// Sums and maxima over axes, in f64.
#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

/// Which axes are reduced; negative ones count from the end, none means all.
std::vector<bool> reduced_axes(const OpView& op) {
  const auto rank = static_cast<std::int64_t>(op.input(0).shape.size());
  const auto axes = op.integers("axes", 0, -rank, {});
  std::vector<bool> summed(static_cast<std::size_t>(rank), axes.empty());
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += rank;
    op.require(axis < rank, "has no axis " + std::to_string(axis));
    op.require(!summed[static_cast<std::size_t>(axis)], "reduces an axis twice");
    summed[static_cast<std::size_t>(axis)] = true;
  }
  return summed;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"axes", "keepdims"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  const std::vector<bool> summed = reduced_axes(op);
  Shape result;
  for (std::size_t axis = 0; axis < summed.size(); ++axis) {
    if (!summed[axis]) result.push_back(op.input(0).shape[axis]);
    if (summed[axis] && op.flag("keepdims", true)) result.push_back(1);
  }
  op.require_shape(op.output(0), result);
}

/// The input in row-major order, and how far each axis moves in the result: 0 where it is reduced.
struct Walk {
  std::vector<std::size_t> sizes, steps;  ///< An axis each, at least one.
  std::size_t results = 1;
};

Walk walk(const OpView& op) {
  const std::vector<bool> summed = reduced_axes(op);
  const Shape& shape = op.input(0).shape;
  Walk walk{{shape.begin(), shape.end()}, std::vector<std::size_t>(shape.size(), 0), 1};
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (summed[axis]) continue;
    walk.steps[axis] = walk.results;
    walk.results *= walk.sizes[axis];
  }
  if (shape.empty()) walk.sizes = walk.steps = {1};
  return walk;
}

/// Rows of the input (all axes but the last) that one piece of work takes, and the elements that it
/// adds to: pieces are combined in order, so that results do not depend on the number of threads.
constexpr std::size_t kMostPieces = 64;
constexpr std::size_t kPieceElements = 1 << 16;

struct Sum {
  static constexpr double kStart = 0;
  static double combine(double a, double b) { return a + b; }
};

struct Max {
  static constexpr double kStart = -std::numeric_limits<double>::infinity();
  static double combine(double a, double b) { return a > b || a != a ? a : b; }
};

/// Rows from `begin` to `end`, into results of their own.
template <class Reduction>
void reduce_rows(const Walk& walk, const float* x, double* results, std::size_t begin,
                 std::size_t end) {
  std::fill_n(results, walk.results, Reduction::kStart);
  const std::size_t axes = walk.sizes.size();
  const std::size_t width = walk.sizes[axes - 1];
  for (std::size_t row = begin; row < end; ++row) {
    const float* from = x + row * width;
    std::size_t rest = row, at = 0;
    for (std::size_t axis = axes - 1; axis-- > 0;) {
      at += rest % walk.sizes[axis] * walk.steps[axis];
      rest /= walk.sizes[axis];
    }
    if (walk.steps[axes - 1] == 0) {
      // Several chains, as one would wait for each addition.
      constexpr std::size_t kChains = 8;
      double chains[kChains];
      std::fill_n(chains, kChains, Reduction::kStart);
      std::size_t i = 0;
      for (; i + kChains <= width; i += kChains) {
        for (std::size_t c = 0; c < kChains; ++c) {
          chains[c] = Reduction::combine(chains[c], from[i + c]);
        }
      }
      for (; i < width; ++i) chains[0] = Reduction::combine(chains[0], from[i]);
      for (std::size_t c = 0; c < kChains; ++c) {
        results[at] = Reduction::combine(results[at], chains[c]);
      }
    } else {
      for (std::size_t i = 0; i < width; ++i) {
        results[at + i] = Reduction::combine(results[at + i], from[i]);
      }
    }
  }
}

template <class Reduction>
void plan(const OpView& op, Planner& planner) {
  const Walk plan = walk(op);
  const auto size = static_cast<std::size_t>(elements(op.input(0).shape));
  const std::size_t rows = size / plan.sizes.back();
  // A piece has to be worth the results it fills and combines.
  const std::size_t least = std::max(kPieceElements, 4 * plan.results);
  const std::size_t pieces = std::clamp<std::size_t>(size / least, 1, std::min(rows, kMostPieces));
  const BufferId x = planner.read(op.op().inputs[0], cpu::row_major(op.input(0).shape));
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  const BufferId parts = planner.scratch(pieces * plan.results * sizeof(double));
  planner.emit(op, {x, y, parts}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), parts = b.at<double>(parts), y = b.at<float>(y),
            threads = b.threads()] {
      parallel_for(threads, pieces, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) {
          reduce_rows<Reduction>(plan, x, parts + k * plan.results, rows * k / pieces,
                                 rows * (k + 1) / pieces);
        }
      });
      for (std::size_t i = 0; i < plan.results; ++i) {
        double result = parts[i];
        for (std::size_t k = 1; k < pieces; ++k) {
          result = Reduction::combine(result, parts[k * plan.results + i]);
        }
        y[i] = static_cast<float>(result);
      }
    };
  });
}

}  // namespace

const OpDefinition reduce_sum{.name = "reduce_sum", .check = check, .plan = plan<Sum>};
const OpDefinition reduce_max{.name = "reduce_max", .check = check, .plan = plan<Max>};

}  // namespace optcmp::ops
