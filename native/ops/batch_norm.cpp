// y = relu?(batch norm(x) (+ residual)), its gradient and its form in an evaluation, in the layout
// of x. Channels are handled in groups that lie together, so that a group's second pass finds some
// of it in the caches.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "expression/instruction_set.hpp"
#include "ops/batch_norm_fusion.hpp"
#include "ops/batch_norm_kernels.hpp"
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

/// Parts of a batch that are summed on their own, whatever the number of threads.
constexpr std::size_t kParts = 16;

const BatchNormKernels& kernels() { return OPTCMP_KERNELS(batch_norm); }

/// A tensor [N, C, …] in groups of channels.
struct Channels {
  cpu::Desc layout;
  ChannelView view;
  std::size_t channels = 0, groups = 0, group_stride = 0;

  std::size_t count() const { return view.images * view.pixels; }
  std::size_t in(std::size_t group) const {
    return std::min(view.lanes, channels - group * view.lanes);
  }
  /// The group's own of a vector [C], zero where it ends.
  void pick(const float* vector, std::size_t group, Lanes& lanes) const {
    std::fill(std::begin(lanes), std::end(lanes), 0.0f);
    std::copy_n(vector + group * view.lanes, in(group), lanes);
  }
};

Channels last_axis(const cpu::Desc& layout, std::size_t images, std::size_t pixels,
                   std::size_t channels) {
  const std::size_t lanes = channels % 16 == 0 ? 16 : channels % 8 == 0 ? 8 : 1;
  return {layout,
          {lanes, images, pixels * channels, pixels, channels},
          channels,
          channels / lanes,
          lanes};
}

Channels blocks(const cpu::Desc& layout, std::size_t block, std::size_t images, std::size_t pixels,
                std::size_t channels) {
  const std::size_t groups = (channels + block - 1) / block, plane = pixels * block;
  return {layout, {block, images, groups * plane, pixels, block}, channels, groups, plane};
}

/// How to go through `tensor`, which is in `layout` now and is reordered where that does not suit.
Channels channels_of(const Tensor& tensor, const cpu::Desc& layout) {
  const Shape& shape = tensor.shape;
  const auto images = static_cast<std::size_t>(shape[0]);
  const auto channels = static_cast<std::size_t>(shape[1]);
  if (shape.size() == 2) return last_axis(cpu::row_major(shape), 1, images, channels);

  const std::size_t pixels = static_cast<std::size_t>(elements(shape)) / (images * channels);
  if (shape.size() == 4) {
    const cpu::Desc known = cpu::like(layout, shape);
    const cpu::Blocking blocking = cpu::blocking(known);
    if (!blocking.inner_blocks.empty()) {
      const auto block = static_cast<std::size_t>(blocking.inner_blocks[0]);
      return blocks(known, block, images, pixels, channels);
    }
    if (blocking.strides[1] == 1) return last_axis(known, images, pixels, channels);
  }
  const bool wide = expression::default_instruction_set() == expression::InstructionSet::Avx512;
  const cpu::Desc blocked({shape[0], shape[1], static_cast<std::int64_t>(pixels), 1},
                          dnnl::memory::data_type::f32,
                          wide ? cpu::Tag::nChw16c : cpu::Tag::nChw8c);
  return blocks(blocked, wide ? 16 : 8, images, pixels, channels);
}

/// Adds up what `sum(begin, end, sums)` gives for the parts of the images.
template <class Sum>
LaneSums sum_images(const ChannelView& view, int threads, const Sum& sum) {
  std::array<LaneSums, kParts> partial{};
  parallel_for(threads, kParts, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k) {
      sum(view.images * k / kParts, view.images * (k + 1) / kParts, partial[k]);
    }
  });
  for (std::size_t k = 1; k < kParts; ++k) {
    for (std::size_t lane = 0; lane < view.lanes; ++lane) {
      partial[0].first[lane] += partial[k].first[lane];
      partial[0].second[lane] += partial[k].second[lane];
    }
  }
  return partial[0];
}

void require_channels(const OpView& op, std::size_t from, std::size_t to, const Tensor& x) {
  op.require(x.shape.size() >= 2,
             "tensor '" + x.name + "' must be [N, C, …], has shape " + to_string(x.shape));
  for (std::size_t k = from; k < to; ++k) op.require_shape(op.input(k), {x.shape[1]});
}

// ---- Forward
// -------------------------------------------------------------------------------------

void check_input(const OpView& op) {
  require_channels(op, 1, 5, op.input(0));
  op.require_shape(op.output(0), op.input(0).shape);
  if (op.inputs() == 6) op.require_shape(op.input(5), op.input(0).shape);
  op.require(op.number("epsilon", 1e-5) >= 0, "attribute 'epsilon' must not be negative");
  op.flag("relu");
}

void check_forward(const OpView& op) {
  constexpr std::array<std::string_view, 3> known{"epsilon", "momentum", "relu"};
  op.require_arity(5, 6, 5, 5);
  op.allow_attributes(known);
  check_input(op);
  for (std::size_t k = 1; k < 5; ++k) op.require_shape(op.output(k), {op.input(0).shape[1]});
  const double momentum = op.number("momentum", 0.1);
  op.require(momentum >= 0 && momentum <= 1, "attribute 'momentum' must be in [0, 1]");
}

struct Forward {
  Channels channels;
  double epsilon, momentum;
  bool relu;
  const float *x, *scale, *bias, *running_mean, *running_variance, *residual;
  float *y, *mean, *rstd, *next_mean, *next_variance;
  const double* moments;  ///< Of whoever wrote x: each channel's mean, then each one's variance.
  int threads;

  void operator()() const {
    for (std::size_t group = 0; group < channels.groups; ++group) {
      if (moments) {
        take_moments(group);
      } else {
        find_moments(group);
      }
      normalize(group);
    }
  }

  void take_moments(std::size_t group) const {
    for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
      const std::size_t c = group * channels.view.lanes + lane;
      set_statistics(c, moments[c], moments[channels.channels + c]);
    }
  }

  void find_moments(std::size_t group) const {
    const float* from = x + group * channels.group_stride;
    Lanes origin{};
    std::copy_n(from, channels.view.lanes, origin);
    const LaneSums sums =
        sum_images(channels.view, threads, [&](std::size_t begin, std::size_t end, LaneSums& sums) {
          kernels().moments(channels.view, from, origin, begin, end, sums);
        });
    const auto count = static_cast<double>(channels.count());
    for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
      const double shift = sums.first[lane] / count;
      const double variance = std::max(0.0, sums.second[lane] / count - shift * shift);
      set_statistics(group * channels.view.lanes + lane, origin[lane] + shift, variance);
    }
  }

  void set_statistics(std::size_t c, double batch_mean, double variance) const {
    const auto count = static_cast<double>(channels.count());
    const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
    mean[c] = static_cast<float>(batch_mean);
    rstd[c] = static_cast<float>(1 / std::sqrt(variance + epsilon));
    next_mean[c] = static_cast<float>(running_mean[c] + momentum * (batch_mean - running_mean[c]));
    next_variance[c] =
        static_cast<float>(running_variance[c] + momentum * (unbiased - running_variance[c]));
  }

  void normalize(std::size_t group) const {
    const std::size_t at = group * channels.group_stride;
    NormalizePass pass{x + at, residual ? residual + at : nullptr, y + at, {}, {}, relu};
    for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
      const std::size_t c = group * channels.view.lanes + lane;
      const ChannelLine line(scale[c], bias[c], mean[c], rstd[c]);
      pass.factor[lane] = line.factor;
      pass.shift[lane] = line.shift;
    }
    parallel_for(threads, channels.view.images, 1, [&](std::size_t begin, std::size_t end) {
      kernels().normalize(channels.view, pass, begin, end);
    });
  }
};

void plan_forward(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const Channels channels = channels_of(op.input(0), planner.layout(in[0]));
  const cpu::Desc vector = cpu::row_major({op.input(0).shape[1]});
  std::vector<BufferId> used{planner.read(in[0], channels.layout)};
  for (std::size_t k = 1; k < 5; ++k) used.push_back(planner.read(in[k], vector));
  const bool residual = in.size() == 6;
  used.push_back(residual ? planner.read(in[5], channels.layout) : used[0]);
  used.push_back(residual ? planner.write(out[0], channels.layout, in[5], used[5])
                          : planner.write(out[0], channels.layout));
  for (std::size_t k = 1; k < 5; ++k) used.push_back(planner.write(out[k], vector));
  const auto moments = planner.promised(in[0], "batch_norm");
  used.push_back(moments.value_or(used[0]));
  const double epsilon = op.number("epsilon", 1e-5), momentum = op.number("momentum", 0.1);
  planner.emit(op, used, [=, relu = op.flag("relu")](const Binder& b) -> Kernel {
    const auto from = [&](std::size_t k) { return b.at<const float>(used[k]); };
    const auto to = [&](std::size_t k) { return b.at<float>(used[k]); };
    return Forward{channels,   epsilon,
                   momentum,   relu,
                   from(0),    from(1),
                   from(2),    from(3),
                   from(4),    residual ? from(5) : nullptr,
                   to(6),      to(7),
                   to(8),      to(9),
                   to(10),     moments ? b.at<const double>(*moments) : nullptr,
                   b.threads()};
  });
}

// ---- Gradient
// ------------------------------------------------------------------------------------

void check_gradient(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"relu"};
  op.require_arity(6, 7, 3, 4);
  op.allow_attributes(known);
  const Tensor& x = op.input(1);
  require_channels(op, 2, 6, x);
  op.require_shape(op.input(0), x.shape);
  op.require_shape(op.output(0), x.shape);
  for (std::size_t k = 1; k < 3; ++k) op.require_shape(op.output(k), {x.shape[1]});
  if (op.inputs() == 7) op.require_shape(op.input(6), x.shape);
  if (op.outputs() == 4) op.require_shape(op.output(3), x.shape);
  op.require(op.inputs() < 7 || op.flag("relu"), "y is read for the ReLU, which is not there");
  op.require(op.outputs() < 4 || op.inputs() == 7, "the residual's gradient needs y");
}

struct Gradient {
  Channels channels;
  bool relu;
  const float *dy, *x, *scale, *bias, *mean, *rstd, *y;
  float *dx, *dscale, *dbias, *dz;
  const double* known;  ///< Σ dz, then Σ dz·(x − mean), of whoever wrote dy, which is dz then.
  int threads;

  void operator()() const {
    for (std::size_t group = 0; group < channels.groups; ++group) run(group);
  }

  void run(std::size_t group) const {
    const std::size_t at = group * channels.group_stride;
    GradientPass pass{};
    pass.dy = dy + at;
    pass.x = x + at;
    pass.y = y ? y + at : nullptr;
    pass.dz = y ? dz + at : nullptr;
    pass.dx = dx + at;
    pass.relu = relu;
    channels.pick(mean, group, pass.mean);
    for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
      const std::size_t c = group * channels.view.lanes + lane;
      const ChannelLine line(scale[c], bias[c], mean[c], rstd[c]);
      pass.factor[lane] = line.factor;
      pass.shift[lane] = line.shift;
    }
    const LaneSums sums = known ? known_sums(group) : find_sums(pass);
    const auto count = static_cast<double>(channels.count());
    for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
      const std::size_t c = group * channels.view.lanes + lane;
      const double slope = sums.second[lane] * rstd[c] * rstd[c] / count;
      dbias[c] = static_cast<float>(sums.first[lane]);
      dscale[c] = static_cast<float>(sums.second[lane] * rstd[c]);
      pass.slope[lane] = static_cast<float>(-slope * pass.factor[lane]);
      pass.offset[lane] = static_cast<float>(-sums.first[lane] / count * pass.factor[lane]);
    }
    parallel_for(threads, channels.view.images, 1, [&](std::size_t begin, std::size_t end) {
      kernels().gradient(channels.view, pass, begin, end);
    });
  }

  LaneSums known_sums(std::size_t group) const {
    LaneSums sums{};
    const double* from = known + group * channels.view.lanes;
    std::copy_n(from, channels.in(group), sums.first);
    std::copy_n(from + channels.channels, channels.in(group), sums.second);
    return sums;
  }

  LaneSums find_sums(const GradientPass& pass) const {
    return sum_images(channels.view, threads,
                      [&](std::size_t begin, std::size_t end, LaneSums& sums) {
                        kernels().gradient_sums(channels.view, pass, begin, end, sums);
                      });
  }
};

void plan_gradient(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const Channels channels = channels_of(op.input(1), planner.layout(in[1]));
  const cpu::Desc vector = cpu::row_major({op.input(1).shape[1]});
  const auto known = planner.promised(in[0], "batch_norm_grad");
  const bool masked = in.size() == 7 && !known;
  std::vector<BufferId> used{planner.read(in[0], channels.layout),
                             planner.read(in[1], channels.layout)};
  for (std::size_t k = 2; k < 6; ++k) used.push_back(planner.read(in[k], vector));
  used.push_back(masked ? planner.read(in[6], channels.layout) : used[0]);
  // The residual's gradient is dy where that is dz, and may take its place else; dx x's, or dy's
  // where that is left.
  if (known && out.size() == 4) planner.alias(out[3], used[0], channels.layout);
  const BufferId dz = !masked           ? used[0]
                      : out.size() == 4 ? planner.write(out[3], channels.layout, in[0], used[0])
                                        : planner.scratch(channels.layout.get_size());
  used.push_back(planner.write(out[0], channels.layout, in[1], used[1]));
  used.push_back(planner.write(out[1], vector));
  used.push_back(planner.write(out[2], vector));
  used.push_back(dz);
  used.push_back(known.value_or(used[0]));
  const bool relu = op.flag("relu") && !known;
  planner.emit(op, used, [=](const Binder& b) -> Kernel {
    const auto from = [&](std::size_t k) { return b.at<const float>(used[k]); };
    const auto to = [&](std::size_t k) { return b.at<float>(used[k]); };
    return Gradient{channels,
                    relu,
                    from(0),
                    from(1),
                    from(2),
                    from(3),
                    from(4),
                    from(5),
                    masked ? from(6) : nullptr,
                    to(7),
                    to(8),
                    to(9),
                    to(10),
                    known ? b.at<const double>(*known) : nullptr,
                    b.threads()};
  });
}

// ---- Inference
// -----------------------------------------------------------------------------------

void check_inference(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"epsilon", "relu"};
  op.require_arity(5, 6, 1, 1);
  op.allow_attributes(known);
  check_input(op);
}

struct Inference {
  Channels channels;
  double epsilon;
  bool relu;
  const float *x, *scale, *bias, *mean, *variance, *residual;
  float* y;
  int threads;

  void operator()() const {
    for (std::size_t group = 0; group < channels.groups; ++group) {
      const std::size_t at = group * channels.group_stride;
      NormalizePass pass{x + at, residual ? residual + at : nullptr, y + at, {}, {}, relu};
      for (std::size_t lane = 0; lane < channels.in(group); ++lane) {
        const std::size_t c = group * channels.view.lanes + lane;
        pass.factor[lane] = static_cast<float>(scale[c] / std::sqrt(variance[c] + epsilon));
        pass.shift[lane] = bias[c] - mean[c] * pass.factor[lane];
      }
      parallel_for(threads, channels.view.images, 1, [&](std::size_t begin, std::size_t end) {
        kernels().normalize(channels.view, pass, begin, end);
      });
    }
  }
};

void plan_inference(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const Channels channels = channels_of(op.input(0), planner.layout(in[0]));
  const cpu::Desc vector = cpu::row_major({op.input(0).shape[1]});
  std::vector<BufferId> used{planner.read(in[0], channels.layout)};
  for (std::size_t k = 1; k < 5; ++k) used.push_back(planner.read(in[k], vector));
  const bool residual = in.size() == 6;
  used.push_back(residual ? planner.read(in[5], channels.layout) : used[0]);
  used.push_back(planner.write(op.op().outputs[0], channels.layout, in[0], used[0]));
  const double epsilon = op.number("epsilon", 1e-5);
  planner.emit(op, used, [=, relu = op.flag("relu")](const Binder& b) -> Kernel {
    const auto from = [&](std::size_t k) { return b.at<const float>(used[k]); };
    return Inference{channels,
                     epsilon,
                     relu,
                     from(0),
                     from(1),
                     from(2),
                     from(3),
                     from(4),
                     residual ? from(5) : nullptr,
                     b.at<float>(used[6]),
                     b.threads()};
  });
}

}  // namespace

const OpDefinition batch_norm{.name = "batch_norm", .check = check_forward, .plan = plan_forward};
const OpDefinition batch_norm_grad{
    .name = "batch_norm_grad", .check = check_gradient, .plan = plan_gradient};
const OpDefinition batch_norm_inference{
    .name = "batch_norm_inference", .check = check_inference, .plan = plan_inference};

}  // namespace optcmp::ops
