// The table of functions that an instruction set's Winograd kernels fill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ops/winograd_gradients.hpp"

namespace optcmp::ops {

struct WinogradGradients::Kernels {
  std::string_view name;
  int block;
  std::size_t (*workspace_floats)(const Shape&, int threads);
  void (*backward_data)(const Shape&, const float* diff_dst, const float* weights, float* diff_src,
                        float* workspace, int threads);
  void (*backward_weights)(const Shape&, const float* src, const float* diff_dst,
                           float* diff_weights, float* diff_bias, float* workspace, int threads);
};

namespace winograd {

using Kernels = WinogradGradients::Kernels;

/// Kernels for k×k filters (3 or 5); one definition an instruction set.
const Kernels& avx512_kernels(std::int64_t kernel, WinogradGradients::Tile tile);
const Kernels& avx2_kernels(std::int64_t kernel, WinogradGradients::Tile tile);

}  // namespace winograd
}  // namespace optcmp::ops
