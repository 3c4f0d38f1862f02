// The table of functions that an instruction set's Winograd kernels fill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ops/winograd_convolution.hpp"

namespace optcmp::ops {

struct WinogradConvolution::Kernels {
  std::string_view name;
  int block;
  std::size_t (*workspace_floats)(const Shape&, int threads);
  void (*forward)(const Shape&, const float* src, const float* weights, const float* bias,
                  bool relu, float* dst, double* moments, float* workspace, int threads);
  void (*backward_data)(const Shape&, const float* diff_dst, const float* weights,
                        const float* addend, const BatchNormInput*, float* diff_src,
                        float* workspace, int threads);
  void (*backward_weights)(const Shape&, const float* src, const float* diff_dst,
                           float* diff_weights, float* diff_bias, float* workspace, int threads);
};

namespace winograd {

using Kernels = WinogradConvolution::Kernels;

/// Kernels for k×k filters (3 or 5); one definition an instruction set.
const Kernels& avx512_kernels(std::int64_t kernel, WinogradConvolution::Tile tile);
const Kernels& avx2_kernels(std::int64_t kernel, WinogradConvolution::Tile tile);

}  // namespace winograd
}  // namespace optcmp::ops
