// Times convolutions and their gradients: oneDNN's kernels beside ours, interleaved, in one
// process.
//   convolution [threads [rounds]]
// Prints the median milliseconds of each pass, and the distance between the results of the two, as
// a fraction of the norm.
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "ops/winograd_convolution.hpp"

using optcmp::ops::WinogradConvolution;
using Shape = WinogradConvolution::Shape;
using dnnl::memory;

namespace {

int threads = 1;
int rounds = 11;

/// Seconds of this thread where it works alone (other processes do not count), else of the clock.
double seconds() {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// The median seconds of each of `calls`, run in turns.
std::vector<double> medians(const std::vector<std::function<void()>>& calls) {
  std::vector<std::vector<double>> times(calls.size());
  for (int round = -1; round < rounds; ++round) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const double start = seconds();
      calls[i]();
      if (round >= 0) times[i].push_back(seconds() - start);
    }
  }
  std::vector<double> result;
  for (auto& t : times) {
    std::nth_element(t.begin(), t.begin() + rounds / 2, t.end());
    result.push_back(t[rounds / 2]);
  }
  return result;
}

struct Buffer {
  explicit Buffer(std::size_t floats)
      : size(floats),
        data(static_cast<float*>(std::aligned_alloc(64, (floats * 4 + 63) / 64 * 64))) {
    std::fill_n(data, size, 0.0f);
  }
  ~Buffer() { std::free(data); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::size_t size;
  float* data;
};

void fill(Buffer& b, unsigned seed, float low, float high) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  for (std::size_t i = 0; i < b.size; ++i) b.data[i] = uniform(random);
}

double distance(const Buffer& a, const Buffer& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size; ++i) {
    difference += std::pow(static_cast<double>(a.data[i]) - b.data[i], 2);
    norm += std::pow(static_cast<double>(b.data[i]), 2);
  }
  return std::sqrt(difference / norm);
}

/// The descriptor of a primitive, `hint` being the forward one's where there is one.
template <class Primitive, class... Arguments>
auto describe(const dnnl::engine& engine, const dnnl::convolution_forward::primitive_desc* hint,
              const Arguments&... arguments) {
  using Descriptor = typename Primitive::primitive_desc;
#if DNNL_VERSION_MAJOR >= 3
  if constexpr (std::is_same_v<Primitive, dnnl::convolution_forward>) {
    return Descriptor(engine, arguments...);
  } else {
    return Descriptor(engine, arguments..., *hint);
  }
#else
  const typename Primitive::desc operation(arguments...);
  if constexpr (std::is_same_v<Primitive, dnnl::convolution_forward>) {
    return Descriptor(operation, engine);
  } else {
    return Descriptor(operation, engine, *hint);
  }
#endif
}

void compare(const char* name, const Shape& s) {
  if (const auto reason = WinogradConvolution::unsupported(s); !reason.empty()) {
    std::printf("%s: %s\n", name, std::string(reason).c_str());
    return;
  }
  const WinogradConvolution small(s, WinogradConvolution::Tile::kSmall);
  const WinogradConvolution large(s, WinogradConvolution::Tile::kLarge);
  const bool wide = small.block() == 16;

  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  using tag = memory::format_tag;
  const auto image = wide ? tag::nChw16c : tag::nChw8c;
  const auto f32 = memory::data_type::f32;
  const memory::desc src({s.batch, s.in_channels, s.in_height, s.in_width}, f32, image);
  const memory::desc dst({s.batch, s.out_channels, s.out_height, s.out_width}, f32, image);
  const memory::dims filter{s.out_channels, s.in_channels, s.kernel, s.kernel};
  const memory::desc stored(filter, f32, wide ? tag::OIhw16i16o : tag::OIhw8i8o);
  const memory::desc any(filter, f32, tag::any);
  const memory::desc bias({s.out_channels}, f32, tag::x);
  const memory::dims strides{1, 1}, before{s.pad_top, s.pad_left},
      after{s.out_height + s.kernel - 1 - s.in_height - s.pad_top,
            s.out_width + s.kernel - 1 - s.in_width - s.pad_left};
  const auto direct = dnnl::algorithm::convolution_direct;
  const auto forward =
      describe<dnnl::convolution_forward>(engine, nullptr, dnnl::prop_kind::forward_training,
                                          direct, src, any, bias, dst, strides, before, after);
  const auto backward_data = describe<dnnl::convolution_backward_data>(
      engine, &forward, direct, src, any, dst, strides, before, after);
  const auto backward_weights = describe<dnnl::convolution_backward_weights>(
      engine, &forward, direct, src, any, bias, dst, strides, before, after);

  Buffer x(src.get_size() / 4), w(stored.get_size() / 4), dy(dst.get_size() / 4);
  Buffer y0(dy.size), y1(dy.size), b(s.out_channels), dx0(x.size), dx1(x.size), dw0(w.size),
      dw1(w.size), db0(s.out_channels), db1(s.out_channels);
  Buffer workspace(std::max(small.workspace_bytes(threads), large.workspace_bytes(threads)) / 4);
  fill(x, 1, 0, 1);
  fill(w, 2, -0.1f, 0.1f);
  fill(b, 3, -1, 1);
  fill(dy, 4, -1, 1);
  auto on = [&](const memory::desc& desc, const Buffer& buffer) {
    return memory(desc, engine, buffer.data);
  };
  memory stored_weights = on(stored, w), data_weights(backward_data.weights_desc(), engine);
  dnnl::reorder(stored_weights, data_weights).execute(stream, stored_weights, data_weights);
  stream.wait();
  memory forward_weights(forward.weights_desc(), engine);
  dnnl::reorder(stored_weights, forward_weights).execute(stream, stored_weights, forward_weights);
  stream.wait();
  memory diff_weights(backward_weights.diff_weights_desc(), engine);
  const dnnl::convolution_forward run_forward(forward);
  const dnnl::convolution_backward_data run_data(backward_data);
  const dnnl::convolution_backward_weights run_weights(backward_weights);

  const double flops = 2.0 * static_cast<double>(s.batch * s.in_channels * s.out_channels *
                                                 s.out_height * s.out_width * s.kernel * s.kernel);
  auto report = [&](const char* pass, const std::vector<double>& t, double error_small,
                    double error_large) {
    std::printf("%-22s %-17s %8.3f %7.1f | %8.3f %5.2fx %.1e | %8.3f %5.2fx %.1e\n", name, pass,
                t[0] * 1e3, flops / t[0] * 1e-9, t[1] * 1e3, t[0] / t[1], error_small, t[2] * 1e3,
                t[0] / t[2], error_large);
    std::fflush(stdout);
  };
  auto errors = [&](const std::function<void(const WinogradConvolution&)>& ours, const Buffer& got,
                    const Buffer& expected) {
    std::pair<double, double> result;
    ours(small);
    result.first = distance(got, expected);
    ours(large);
    result.second = distance(got, expected);
    return result;
  };
  auto pass = [&](const char* title, const std::function<void()>& theirs,
                  const std::function<void(const WinogradConvolution&)>& ours, const Buffer& got,
                  const Buffer& expected) {
    const auto t = medians({theirs, [&] { ours(small); }, [&] { ours(large); }});
    if (&expected == &dw0) {
      memory to = on(stored, dw0);
      dnnl::reorder(diff_weights, to).execute(stream, diff_weights, to);
      stream.wait();
    }
    const auto e = errors(ours, got, expected);
    report(title, t, e.first, e.second);
  };

  pass(
      "forward",
      [&] {
        run_forward.execute(stream, {{DNNL_ARG_SRC, on(src, x)},
                                     {DNNL_ARG_WEIGHTS, forward_weights},
                                     {DNNL_ARG_BIAS, on(bias, b)},
                                     {DNNL_ARG_DST, on(dst, y0)}});
        stream.wait();
      },
      [&](const WinogradConvolution& c) {
        c.forward(x.data, w.data, b.data, false, y1.data, nullptr, workspace.data, threads);
      },
      y1, y0);
  pass(
      "backward data",
      [&] {
        run_data.execute(stream, {{DNNL_ARG_DIFF_DST, on(dst, dy)},
                                  {DNNL_ARG_WEIGHTS, data_weights},
                                  {DNNL_ARG_DIFF_SRC, on(src, dx0)}});
        stream.wait();
      },
      [&](const WinogradConvolution& c) {
        c.backward_data(dy.data, w.data, nullptr, nullptr, dx1.data, workspace.data, threads);
      },
      dx1, dx0);
  pass(
      "backward weights",
      [&] {
        run_weights.execute(stream, {{DNNL_ARG_SRC, on(src, x)},
                                     {DNNL_ARG_DIFF_DST, on(dst, dy)},
                                     {DNNL_ARG_DIFF_WEIGHTS, diff_weights},
                                     {DNNL_ARG_DIFF_BIAS, on(bias, db0)}});
        stream.wait();
      },
      [&](const WinogradConvolution& c) {
        c.backward_weights(x.data, dy.data, dw1.data, db1.data, workspace.data, threads);
      },
      dw1, dw0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) threads = std::max(1, std::atoi(argv[1]));
  if (argc > 2) rounds = std::max(1, std::atoi(argv[2]));
  omp_set_num_threads(threads);
  std::printf("%d thread(s), median of %d. Winograd with 6x6 and 8x8 patches.\n", threads, rounds);
  std::printf("%-22s %-17s %8s %7s | %8s %6s %7s | %8s %6s %7s\n", "convolution", "pass",
              "oneDNN ms", "GFLOP/s", "6x6 ms", "", "differs", "8x8 ms", "", "differs");
  compare("2c2d 32-64 14x14 5x5", {256, 32, 14, 14, 64, 14, 14, 5, 2, 2});
  if (argc > 3) return 0;
  compare("ResNet-32 16-16 32x32", {128, 16, 32, 32, 16, 32, 32, 3, 1, 1});
  compare("ResNet-32 32-32 16x16", {128, 32, 16, 16, 32, 16, 16, 3, 1, 1});
  compare("ResNet-32 64-64 8x8", {128, 64, 8, 8, 64, 8, 8, 3, 1, 1});
  compare("VGG-16 64-64 32x32", {32, 64, 32, 32, 64, 32, 32, 3, 1, 1});
  compare("VGG-16 128-128 16x16", {32, 128, 16, 16, 128, 16, 16, 3, 1, 1});
  compare("VGG-16 256-256 8x8", {32, 256, 8, 8, 256, 8, 8, 3, 1, 1});
  compare("VGG-16 512-512 4x4", {32, 512, 4, 4, 512, 4, 4, 3, 1, 1});
  compare("VGG-16 512-512 2x2", {32, 512, 2, 2, 512, 2, 2, 3, 1, 1});
}
