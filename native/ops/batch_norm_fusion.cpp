#include "ops/batch_norm_fusion.hpp"

#include <algorithm>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

std::size_t channels_of(const Tensor& tensor) { return static_cast<std::size_t>(tensor.shape[1]); }

}  // namespace

std::optional<BufferId> plan_moments(const OpView& writer, TensorId y, Planner& planner) {
  if (!writer.is_first_input_of(y, "batch_norm")) return std::nullopt;
  const std::size_t channels = channels_of(writer.output(0));
  return planner.promise(y, "batch_norm", 2 * channels * sizeof(double));
}

std::optional<InputNorm> InputNorm::plan(const OpView& writer, TensorId dy, const cpu::Desc& layout,
                                         Planner& planner) {
  const auto norm = writer.only_reader_of(dy);
  if (!norm || norm->op().definition->name != "batch_norm_grad") return std::nullopt;
  const std::vector<TensorId> in = norm->op().inputs;  // dy, x, scale, bias, mean, rstd, (y)
  const bool masked = in.size() == 7;
  if (std::count(in.begin(), in.end(), dy) != 1 || in[0] != dy) return std::nullopt;
  if (norm->outputs() == 4 && norm->output(3).role != Role::Temporary) return std::nullopt;
  if (!std::all_of(in.begin() + 1, in.end(), [&](TensorId id) { return planner.placed(id); })) {
    return std::nullopt;
  }
  if (planner.layout(in[1]) != layout || (masked && planner.layout(in[6]) != layout)) {
    return std::nullopt;
  }
  const std::size_t channels = channels_of(norm->input(1));
  const cpu::Desc vector = cpu::row_major({norm->input(1).shape[1]});
  std::vector<BufferId> buffers{planner.read(in[1], layout)};
  for (std::size_t k = 2; k < 6; ++k) buffers.push_back(planner.read(in[k], vector));
  buffers.push_back(planner.scratch(2 * channels * sizeof(float)));
  buffers.push_back(planner.promise(dy, "batch_norm_grad", 2 * channels * sizeof(double)));
  if (masked) buffers.push_back(planner.read(in[6], layout));
  return InputNorm(std::move(buffers), channels, norm->flag("relu"), masked);
}

InputNorm::Bound InputNorm::bind(const Binder& binder) const {
  const auto from = [&](std::size_t k) { return binder.at<const float>(buffers_[k]); };
  float* factor = binder.at<float>(buffers_[5]);
  float* shift = factor + channels_;
  return {{.x = from(0),
           .y = masked_ ? from(7) : nullptr,
           .mean = from(3),
           .factor = factor,
           .shift = shift,
           .relu = relu_,
           .sums = binder.at<double>(buffers_[6])},
          from(1),
          from(2),
          from(4),
          factor,
          shift,
          channels_};
}

void InputNorm::Bound::refresh() const {
  for (std::size_t c = 0; c < channels; ++c) {
    const ChannelLine line(scale[c], bias[c], norm.mean[c], rstd[c]);
    factor[c] = line.factor;
    shift[c] = line.shift;
  }
}

}  // namespace optcmp::ops
