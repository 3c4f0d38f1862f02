// What is done to the gradient in place before an update: noise, then clipping of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/parameter_store.hpp"

namespace optcmp {

struct GradientFilterOptions {
  /// η of Neelakantan et al. 2015: each element gets a normal number of variance η/(1 + t)^0.55.
  double noise = 0;
  /// λ of Brock et al. 2021: the greatest norm of a row's gradient over the row's own, which counts
  /// as at least 0.001. A vector is one row.
  std::optional<double> clip_adaptive;
};

class GradientFilter {
 public:
  /// Throws std::invalid_argument. The store must live as long.
  GradientFilter(const GradientFilterOptions& options, const ParameterStore& store,
                 const Program& program, std::uint64_t seed, int threads);

  /// Step `t` (from 0). The result depends neither on the number of threads nor on layouts;
  /// allocates nothing.
  void run(std::uint64_t t) const;

 private:
  struct Matrix {
    const Parameter* parameter;
    std::size_t rows, columns;
    std::vector<std::vector<std::size_t>> offsets;  ///< Along each axis.
    std::uint64_t first;                            ///< Its elements' place in the random sequence.
  };

  void run_row(const Matrix& matrix, std::size_t row, std::uint64_t t) const;

  GradientFilterOptions options_;
  const ParameterStore& store_;
  std::uint64_t seed_;
  int threads_;
  std::vector<Matrix> matrices_;
};

}  // namespace optcmp
