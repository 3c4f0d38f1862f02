// The one place that knows oneDNN's C++ API changed between 2.x (operation descriptors) and 3.x.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oneapi/dnnl/dnnl.hpp"

namespace optcmp::cpu {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

/// The process-wide CPU engine.
const dnnl::engine& engine();

/// A primitive descriptor of `Primitive` with a scratchpad owned by the caller. `args` are the
/// arguments of its operation, the same in 2.x and 3.x.
template <class Primitive, class... Args>
typename Primitive::primitive_desc describe(const dnnl::primitive_attr& attr, const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), args..., attr);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), attr, engine());
#endif
}

/// As `describe`, for a backward primitive and the descriptor of its forward one.
template <class Primitive, class Forward, class... Args>
typename Primitive::primitive_desc describe_backward(const dnnl::primitive_attr& attr,
                                                     const Forward& forward, const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), args..., forward, attr);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), attr, engine(),
                                            forward);
#endif
}

/// As `describe`, for a pooling; 3.x takes a dilation, here always 0.
template <class Primitive>
typename Primitive::primitive_desc describe_pool(const dnnl::primitive_attr& attr,
                                                 dnnl::prop_kind kind, dnnl::algorithm algorithm,
                                                 const Desc& src, const Desc& dst,
                                                 const Dims& strides, const Dims& kernel,
                                                 const Dims& before, const Dims& after) {
#if DNNL_VERSION_MAJOR >= 3
  return describe<Primitive>(attr, kind, algorithm, src, dst, strides, kernel, Dims{0, 0}, before,
                             after);
#else
  return describe<Primitive>(attr, kind, algorithm, src, dst, strides, kernel, before, after);
#endif
}

/// The gradient of `describe_pool`.
template <class Primitive, class Forward>
typename Primitive::primitive_desc describe_pool_backward(
    const dnnl::primitive_attr& attr, const Forward& forward, dnnl::algorithm algorithm,
    const Desc& diff_src, const Desc& diff_dst, const Dims& strides, const Dims& kernel,
    const Dims& before, const Dims& after) {
#if DNNL_VERSION_MAJOR >= 3
  return describe_backward<Primitive>(attr, forward, algorithm, diff_src, diff_dst, strides, kernel,
                                      Dims{0, 0}, before, after);
#else
  return describe_backward<Primitive>(attr, forward, algorithm, diff_src, diff_dst, strides, kernel,
                                      before, after);
#endif
}

/// What the factors of products are; sums are f32 either way.
enum class Precision : std::uint8_t { F32, Bf16 };

/// Attributes that every primitive here has: scratchpad in the arena; optionally y = relu(y).
dnnl::primitive_attr attributes(bool relu = false);

/// As `attributes`; the result is multiplied by `factor`.
dnnl::primitive_attr scaled(float factor);

/// How oneDNN computes products in bf16 on this CPU: by instructions made for it, by those for f32,
/// which takes longer than a product in f32, or not at all.
enum class Bf16 : std::uint8_t { Native, Emulated, None };
Bf16 bf16_support();

/// Why training in bf16 is refused here; nothing where it is not. Emulation is for tests, and only
/// where the environment variable OPTCMP_EMULATE_BF16 is `1`.
std::optional<std::string> bf16_obstacle();

/// The implementation that oneDNN has chosen, e.g. `brgemm:avx512_core`.
std::string implementation(const dnnl::primitive& primitive);

/// How a blocked descriptor lays out its elements.
struct Blocking {
  std::vector<std::int64_t> dims, padded_dims, strides;
  std::vector<std::int64_t> inner_blocks, inner_axes;
};

/// Throws std::logic_error for an opaque descriptor (none is ever asked for).
Blocking blocking(const Desc& desc);

/// What the elements are.
Precision precision(const Desc& desc);

/// A descriptor in row-major order.
Desc row_major(const std::vector<std::int64_t>& dims, Precision precision = Precision::F32);

/// A descriptor with one stride an axis, in elements. Axes of length 1 get the stride that
/// they would have in row-major order, so that equal placements are equal descriptors.
Desc strided(const std::vector<std::int64_t>& dims, std::vector<std::int64_t> strides,
             Precision precision = Precision::F32);

/// The same memory under another shape; nothing when that would take more than one stride an axis,
/// or when `desc` is blocked or `dims` empty.
std::optional<Desc> reshaped(const Desc& desc, const std::vector<std::int64_t>& dims);

/// Axis k of the result is axis `perm[k]` of `desc`.
Desc transposed(const Desc& desc, const std::vector<std::int64_t>& perm);

/// True when the memory between the first and the last element holds nothing else (but padding).
bool dense(const Desc& desc);

/// The layout of the four-axis images `desc` ([N, C, H, W]) for images of another shape: plain,
/// channels last, or with channels in blocks of 8 or 16; plain when it is none of these.
Desc like(const Desc& desc, const std::vector<std::int64_t>& dims);

/// A descriptor whose layout is oneDNN's choice.
Desc any(const std::vector<std::int64_t>& dims, Precision precision = Precision::F32);

/// e.g. `2.6.3`.
std::string version();

/// e.g. `avx512_core`.
std::string isa();

/// C (m × n) = A (m × k) · B (k × n), row-major in f32, each transposed where it says so; `lda`,
/// `ldb` and `ldc` are the row lengths as they lie. On the calling thread alone.
void multiply_serially(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n,
                       std::size_t k, const float* a, std::size_t lda, const float* b,
                       std::size_t ldb, float* c, std::size_t ldc);

}  // namespace optcmp::cpu
