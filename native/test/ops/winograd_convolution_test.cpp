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

class WinogradConvolutionTest : public testing::TestWithParam<std::tuple<Case, Tile, int>> {};

TEST_P(WinogradConvolutionTest, AgreeWithTheDefinitionInDoublePrecision) {
  const auto& [test_case, tile, block] = GetParam();
  const Shape& s = test_case.shape;
  if (block > WinogradConvolution::widest_block()) GTEST_SKIP() << "the CPU lacks the instructions";
  if (tile == Tile::kTiny && s.kernel != 3) GTEST_SKIP() << "4x4 patches are for 3x3 kernels";
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
    convolution.forward(xb.data(), wb.data(), nullptr, false, got.data(), scratch.get(), threads);
    EXPECT_LT(relative_error(got, to_blocked_image(y, block), to_blocked_image(low_part(y), block)),
              bound)
        << "forward";
    convolution.forward(xb.data(), wb.data(), bb.data(), true, got.data(), scratch.get(), threads);
    EXPECT_LT(relative_error(got, to_blocked_image(activated, block),
                             to_blocked_image(low_part(activated), block)),
              bound)
        << "forward with bias and ReLU";

    got.assign(xb.size(), kUnwritten);
    convolution.backward_data(dyb.data(), wb.data(), got.data(), scratch.get(), threads);
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
  convolution.backward_data(dy.data(), w.data(), alone.data(), workspace(convolution, 1).get(), 1);
  convolution.backward_data(dy.data(), w.data(), together.data(), workspace(convolution, 4).get(),
                            4);
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
