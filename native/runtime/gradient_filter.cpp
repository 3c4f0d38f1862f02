#include "runtime/gradient_filter.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "runtime/normals.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

constexpr double kNoiseDecay = 0.55;
/// Least norms of a row and of its gradient, as the authors have them.
constexpr double kLeastRow = 1e-3, kLeastGradient = 1e-6;
/// Elements that a thread takes at least.
constexpr std::size_t kGrain = 4096;

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

/// Calls `visit(offset)` for the elements of a row, in row-major order.
template <class Visit>
void for_each_of_row(const std::vector<std::vector<std::size_t>>& offsets, std::size_t row,
                     std::size_t columns, const Visit& visit) {
  const std::size_t axes = offsets.size();
  const auto& inner = offsets[axes - 1];
  if (axes == 1) {
    for (const std::size_t offset : inner) visit(offset);
    return;
  }
  for (std::size_t line = 0; line < columns / inner.size(); ++line) {
    std::size_t rest = line, base = offsets[0][row];
    for (std::size_t axis = axes - 1; axis-- > 1;) {
      base += offsets[axis][rest % offsets[axis].size()];
      rest /= offsets[axis].size();
    }
    for (const std::size_t offset : inner) visit(base + offset);
  }
}

}  // namespace

GradientFilter::GradientFilter(const GradientFilterOptions& options, const ParameterStore& store,
                               const Program& program, std::uint64_t seed, int threads)
    : options_(options), store_(store), seed_(seed), threads_(threads) {
  require(!(options.noise < 0) && std::isfinite(options.noise),
          "gradientNoise must be finite and at least 0");
  require(!options.clip_adaptive || *options.clip_adaptive > 0, "clipAdaptive must be positive");
  if (options.noise == 0 && !options.clip_adaptive) return;
  std::uint64_t first = 0;
  for (const Tensor& tensor : program.tensors) {
    if (tensor.role != Role::Parameter) continue;
    const auto size = static_cast<std::size_t>(elements(tensor.shape));
    if (size == 0) continue;
    const Parameter& parameter = store.find(tensor.name);
    const bool is_matrix = tensor.shape.size() > 1;
    const std::size_t rows = is_matrix ? static_cast<std::size_t>(tensor.shape[0]) : 1;
    matrices_.push_back({&parameter, rows, size / rows, axis_offsets(parameter.layout), first});
    first += size;
  }
}

void GradientFilter::run(std::uint64_t t) const {
  for (const Matrix& matrix : matrices_) {
    parallel_for(threads_, matrix.rows, kGrain / matrix.columns + 1,
                 [&](std::size_t from, std::size_t to) {
                   for (std::size_t row = from; row < to; ++row) run_row(matrix, row, t);
                 });
  }
}

void GradientFilter::run_row(const Matrix& matrix, std::size_t row, std::uint64_t t) const {
  float* const g = store_.gradients() + matrix.parameter->offset;
  const float* const p = store_.values() + matrix.parameter->offset;
  const auto visit = [&](const auto& each) {
    for_each_of_row(matrix.offsets, row, matrix.columns, each);
  };
  if (options_.noise > 0) {
    const double deviation =
        std::sqrt(options_.noise / std::pow(1 + static_cast<double>(t), kNoiseDecay));
    const RandomSequence random(seed_, RandomStream::GradientNoise, static_cast<std::uint32_t>(t));
    Normals normal(random, matrix.first + row * matrix.columns);
    visit([&](std::size_t at) { g[at] += static_cast<float>(deviation * normal()); });
  }
  if (!options_.clip_adaptive) return;
  double squares_p = 0, squares_g = 0;
  visit([&](std::size_t at) {
    squares_p += static_cast<double>(p[at]) * static_cast<double>(p[at]);
    squares_g += static_cast<double>(g[at]) * static_cast<double>(g[at]);
  });
  const double most = *options_.clip_adaptive * std::max(std::sqrt(squares_p), kLeastRow);
  const double norm = std::max(std::sqrt(squares_g), kLeastGradient);
  if (!(norm > most)) return;
  const auto scale = static_cast<float>(most / norm);
  visit([&](std::size_t at) { g[at] *= scale; });
}

}  // namespace optcmp
