#include "ops/winograd_convolution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace optcmp::ops {
namespace {

using Shape = WinogradConvolution::Shape;
using Tile = WinogradConvolution::Tile;

/// Plain NCHW or OIHW values.
struct Tensor {
  std::int64_t outer, channels, height, width;
  std::vector<double> values;

  Tensor(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w)
      : outer(n), channels(c), height(h), width(w), values(n * c * h * w) {}
  double& at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    return values[((n * channels + c) * height + y) * width + x];
  }
};

/// Values that are exact in f32, uniform in [low, high).
Tensor random_tensor(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w, unsigned seed,
                     float low, float high) {
  Tensor t(n, c, h, w);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  for (double& value : t.values) value = uniform(random);
  return t;
}

std::vector<float> to_blocked_image(Tensor t, std::int64_t block) {
  std::vector<float> out(t.values.size());
  std::size_t i = 0;
  for (std::int64_t n = 0; n < t.outer; ++n)
    for (std::int64_t b = 0; b < t.channels / block; ++b)
      for (std::int64_t y = 0; y < t.height; ++y)
        for (std::int64_t x = 0; x < t.width; ++x)
          for (std::int64_t c = 0; c < block; ++c)
            out[i++] = static_cast<float>(t.at(n, b * block + c, y, x));
  return out;
}

std::vector<float> to_blocked_filters(Tensor t, std::int64_t block) {
  std::vector<float> out(t.values.size());
  std::size_t i = 0;
  for (std::int64_t ob = 0; ob < t.outer / block; ++ob)
    for (std::int64_t cb = 0; cb < t.channels / block; ++cb)
      for (std::int64_t y = 0; y < t.height; ++y)
        for (std::int64_t x = 0; x < t.width; ++x)
          for (std::int64_t c = 0; c < block; ++c)
            for (std::int64_t o = 0; o < block; ++o)
              out[i++] = static_cast<float>(t.at(ob * block + o, cb * block + c, y, x));
  return out;
}

/// Calls `visit(n, o, y, x, c, ky, kx, in_y, in_x)` for every product of the convolution.
template <class Visit>
void for_products(const Shape& s, Visit visit) {
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t o = 0; o < s.out_channels; ++o)
      for (std::int64_t c = 0; c < s.in_channels; ++c)
        for (std::int64_t y = 0; y < s.out_height; ++y)
          for (std::int64_t ky = 0; ky < s.kernel; ++ky) {
            const std::int64_t in_y = y + ky - s.pad_top;
            if (in_y < 0 || in_y >= s.in_height) continue;
            for (std::int64_t x = 0; x < s.out_width; ++x)
              for (std::int64_t kx = 0; kx < s.kernel; ++kx) {
                const std::int64_t in_x = x + kx - s.pad_left;
                if (in_x < 0 || in_x >= s.in_width) continue;
                visit(n, o, y, x, c, ky, kx, in_y, in_x);
              }
          }
}

/// ‖got − expected‖ / ‖expected‖.
double relative_error(const std::vector<float>& got, const std::vector<float>& expected_high,
                      const std::vector<float>& expected_low) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double expected = static_cast<double>(expected_high[i]) + expected_low[i];
    difference += (got[i] - expected) * (got[i] - expected);
    norm += expected * expected;
  }
  return std::sqrt(difference / norm);
}

/// The part of an f64 tensor that f32 cannot hold, so that layout helpers carry f64 precision.
Tensor low_part(Tensor t) {
  for (double& value : t.values) value -= static_cast<float>(value);
  return t;
}

struct Free {
  void operator()(void* p) const { std::free(p); }
};

std::unique_ptr<void, Free> workspace(const WinogradConvolution& convolution, int threads) {
  const std::size_t bytes = (convolution.workspace_bytes(threads) + 63) / 64 * 64;
  void* p = std::aligned_alloc(64, bytes);
  std::memset(p, 0xff, bytes);  // NaN: nothing may read what it has not written.
  return std::unique_ptr<void, Free>(p);
}

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

struct Case {
  const char* name;
  Shape shape;
};

std::string tile_name(Tile tile) {
  if (tile == Tile::kTiny) return "TinyTile";
  return tile == Tile::kSmall ? "SmallTile" : "LargeTile";
}

class WinogradConvolutionTest : public testing::TestWithParam<std::tuple<Case, Tile, int>> {
 protected:
  void SetUp() override {
    const auto& [test_case, tile, block] = GetParam();
    if (block > WinogradConvolution::widest_block()) {
      GTEST_SKIP() << "the CPU lacks the instructions";
    }
    if (tile == Tile::kTiny && test_case.shape.kernel != 3) {
      GTEST_SKIP() << "4x4 patches are for 3x3 kernels";
    }
  }
};

TEST_P(WinogradConvolutionTest, AgreeWithTheDefinitionInDoublePrecision) {
  const auto& [test_case, tile, block] = GetParam();
  const Shape& s = test_case.shape;
  const WinogradConvolution convolution(s, tile, block);

  // Activations after a ReLU, filters as initialised, convolution of both signs.
  Tensor x = random_tensor(s.batch, s.in_channels, s.in_height, s.in_width, 1, 0, 1);
  Tensor w = random_tensor(s.out_channels, s.in_channels, s.kernel, s.kernel, 2, -0.1f, 0.1f);
  Tensor dy = random_tensor(s.batch, s.out_channels, s.out_height, s.out_width, 4, -1, 1);
  Tensor b = random_tensor(1, s.out_channels, 1, 1, 3, -1, 1);
  Tensor y(s.batch, s.out_channels, s.out_height, s.out_width);
  Tensor dx(s.batch, s.in_channels, s.in_height, s.in_width);
  Tensor dw(s.out_channels, s.in_channels, s.kernel, s.kernel);
  Tensor db(1, s.out_channels, 1, 1);
  for_products(s,
               [&](auto n, auto o, auto oy, auto ox, auto c, auto ky, auto kx, auto iy, auto ix) {
                 y.at(n, o, oy, ox) += x.at(n, c, iy, ix) * w.at(o, c, ky, kx);
                 dx.at(n, c, iy, ix) += dy.at(n, o, oy, ox) * w.at(o, c, ky, kx);
                 dw.at(o, c, ky, kx) += dy.at(n, o, oy, ox) * x.at(n, c, iy, ix);
               });
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t o = 0; o < s.out_channels; ++o)
      for (std::int64_t i = 0; i < s.out_height; ++i)
        for (std::int64_t j = 0; j < s.out_width; ++j) db.at(0, o, 0, 0) += dy.at(n, o, i, j);

  Tensor activated = y;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t o = 0; o < s.out_channels; ++o)
      for (std::int64_t i = 0; i < s.out_height; ++i)
        for (std::int64_t j = 0; j < s.out_width; ++j) {
          double& value = activated.at(n, o, i, j);
          value = std::max(value + b.at(0, o, 0, 0), 0.0);
        }
  const auto xb = to_blocked_image(x, block), dyb = to_blocked_image(dy, block);
  const auto wb = to_blocked_filters(w, block), bb = to_blocked_image(b, block);
  const double bound = tile == Tile::kLarge ? 1e-5 : 2e-6;

  for (int threads : {1, 3}) {
    SCOPED_TRACE(std::to_string(threads) + " thread(s)");
    const auto scratch = workspace(convolution, threads);
    std::vector<float> got(dyb.size(), kUnwritten);
    convolution.forward(xb.data(), wb.data(), nullptr, false, got.data(), nullptr, scratch.get(),
                        threads);
    EXPECT_LT(relative_error(got, to_blocked_image(y, block), to_blocked_image(low_part(y), block)),
              bound)
        << "forward";
    convolution.forward(xb.data(), wb.data(), bb.data(), true, got.data(), nullptr, scratch.get(),
                        threads);
    EXPECT_LT(relative_error(got, to_blocked_image(activated, block),
                             to_blocked_image(low_part(activated), block)),
              bound)
        << "forward with bias and ReLU";

    got.assign(xb.size(), kUnwritten);
    convolution.backward_data(dyb.data(), wb.data(), nullptr, nullptr, got.data(), scratch.get(),
                              threads);
    EXPECT_LT(
        relative_error(got, to_blocked_image(dx, block), to_blocked_image(low_part(dx), block)),
        bound)
        << "backward data";

    got.assign(wb.size(), kUnwritten);
    std::vector<float> got_bias(s.out_channels, kUnwritten);
    convolution.backward_weights(xb.data(), dyb.data(), got.data(), got_bias.data(), scratch.get(),
                                 threads);
    EXPECT_LT(
        relative_error(got, to_blocked_filters(dw, block), to_blocked_filters(low_part(dw), block)),
        bound)
        << "backward weights";
    EXPECT_LT(relative_error(got_bias, to_blocked_image(db, block),
                             to_blocked_image(low_part(db), block)),
              1e-6)
        << "bias gradient";
  }
}

/// The channel of an element of a blocked image.
std::size_t channel_of(std::size_t i, std::int64_t channels, std::int64_t pixels,
                       std::int64_t block) {
  const auto plane = static_cast<std::size_t>(pixels * block);
  const auto blocks = static_cast<std::size_t>(channels / block);
  return i / plane % blocks * block + i % block;
}

TEST_P(WinogradConvolutionTest, ForwardFindsTheMomentsOfWhatItWrites) {
  const auto& [test_case, tile, block] = GetParam();
  const Shape& s = test_case.shape;
  const WinogradConvolution convolution(s, tile, block);
  const auto x = to_blocked_image(
      random_tensor(s.batch, s.in_channels, s.in_height, s.in_width, 1, 0, 1), block);
  const auto w = to_blocked_filters(
      random_tensor(s.out_channels, s.in_channels, s.kernel, s.kernel, 2, -0.1f, 0.1f), block);
  // Far from zero, where sums of squares lose what the variance is made of.
  std::vector<float> b(s.out_channels);
  for (std::size_t c = 0; c < b.size(); ++c) b[c] = 100 * static_cast<float>(c % 3);
  std::vector<double> first(2 * b.size()), moments(first.size());
  for (const int threads : {1, 3}) {
    std::vector<float> y(s.batch * s.out_channels * s.out_height * s.out_width, kUnwritten);
    convolution.forward(x.data(), w.data(), b.data(), false, y.data(), moments.data(),
                        workspace(convolution, threads).get(), threads);
    if (threads == 1) first = moments;
    EXPECT_EQ(moments, first);

    std::vector<double> mean(b.size()), variance(b.size());
    const std::int64_t pixels = s.out_height * s.out_width;
    const auto count = static_cast<double>(s.batch * pixels);
    const auto channel = [&](std::size_t i) {
      return channel_of(i, s.out_channels, pixels, block);
    };
    for (std::size_t i = 0; i < y.size(); ++i) mean[channel(i)] += y[i] / count;
    for (std::size_t i = 0; i < y.size(); ++i) {
      variance[channel(i)] += std::pow(y[i] - mean[channel(i)], 2) / count;
    }
    for (std::size_t c = 0; c < b.size(); ++c) {
      // A row of tiles is summed in f32, about a value some deviations off the mean.
      EXPECT_NEAR(moments[c], mean[c], 1e-6 * std::sqrt(variance[c]) + 1e-12 * b[c]);
      EXPECT_NEAR(moments[b.size() + c], variance[c], 5e-6 * variance[c] + 1e-12 * b[c]);
    }
  }
}

/// Factors and multiples of an eighth, so that no rounding decides where a ReLU lets through.
constexpr float kFactor = 0.5f, kShift = 0.0625f, kMean = 0.375f;

TEST_P(WinogradConvolutionTest, BackwardDataAddsMasksAndSums) {
  const auto& [test_case, tile, block] = GetParam();
  const Shape& s = test_case.shape;
  const WinogradConvolution convolution(s, tile, block);
  const auto dy = to_blocked_image(
      random_tensor(s.batch, s.out_channels, s.out_height, s.out_width, 1, -1, 1), block);
  const auto w = to_blocked_filters(
      random_tensor(s.out_channels, s.in_channels, s.kernel, s.kernel, 2, -0.1f, 0.1f), block);
  const auto like_src = [&](unsigned seed) {
    return to_blocked_image(
        random_tensor(s.batch, s.in_channels, s.in_height, s.in_width, seed, -1, 1), block);
  };
  const auto addend = like_src(3), y = like_src(4);
  std::vector<float> x = like_src(5);
  for (float& v : x) v = std::round(8 * v) / 8;
  const auto channels = static_cast<std::size_t>(s.in_channels);
  const std::vector<float> mean(channels, kMean), factor(channels, kFactor),
      shift(channels, kShift);
  std::vector<float> plain(x.size());
  convolution.backward_data(dy.data(), w.data(), nullptr, nullptr, plain.data(),
                            workspace(convolution, 1).get(), 1);

  enum class Relu { None, Again, Read };
  for (const Relu relu : {Relu::None, Relu::Again, Relu::Read}) {
    std::vector<float> expected(x.size());
    std::vector<double> sums(2 * channels), magnitudes(2 * channels);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float at = relu == Relu::Read ? y[i] : x[i] * kFactor + kShift;
      expected[i] = relu != Relu::None && at <= 0 ? 0 : plain[i] + addend[i];
      const std::size_t c = channel_of(i, s.in_channels, s.in_height * s.in_width, block);
      const double product = expected[i] * static_cast<double>(x[i] - kMean);
      sums[c] += expected[i];
      sums[channels + c] += product;
      magnitudes[c] += std::abs(expected[i]);
      magnitudes[channels + c] += std::abs(product);
    }
    std::vector<double> first, got_sums(2 * channels);
    for (const int threads : {1, 3}) {
      const WinogradConvolution::BatchNormInput norm{.x = x.data(),
                                                     .y = relu == Relu::Read ? y.data() : nullptr,
                                                     .mean = mean.data(),
                                                     .factor = factor.data(),
                                                     .shift = shift.data(),
                                                     .relu = relu != Relu::None,
                                                     .sums = got_sums.data()};
      std::vector<float> got = addend;  // in place
      convolution.backward_data(dy.data(), w.data(), got.data(), &norm, got.data(),
                                workspace(convolution, threads).get(), threads);
      EXPECT_EQ(got, expected);
      if (threads == 1) first = got_sums;
      EXPECT_EQ(got_sums, first);
      for (std::size_t k = 0; k < sums.size(); ++k) {
        EXPECT_NEAR(got_sums[k], sums[k], 1e-6 * magnitudes[k]);
      }
    }
  }
}

// batch, in (channels, height, width), out (channels, height, width), kernel, pad top, pad left.
INSTANTIATE_TEST_SUITE_P(
    Shapes, WinogradConvolutionTest,
    testing::Combine(
        testing::Values(Case{"SecondOf2c2d", {3, 32, 14, 14, 64, 14, 14, 5, 2, 2}},
                        Case{"Same3x3", {2, 16, 8, 8, 32, 8, 8, 3, 1, 1}},
                        Case{"OddSizes3x3", {2, 48, 7, 11, 16, 7, 11, 3, 1, 1}},
                        Case{"OddSizes5x5", {2, 16, 9, 13, 48, 9, 13, 5, 2, 2}},
                        Case{"Unpadded3x3", {2, 16, 9, 7, 16, 7, 5, 3, 0, 0}},
                        Case{"Unpadded5x5", {2, 32, 9, 10, 16, 5, 6, 5, 0, 0}},
                        Case{"FullyPadded3x3", {1, 16, 5, 4, 16, 7, 6, 3, 2, 2}},
                        Case{"FullyPadded5x5", {1, 16, 5, 6, 16, 9, 10, 5, 4, 4}},
                        Case{"PaddedAboveOnly", {2, 16, 6, 9, 16, 6, 9, 3, 2, 0}},
                        Case{"UnevenPads5x5", {2, 16, 10, 8, 16, 9, 8, 5, 3, 1}},
                        Case{"OnePixel", {5, 16, 1, 1, 32, 1, 1, 5, 2, 2}},
                        Case{"OneRow", {2, 16, 1, 20, 16, 1, 20, 3, 1, 1}},
                        Case{"FiveBlocks", {1, 80, 6, 6, 112, 6, 6, 3, 1, 1}},
                        Case{"MoreTilesThanAGroup", {1, 16, 70, 61, 16, 70, 61, 3, 1, 1}},
                        Case{"FewerRowsThanThreads", {1, 16, 2, 2, 16, 2, 2, 3, 1, 1}}),
        testing::Values(Tile::kTiny, Tile::kSmall, Tile::kLarge), testing::Values(8, 16)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) + tile_name(std::get<1>(info.param)) +
             "Blocks" + std::to_string(std::get<2>(info.param));
    });

TEST(WinogradConvolutionTest, AreTheSameToTheBitEachTime) {
  const Shape s = {4, 32, 14, 14, 32, 14, 14, 5, 2, 2};
  if (!WinogradConvolution::unsupported(s).empty()) GTEST_SKIP();
  const WinogradConvolution convolution(s, Tile::kLarge);
  const auto x = to_blocked_image(random_tensor(4, 32, 14, 14, 1, 0, 1), convolution.block());
  const auto dy = to_blocked_image(random_tensor(4, 32, 14, 14, 2, -1, 1), convolution.block());
  std::vector<float> first(32 * 32 * 25), second(first.size());
  for (int threads : {1, 2, 3}) {
    const auto one = workspace(convolution, threads), other = workspace(convolution, threads);
    convolution.backward_weights(x.data(), dy.data(), first.data(), nullptr, one.get(), threads);
    convolution.backward_weights(x.data(), dy.data(), second.data(), nullptr, other.get(), threads);
    EXPECT_EQ(first, second);
  }
}

TEST(WinogradConvolutionTest, BackwardDataDoesNotDependOnTheThreadCount) {
  const Shape s = {3, 32, 13, 13, 16, 13, 13, 3, 1, 1};
  if (!WinogradConvolution::unsupported(s).empty()) GTEST_SKIP();
  const WinogradConvolution convolution(s, Tile::kSmall);
  const auto dy = to_blocked_image(random_tensor(3, 16, 13, 13, 1, -1, 1), convolution.block());
  const auto w = to_blocked_filters(random_tensor(16, 32, 3, 3, 2, -1, 1), convolution.block());
  std::vector<float> alone(3 * 32 * 13 * 13, kUnwritten), together(alone.size(), kUnwritten);
  convolution.backward_data(dy.data(), w.data(), nullptr, nullptr, alone.data(),
                            workspace(convolution, 1).get(), 1);
  convolution.backward_data(dy.data(), w.data(), nullptr, nullptr, together.data(),
                            workspace(convolution, 4).get(), 4);
  EXPECT_EQ(alone, together);
}

TEST(WinogradConvolutionTest, ChooseTheFasterTile) {
  if (WinogradConvolution::widest_block() == 0) GTEST_SKIP();
  using Pass = WinogradConvolution::Pass;
  const auto choose = [](const Shape& s, Pass pass = Pass::kForward) {
    return WinogradConvolution::choose(s, pass);
  };
  EXPECT_EQ(choose({256, 32, 14, 14, 64, 14, 14, 5, 2, 2}), Tile::kLarge);
  EXPECT_EQ(choose({32, 64, 32, 32, 64, 32, 32, 3, 1, 1}), Tile::kSmall);
  EXPECT_EQ(choose({32, 256, 8, 8, 256, 8, 8, 3, 1, 1}), Tile::kSmall);
  EXPECT_EQ(choose({128, 16, 32, 32, 16, 32, 32, 3, 1, 1}), Tile::kSmall);
  EXPECT_EQ(choose({32, 512, 2, 2, 512, 2, 2, 3, 1, 1}), Tile::kTiny);
  EXPECT_EQ(choose({32, 512, 2, 2, 512, 2, 2, 5, 2, 2}), Tile::kSmall);
  EXPECT_EQ(choose({256, 16, 14, 14, 16, 14, 14, 3, 1, 1}), std::nullopt) << "few channels";
  EXPECT_EQ(choose({256, 16, 14, 14, 16, 14, 14, 3, 1, 1}, Pass::kBackwardWeights), Tile::kSmall);
  EXPECT_EQ(choose({256, 32, 1, 1, 32, 1, 1, 3, 1, 1}), std::nullopt) << "nothing saved";
  EXPECT_EQ(choose({256, 33, 14, 14, 64, 14, 14, 5, 2, 2}), std::nullopt) << "unsupported";
}

TEST(WinogradConvolutionTest, NameWhatTheyDoNotSupport) {
  const Shape good = {2, 32, 14, 14, 64, 14, 14, 5, 2, 2};
  if (!WinogradConvolution::unsupported(good).empty()) {
    GTEST_SKIP() << WinogradConvolution::unsupported(good);
  }
  const auto reason = [&](auto change) {
    Shape shape = good;
    change(shape);
    return std::string(WinogradConvolution::unsupported(shape));
  };
  EXPECT_NE(reason([](Shape& s) { s.kernel = 7; }).find("3x3"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.in_channels = 3; }).find("channels"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.out_channels = 0; }).find("channels"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.batch = 0; }).find("empty"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.out_height = 0; }).find("empty"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.out_height = 7; }).find("stride"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.pad_top = 5; }).find("padding"), std::string::npos);
  EXPECT_NE(reason([](Shape& s) { s.pad_left = -1; }).find("padding"), std::string::npos);
  Shape bad = good;
  bad.kernel = 4;
  EXPECT_THROW(WinogradConvolution(bad, Tile::kSmall), std::invalid_argument);
  EXPECT_THROW(WinogradConvolution(good, Tile::kTiny), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::ops
