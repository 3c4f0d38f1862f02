// The kernels of max_pool_kernels.hpp in vectors of kLanes floats. Included once by a file with the
// flags of its instruction set, which defines OPTCMP_LANES and, if it can store past the caches,
// OPTCMP_STREAM(to, vector). Everything here is local to that file: a shared inline function could
// be taken from here for a processor without these instructions.
#include "ops/max_pool_kernels.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kLanes = OPTCMP_LANES;

/// The processor's own prefetching does not see far enough across rows.
constexpr std::size_t kLinesAhead = 8;

template <class T, std::size_t N>
struct VectorOf {
  typedef T type __attribute__((vector_size(sizeof(T) * N), aligned(sizeof(T)), may_alias));
};
template <std::size_t N>
using Floats = typename VectorOf<float, N>::type;
template <std::size_t N>
using Ints = typename VectorOf<std::int32_t, N>::type;

template <class Vector>
Vector load(const void* from) {
  return *static_cast<const Vector*>(from);
}

template <class Vector>
void store(void* to, Vector value) {
  *static_cast<Vector*>(to) = value;
}

/// Stores past the caches where that is asked for and possible.
template <bool kStream, class Vector>
void store_or_stream(float* to, Vector value) {
#ifdef OPTCMP_STREAM
  if constexpr (kStream) {
    OPTCMP_STREAM(to, value);
    return;
  }
#endif
  store(to, value);
}

/// One axis of one window: input positions begin … begin + (last − first).
struct Span {
  std::size_t begin, first, last;  ///< `first` and `last` (not included) in the kernel.
};

Span span(std::size_t out, std::size_t stride, std::size_t pad, std::size_t kernel,
          std::size_t size) {
  const std::size_t start = out * stride;
  const std::size_t first = start < pad ? pad - start : 0;
  const std::size_t room = size + pad - start;
  return {start + first - pad, first, room < kernel ? room : kernel};
}

/// N channels of one output. W is the width of a kernel known at compile time, else 0.
template <std::size_t N, std::size_t W, class Index>
void pool_window(const MaxPoolPlan& plan, const Span& rows, const Span& columns, const float* x,
                 float* y, Index* argmax) {
  const std::size_t width = W ? W : plan.kernel_width;
  const std::size_t pixel = plan.inner, line = plan.in_width * pixel;
  const float* row = x + rows.begin * line + columns.begin * pixel;
  Floats<N> best = load<Floats<N>>(row);
  Ints<N> at = Ints<N>{} + static_cast<std::int32_t>(rows.first * width + columns.first);
  for (std::size_t ky = rows.first; ky < rows.last; ++ky, row += line) {
    const float* from = row;
    for (std::size_t kx = columns.first; kx < columns.last; ++kx, from += pixel) {
      if (W) __builtin_prefetch(from + kLinesAhead * line);
      const Floats<N> v = load<Floats<N>>(from);
      const auto better = (v > best) | (v != v);
      best = better ? v : best;
      at = better ? Ints<N>{} + static_cast<std::int32_t>(ky * width + kx) : at;
    }
  }
  if (plan.relu) {
    const auto cut = best <= 0;
    best = cut ? Floats<N>{} : best;
    at = cut ? Ints<N>{} + static_cast<std::int32_t>(static_cast<Index>(-1)) : at;
  }
  store(y, best);
  if (argmax) {
    using Packed = typename VectorOf<Index, N>::type;
    store(argmax, __builtin_convertvector(at, Packed));
  }
}

/// Writes N channels of one window's gradient: as the only one, past the caches, or added.
enum class Spread { Write, Stream, Add };

template <Spread kSpread, std::size_t N, std::size_t W, class Index>
void spread_window(const MaxPoolPlan& plan, const Span& rows, const Span& columns, const float* dy,
                   const Index* argmax, float* dx) {
  const std::size_t width = W ? W : plan.kernel_width;
  const std::size_t pixel = plan.inner, line = plan.in_width * pixel;
  const Floats<N> g = load<Floats<N>>(dy);
  using Packed = typename VectorOf<Index, N>::type;
  const auto at = __builtin_convertvector(load<Packed>(argmax), Ints<N>);
  float* row = dx + rows.begin * line + columns.begin * pixel;
  for (std::size_t ky = rows.first; ky < rows.last; ++ky, row += line) {
    float* to = row;
    for (std::size_t kx = columns.first; kx < columns.last; ++kx, to += pixel) {
      const auto here = at == static_cast<std::int32_t>(ky * width + kx);
      const Floats<N> part = here ? g : Floats<N>{};
      if constexpr (kSpread == Spread::Add) {
        store(to, load<Floats<N>>(to) + part);
      } else {
        store_or_stream<kSpread == Spread::Stream>(to, part);
      }
    }
  }
}

/// Calls `visit(rows, columns, output index)` for every window of a plane.
template <std::size_t H, std::size_t W, class Visit>
void for_each_window(const MaxPoolPlan& p, const Visit& visit) {
  for (std::size_t oy = 0; oy < p.out_height; ++oy) {
    const Span rows =
        H ? Span{oy * H, 0, H} : span(oy, p.stride_height, p.pad_top, p.kernel_height, p.in_height);
    for (std::size_t ox = 0; ox < p.out_width; ++ox) {
      const Span columns =
          W ? Span{ox * W, 0, W} : span(ox, p.stride_width, p.pad_left, p.kernel_width, p.in_width);
      visit(rows, columns, (oy * p.out_width + ox) * p.inner);
    }
  }
}

/// True for a kernel of size×size that moves by its own size over whole windows.
bool tiles(const MaxPoolPlan& p, std::size_t size) {
  return p.kernel_height == size && p.kernel_width == size && p.stride_height == size &&
         p.stride_width == size && p.pad_top == 0 && p.pad_left == 0 &&
         p.out_height * size <= p.in_height && p.out_width * size <= p.in_width;
}

template <std::size_t K, class Index>
void forward_planes(const MaxPoolPlan& p, const float* x, float* y, Index* argmax,
                    std::size_t begin, std::size_t end) {
  const std::size_t in = p.in_height * p.in_width * p.inner;
  const std::size_t out = p.out_height * p.out_width * p.inner;
  for (std::size_t plane = begin; plane < end; ++plane) {
    const float* from = x + plane * in;
    float* to = y + plane * out;
    Index* at = argmax ? argmax + plane * out : nullptr;
    for_each_window<K, K>(p, [&](const Span& rows, const Span& columns, std::size_t o) {
      std::size_t c = 0;
      for (; c + kLanes <= p.inner; c += kLanes) {
        pool_window<kLanes, K>(p, rows, columns, from + c, to + o + c, at ? at + o + c : at);
      }
      for (; c < p.inner; ++c) {
        pool_window<1, K>(p, rows, columns, from + c, to + o + c, at ? at + o + c : at);
      }
    });
  }
}

template <Spread kSpread, std::size_t K, class Index>
void backward_planes(const MaxPoolPlan& p, const float* dy, const Index* argmax, float* dx,
                     std::size_t begin, std::size_t end) {
  const std::size_t in = p.in_height * p.in_width * p.inner;
  const std::size_t out = p.out_height * p.out_width * p.inner;
  const bool covers = K && p.out_height * K == p.in_height && p.out_width * K == p.in_width;
  for (std::size_t plane = begin; plane < end; ++plane) {
    const float* from = dy + plane * out;
    const Index* at = argmax + plane * out;
    float* to = dx + plane * in;
    if (!covers) __builtin_memset(to, 0, in * sizeof(float));
    for_each_window<K, K>(p, [&](const Span& rows, const Span& columns, std::size_t o) {
      std::size_t c = 0;
      for (; c + kLanes <= p.inner; c += kLanes) {
        spread_window<kSpread, kLanes, K>(p, rows, columns, from + o + c, at + o + c, to + c);
      }
      for (; c < p.inner; ++c) {
        constexpr Spread one = kSpread == Spread::Stream ? Spread::Write : kSpread;
        spread_window<one, 1, K>(p, rows, columns, from + o + c, at + o + c, to + c);
      }
    });
  }
}

template <class Index>
void forward(const MaxPoolPlan& p, const float* x, float* y, Index* argmax, std::size_t begin,
             std::size_t end) {
  if (tiles(p, 2)) return forward_planes<2>(p, x, y, argmax, begin, end);
  forward_planes<0>(p, x, y, argmax, begin, end);
}

template <class Index>
void backward(const MaxPoolPlan& p, const float* dy, const Index* argmax, float* dx,
              std::size_t begin, std::size_t end) {
  // Streaming needs whole, aligned vectors.
  const bool stream = p.stream && p.inner % kLanes == 0;
  const bool overlap = p.stride_height < p.kernel_height || p.stride_width < p.kernel_width;
  if (tiles(p, 2) && stream) {
    backward_planes<Spread::Stream, 2>(p, dy, argmax, dx, begin, end);
    return __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }
  if (tiles(p, 2)) return backward_planes<Spread::Write, 2>(p, dy, argmax, dx, begin, end);
  if (!overlap) return backward_planes<Spread::Write, 0>(p, dy, argmax, dx, begin, end);
  backward_planes<Spread::Add, 0>(p, dy, argmax, dx, begin, end);
}

constexpr MaxPoolKernelSet kKernelSet{{forward<std::uint8_t>, backward<std::uint8_t>},
                                      {forward<std::uint16_t>, backward<std::uint16_t>}};

}  // namespace
}  // namespace optcmp::ops
