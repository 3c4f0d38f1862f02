// The kernels of attention_kernels.hpp in vectors of OPTCMP_LANES floats. Included once by a file
// with the flags of its instruction set; everything here is local to that file.
//
// Queries are taken in blocks whose scores stay in the caches: the softmax of a block never goes
// to memory, and the backward pass makes it again from the sums that the forward pass kept (Dao et
// al. 2022). All operands are copied into rows padded with zeros to whole vectors.
#include <math.h>
#include <string.h>

#include <cstdint>

#include "ops/attention_kernels.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kLanes = OPTCMP_LANES;
constexpr std::size_t kVectors = 2;                   ///< Of a tile's row.
constexpr std::size_t kTile = kLanes == 16 ? 12 : 6;  ///< Rows of a tile: all but 4 registers.
constexpr std::size_t kBlock = 48;                    ///< Queries at a time, whole tiles.

typedef float Floats __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::int32_t Ints __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));

Floats load(const float* from) {
  Floats v;
  memcpy(&v, from, sizeof(v));
  return v;
}

void store(float* to, Floats v) { memcpy(to, &v, sizeof(v)); }

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t padded(std::size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

/// e^x within 2 units in the last place for x ≤ 88; 0 below −87. Cody and Waite's reduction and
/// a polynomial (Moshier's Cephes, expf).
Floats exponential(Floats x) {
  constexpr float kShift = 12582912.0f;  // 1.5·2²³: adding it rounds to a whole number
  const Floats lowest = Floats{} - 87.0f;
  const Floats from = x < lowest ? lowest : x;
  const Floats shifted = from * 1.44269504088896341f + kShift;
  const Floats n = shifted - kShift;
  const Floats r = from - n * 0.693359375f + n * 2.12194440e-4f;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Ints exponent = (Ints)shifted << 23;
  return x < lowest ? Floats{} : (Floats)((Ints)p + exponent);
}

float sum_of(Floats v) {
  double sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += v[lane];
  return static_cast<float>(sum);
}

/// One operand of a product: element (row, k) at row·row_step + k·k_step.
struct Left {
  const float* data;
  std::size_t row_step, k_step;
};

/// A matrix in rows of whole vectors.
struct Matrix {
  float* data;
  std::size_t step;
  float* row(std::size_t k) const { return data + k * step; }
};

/// R rows and V vectors of c = a·b, or c += a·b.
template <std::size_t R, std::size_t V>
void multiply_tile(const Left& a, const float* b, std::size_t b_step, std::size_t inner, float* c,
                   std::size_t c_step, bool add) {
  Floats sums[R][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) {
      sums[r][v] = add ? load(c + r * c_step + v * kLanes) : Floats{};
    }
  }
  const float* left = a.data;
  for (std::size_t k = 0; k < inner; ++k, left += a.k_step, b += b_step) {
    Floats right[V];
    for (std::size_t v = 0; v < V; ++v) right[v] = load(b + v * kLanes);
    for (std::size_t r = 0; r < R; ++r) {
      for (std::size_t v = 0; v < V; ++v) sums[r][v] += left[r * a.row_step] * right[v];
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) store(c + r * c_step + v * kLanes, sums[r][v]);
  }
}

/// `rows` ≤ R rows of a product `width` wide.
template <std::size_t R>
void multiply_rows(std::size_t rows, const Left& a, const Matrix& b, std::size_t inner,
                   std::size_t width, const Matrix& c, bool add) {
  if constexpr (R > 0) {
    if (rows < R) return multiply_rows<R - 1>(rows, a, b, inner, width, c, add);
    std::size_t j = 0;
    for (; j + kVectors * kLanes <= width; j += kVectors * kLanes) {
      multiply_tile<R, kVectors>(a, b.data + j, b.step, inner, c.data + j, c.step, add);
    }
    for (; j < width; j += kLanes) {
      multiply_tile<R, 1>(a, b.data + j, b.step, inner, c.data + j, c.step, add);
    }
  }
}

/// Copies rows, times `factor`, and pads them with zeros.
void pack(Rows<const float> from, std::size_t rows, std::size_t width, float factor, Matrix to) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* source = from.data + static_cast<std::ptrdiff_t>(r) * from.step;
    float* target = to.row(r);
    for (std::size_t i = 0; i < width; ++i) target[i] = source[i] * factor;
    for (std::size_t i = width; i < to.step; ++i) target[i] = 0;
  }
}

void pack_transposed(Rows<const float> from, std::size_t rows, std::size_t width, Matrix to) {
  for (std::size_t i = 0; i < width; ++i) {
    float* target = to.row(i);
    for (std::size_t r = 0; r < rows; ++r) {
      target[r] =
          from.data[static_cast<std::ptrdiff_t>(r) * from.step + static_cast<std::ptrdiff_t>(i)];
    }
    for (std::size_t r = rows; r < to.step; ++r) target[r] = 0;
  }
}

void unpack(Matrix from, std::size_t rows, std::size_t width, float factor, Rows<float> to) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* source = from.row(r);
    float* target = to.data + static_cast<std::ptrdiff_t>(r) * to.step;
    for (std::size_t i = 0; i < width; ++i) target[i] = source[i] * factor;
  }
}

/// Hands out matrices of a scratch, one after the other; counts when there is none.
class Scratch {
 public:
  explicit Scratch(float* data) : data_(data) {}
  Matrix matrix(std::size_t rows, std::size_t width) {
    const Matrix result{data_ ? data_ + used_ : nullptr, padded(width)};
    used_ += (rows * result.step + 15) / 16 * 16;
    return result;
  }
  std::size_t used() const { return used_; }

 private:
  float* data_;
  std::size_t used_ = 0;
};

/// Columns of the scores that a tile of queries needs.
std::size_t reach(const AttentionPlan& plan, std::size_t tile_end) {
  return plan.causal ? smaller(tile_end, plan.keys) : plan.keys;
}

/// Calls `body(first, rows)` for each tile of the queries [begin, end).
template <class Body>
void each_tile(std::size_t begin, std::size_t end, const Body& body) {
  for (std::size_t first = begin; first < end; first += kTile) {
    body(first, smaller(kTile, end - first));
  }
}

/// Makes scores of a row ready for the softmax: the mask added, what must not be seen −∞.
void mask_row(const AttentionPlan& plan, const Mask& mask, std::size_t query, std::size_t width,
              float* scores) {
  const std::size_t seen = plan.causal ? query + 1 : plan.keys;
  if (mask.data) {
    const float* row = mask.data + static_cast<std::ptrdiff_t>(query) * mask.row;
    for (std::size_t s = 0; s < seen; ++s) {
      scores[s] += row[static_cast<std::ptrdiff_t>(s) * mask.column];
    }
  }
  for (std::size_t s = seen; s < width; ++s) scores[s] = -INFINITY;
}

struct Softmax {
  float top, sum;
};

/// Scores to e^(score − top).
Softmax exponentials(float* scores, std::size_t width) {
  Floats tops = load(scores);
  for (std::size_t s = kLanes; s < width; s += kLanes) {
    const Floats v = load(scores + s);
    tops = v > tops ? v : tops;
  }
  float top = tops[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane) top = tops[lane] > top ? tops[lane] : top;
  Floats sums{};
  for (std::size_t s = 0; s < width; s += kLanes) {
    const Floats e = exponential(load(scores + s) - top);
    store(scores + s, e);
    sums += e;
  }
  return {top, sum_of(sums)};
}

struct Forward {
  Matrix q, keys, v, scores, y;
  std::size_t used;
};

Forward forward_operands(const AttentionPlan& plan, float* data) {
  Scratch scratch(data);
  Forward f{};
  f.q = scratch.matrix(plan.queries, plan.depth);
  f.keys = scratch.matrix(plan.depth, plan.keys);
  f.v = scratch.matrix(plan.keys, plan.values);
  f.scores = scratch.matrix(kTile, plan.keys);
  f.y = scratch.matrix(kTile, plan.values);
  f.used = scratch.used();
  return f;
}

void forward(const AttentionPlan& plan, Rows<const float> q, Rows<const float> k,
             Rows<const float> v, Mask mask, Rows<float> y, float* lse, float* scratch) {
  const Forward f = forward_operands(plan, scratch);
  pack(q, plan.queries, plan.depth, plan.scale, f.q);
  pack_transposed(k, plan.keys, plan.depth, f.keys);
  pack(v, plan.keys, plan.values, 1, f.v);
  each_tile(0, plan.queries, [&](std::size_t first, std::size_t rows) {
    const std::size_t seen = reach(plan, first + rows), width = padded(seen);
    multiply_rows<kTile>(rows, {f.q.row(first), f.q.step, 1}, f.keys, plan.depth, width, f.scores,
                         false);
    Softmax softmax[kTile];
    for (std::size_t r = 0; r < rows; ++r) {
      mask_row(plan, mask, first + r, width, f.scores.row(r));
      softmax[r] = exponentials(f.scores.row(r), width);
      if (lse) lse[first + r] = softmax[r].top + logf(softmax[r].sum);
    }
    multiply_rows<kTile>(rows, {f.scores.data, f.scores.step, 1}, f.v, seen, f.v.step, f.y, false);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = static_cast<std::ptrdiff_t>(first + r);
      unpack({f.y.row(r), f.y.step}, 1, plan.values, 1 / softmax[r].sum,
             {y.data + row * y.step, y.step});
    }
  });
}

struct Backward {
  Matrix q, k, keys, values, dy, p, ds, dq, dk, dv;
  std::size_t used;
};

Backward backward_operands(const AttentionPlan& plan, float* data) {
  Scratch scratch(data);
  Backward b{};
  b.q = scratch.matrix(plan.queries, plan.depth);
  b.k = scratch.matrix(plan.keys, plan.depth);
  b.keys = scratch.matrix(plan.depth, plan.keys);
  b.values = scratch.matrix(plan.values, plan.keys);
  b.dy = scratch.matrix(plan.queries, plan.values);
  b.p = scratch.matrix(kBlock, plan.keys);
  b.ds = scratch.matrix(kBlock, plan.keys);
  b.dq = scratch.matrix(kTile, plan.depth);
  b.dk = scratch.matrix(plan.keys, plan.depth);
  b.dv = scratch.matrix(plan.keys, plan.values);
  b.used = scratch.used();
  return b;
}

/// Rows of the probabilities p and of the scores' gradient ds, from scores in p and p's gradient in
/// ds: ds = p·(dp − Σ p·dp).
void softmax_gradient(float log_sum, std::size_t width, float* p, float* ds) {
  Floats sums{};
  for (std::size_t s = 0; s < width; s += kLanes) {
    const Floats probability = exponential(load(p + s) - log_sum);
    store(p + s, probability);
    sums += probability * load(ds + s);
  }
  const float mean = sum_of(sums);
  for (std::size_t s = 0; s < width; s += kLanes) {
    store(ds + s, load(p + s) * (load(ds + s) - mean));
  }
}

/// What a tile of queries needs of the backward pass, but for what it adds to dk and dv.
void backward_tile(const AttentionPlan& plan, const Backward& b, const float* lse, const Mask& mask,
                   std::size_t first, std::size_t rows, const Matrix& p, const Matrix& ds,
                   Rows<float> dq) {
  const std::size_t seen = reach(plan, first + rows), width = padded(seen);
  multiply_rows<kTile>(rows, {b.q.row(first), b.q.step, 1}, b.keys, plan.depth, width, p, false);
  multiply_rows<kTile>(rows, {b.dy.row(first), b.dy.step, 1}, b.values, plan.values, width, ds,
                       false);
  for (std::size_t r = 0; r < rows; ++r) {
    mask_row(plan, mask, first + r, width, p.row(r));
    softmax_gradient(lse[first + r], width, p.row(r), ds.row(r));
  }
  multiply_rows<kTile>(rows, {ds.data, ds.step, 1}, b.k, seen, b.k.step, b.dq, false);
  const auto row = static_cast<std::ptrdiff_t>(first);
  unpack(b.dq, rows, plan.depth, plan.scale, {dq.data + row * dq.step, dq.step});
}

void backward(const AttentionPlan& plan, Rows<const float> dy, const float* lse,
              Rows<const float> q, Rows<const float> k, Rows<const float> v, Mask mask,
              Rows<float> dq, Rows<float> dk, Rows<float> dv, float* scratch) {
  const Backward b = backward_operands(plan, scratch);
  pack(q, plan.queries, plan.depth, plan.scale, b.q);
  pack(k, plan.keys, plan.depth, 1, b.k);
  pack_transposed(k, plan.keys, plan.depth, b.keys);
  pack_transposed(v, plan.keys, plan.values, b.values);
  pack(dy, plan.queries, plan.values, 1, b.dy);
  memset(b.dk.data, 0, plan.keys * b.dk.step * sizeof(float));
  memset(b.dv.data, 0, plan.keys * b.dv.step * sizeof(float));
  for (std::size_t begin = 0; begin < plan.queries; begin += kBlock) {
    const std::size_t end = smaller(plan.queries, begin + kBlock);
    each_tile(begin, end, [&](std::size_t first, std::size_t rows) {
      const std::size_t at = first - begin;
      backward_tile(plan, b, lse, mask, first, rows, {b.p.row(at), b.p.step},
                    {b.ds.row(at), b.ds.step}, dq);
    });
    each_tile(0, reach(plan, end), [&](std::size_t key, std::size_t keys) {
      // Queries before a key do not see it. Tiles of keys and of queries start at the same places.
      const std::size_t from = plan.causal && key > begin ? key : begin;
      const std::size_t at = from - begin, inner = end - from;
      multiply_rows<kTile>(keys, {b.ds.row(at) + key, 1, b.ds.step}, {b.q.row(from), b.q.step},
                           inner, b.q.step, {b.dk.row(key), b.dk.step}, true);
      multiply_rows<kTile>(keys, {b.p.row(at) + key, 1, b.p.step}, {b.dy.row(from), b.dy.step},
                           inner, b.dy.step, {b.dv.row(key), b.dv.step}, true);
    });
  }
  unpack(b.dk, plan.keys, plan.depth, 1, dk);
  unpack(b.dv, plan.keys, plan.values, 1, dv);
}

std::size_t forward_scratch(const AttentionPlan& plan) {
  return forward_operands(plan, nullptr).used;
}

std::size_t backward_scratch(const AttentionPlan& plan) {
  return backward_operands(plan, nullptr).used;
}

constexpr AttentionKernels kKernels{forward_scratch, backward_scratch, forward, backward};

}  // namespace
}  // namespace optcmp::ops
