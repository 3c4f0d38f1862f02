// The one place that knows oneDNN's C++ API changed between 2.x (operation descriptors) and 3.x.
#pragma once

#include <cstdint>
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

/// 3.x pools take a dilation, here always 0.
#if DNNL_VERSION_MAJOR >= 3
#define OPTCMP_POOL_DILATION ::optcmp::cpu::Dims{0, 0},
#else
#define OPTCMP_POOL_DILATION
#endif

/// Attributes that every primitive here has: scratchpad in the arena; optionally y = relu(y).
dnnl::primitive_attr attributes(bool relu = false);

/// How a blocked descriptor lays out its elements.
struct Blocking {
  std::vector<std::int64_t> dims, padded_dims, strides;
  std::vector<std::int64_t> inner_blocks, inner_axes;
};

/// Throws std::logic_error for an opaque descriptor (none is ever asked for).
Blocking blocking(const Desc& desc);

/// A descriptor of f32 in row-major order.
Desc row_major(const std::vector<std::int64_t>& dims);

/// A descriptor of f32 whose layout is oneDNN's choice.
Desc any(const std::vector<std::int64_t>& dims);

/// e.g. `2.6.3`.
std::string version();

/// e.g. `avx512_core`.
std::string isa();

}  // namespace optcmp::cpu
