// What a convolution does for the batch normalisations around it while its output is in registers:
// the moments of what is normalised next, or the sums of a gradient. The planner hands them over.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ops/winograd_convolution.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// y = factor·x + shift in a channel: the same numbers wherever they are computed.
struct ChannelLine {
  ChannelLine(float scale, float bias, float mean, float rstd)
      : factor(scale * rstd), shift(bias - mean * factor) {}
  float factor, shift;
};

/// Where the op that writes `y` is to leave the mean of each channel and then the variance (of n)
/// of each, in f64; none where no batch norm reads them.
std::optional<BufferId> plan_moments(const OpView& writer, TensorId y, Planner& planner);

/// A batch norm y = relu?(norm(x) (+ residual)) as the op sees it that writes the gradient of y.
class InputNorm {
 public:
  /// None where something else reads that gradient, or the norm's tensors are not in `layout`.
  /// Whoever plans it writes dz, the gradient before the ReLU, in place of dy.
  static std::optional<InputNorm> plan(const OpView& writer, TensorId dy, const cpu::Desc& layout,
                                       Planner& planner);

  const std::vector<BufferId>& buffers() const { return buffers_; }

  /// Pointers of a step; `refresh` comes before each use.
  struct Bound {
    WinogradConvolution::BatchNormInput norm;
    const float *scale, *bias, *rstd;
    float *factor, *shift;
    std::size_t channels;

    void refresh() const;
  };
  Bound bind(const Binder& binder) const;

 private:
  InputNorm(std::vector<BufferId> buffers, std::size_t channels, bool relu, bool masked)
      : buffers_(std::move(buffers)), channels_(channels), relu_(relu), masked_(masked) {}

  /// x, scale, bias, mean, rstd, the lines, the sums, (y).
  std::vector<BufferId> buffers_;
  std::size_t channels_;
  bool relu_, masked_;
};

}  // namespace optcmp::ops
