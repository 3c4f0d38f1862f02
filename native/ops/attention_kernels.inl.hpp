// The kernels of attention_kernels.hpp. Included once by a file with the flags of its instruction
// set; everything here is local to that file.
//
// Queries are taken in blocks whose scores stay in the caches: the softmax of a block never goes
// to memory, and the backward pass makes it again from the sums that the forward pass kept (Dao et
// al. 2022). All operands are copied into rows padded with zeros to whole vectors.
#include <math.h>
#include <string.h>

#include "expression/simd_math.hpp"
#include "ops/attention_kernels.hpp"
#include "ops/product_tile.inl.hpp"

namespace optcmp::ops {
namespace {

using expression::Float;
using expression::kLanes;
using expression::load;
using expression::only_first;
using expression::store;

constexpr std::size_t kBlock = 8 * kTile;  ///< Queries at a time.

constexpr std::size_t padded(std::size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

/// One operand of a product: row r's element at r·row_step, the next column's k_step further on.
struct Left {
  const float* data;
  std::size_t row_step, k_step;
  float operator[](std::size_t row) const { return data[row * row_step]; }
  void next() { data += k_step; }
  void fetch() const {}
};

/// A matrix in rows of whole vectors.
struct Matrix {
  float* data;
  std::size_t step;
  float* row(std::size_t k) const { return data + k * step; }
};

/// At most kTile rows of c = a·b, or c += a·b, `width` wide.
template <std::size_t V = kVectors>
void multiply_rows(std::size_t rows, const Left& a, const Matrix& b, std::size_t inner,
                   std::size_t width, const Matrix& c, bool add) {
  std::size_t j = 0;
  for (; j + V * kLanes <= width; j += V * kLanes) {
    const Start start = add ? Start{c.data + j, c.step} : Start{};
    tile_of<V>(rows, inner, a, {b.data + j, b.step}, start, {c.data + j, c.step});
  }
  if constexpr (V > 1) {
    if (j < width) {
      multiply_rows<V - 1>(rows, a, {b.data + j, b.step}, inner, width - j, {c.data + j, c.step},
                           add);
    }
  }
}

/// A row a few rows further on: rows of a head are too far apart for the hardware to guess.
void fetch_ahead(const float* row, std::ptrdiff_t step, std::size_t width) {
  constexpr std::ptrdiff_t kAhead = 8;
  for (std::size_t i = 0; i < width; i += kLine) __builtin_prefetch(row + kAhead * step + i);
}

/// Copies rows, times `factor`, and pads them with zeros.
void pack(Rows<const float> from, std::size_t rows, std::size_t width, float factor, Matrix to) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* source = from.data + static_cast<std::ptrdiff_t>(r) * from.step;
    float* target = to.row(r);
    fetch_ahead(source, from.step, width);
    std::size_t i = 0;
    for (; i + kLanes <= width; i += kLanes) store(target + i, load(source + i) * factor);
    if (i < width) store(target + i, load_part(source + i, width - i) * factor);
  }
}

void pack_transposed(Rows<const float> from, std::size_t rows, std::size_t width, Matrix to) {
  const float* source = from.data;
  const auto step = static_cast<std::size_t>(from.step);
  for (std::size_t r = 0; r < rows; r += kLanes) {
    const std::size_t count = smaller(kLanes, rows - r);
    transpose_block({source + r * step, step}, count, width, {to.data + r, to.step});
  }
}

void unpack(Matrix from, std::size_t rows, std::size_t width, float factor, Rows<float> to) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* source = from.row(r);
    float* target = to.data + static_cast<std::ptrdiff_t>(r) * to.step;
    std::size_t i = 0;
    for (; i + kLanes <= width; i += kLanes) store(target + i, load(source + i) * factor);
    if (i < width) store_part(target + i, load(source + i) * factor, width - i);
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
  // Whole vectors, as loads of a vector wait for stores of its parts.
  for (std::size_t s = seen / kLanes * kLanes; s < width; s += kLanes) {
    store(scores + s, only_first(load(scores + s), seen - smaller(seen, s), splat(-INFINITY)));
  }
}

/// Calls `body(row)` for each row of a tile, unrolled where the tile is whole, so that the
/// processor works on several rows at once.
template <class Body>
void each_row(std::size_t rows, const Body& body) {
  if (rows == kTile) {
#pragma GCC unroll 6
    for (std::size_t r = 0; r < kTile; ++r) body(r);
  } else {
    for (std::size_t r = 0; r < rows; ++r) body(r);
  }
}

/// Scores of a tile's rows to e^(score − top), and each row's top and sum.
void exponentials(const Matrix& scores, std::size_t rows, std::size_t width, float* tops,
                  float* sums) {
  Float vectors[kTile];
  each_row(rows, [&](std::size_t r) {
    const float* row = scores.row(r);
    Float top = load(row);
    for (std::size_t s = kLanes; s < width; s += kLanes) {
      const Float v = load(row + s);
      top = v > top ? v : top;
    }
    vectors[r] = top;
  });
  each_row(rows, [&](std::size_t r) { tops[r] = expression::greatest(vectors[r]); });
  each_row(rows, [&](std::size_t r) {
    float* row = scores.row(r);
    Float sum{};
    for (std::size_t s = 0; s < width; s += kLanes) {
      const Float e = expression::exp_or_zero(load(row + s) - tops[r]);
      store(row + s, e);
      sum += e;
    }
    vectors[r] = sum;
  });
  each_row(rows, [&](std::size_t r) { sums[r] = static_cast<float>(expression::sum(vectors[r])); });
}

struct Forward {
  Matrix q, keys, v, scores, y, tops, sums;
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
  f.tops = scratch.matrix(1, plan.queries);
  f.sums = scratch.matrix(1, plan.queries);
  f.used = scratch.used();
  return f;
}

void log_sums(const Forward& f, std::size_t queries, float* lse) {
  for (std::size_t i = 0; i < queries; i += kLanes) {
    const Float sums = load(f.tops.data + i) + expression::log(load(f.sums.data + i));
    store_part(lse + i, sums, smaller(kLanes, queries - i));
  }
}

void forward(const AttentionPlan& plan, Rows<const float> q, Rows<const float> k,
             Rows<const float> v, Mask mask, Rows<float> y, float* lse, float* scratch) {
  const Forward f = forward_operands(plan, scratch);
  pack(q, plan.queries, plan.depth, plan.scale, f.q);
  pack_transposed(k, plan.keys, plan.depth, f.keys);
  pack(v, plan.keys, plan.values, 1, f.v);
  each_tile(0, plan.queries, [&](std::size_t first, std::size_t rows) {
    const std::size_t seen = reach(plan, first + rows), width = padded(seen);
    multiply_rows(rows, {f.q.row(first), f.q.step, 1}, f.keys, plan.depth, width, f.scores, false);
    for (std::size_t r = 0; r < rows; ++r) mask_row(plan, mask, first + r, width, f.scores.row(r));
    exponentials(f.scores, rows, width, f.tops.data + first, f.sums.data + first);
    multiply_rows(rows, {f.scores.data, f.scores.step, 1}, f.v, seen, f.v.step, f.y, false);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = static_cast<std::ptrdiff_t>(first + r);
      unpack({f.y.row(r), f.y.step}, 1, plan.values, 1 / f.sums.data[first + r],
             {y.data + row * y.step, y.step});
    }
  });
  if (lse) log_sums(f, plan.queries, lse);
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
void softmax_gradient(const float* log_sums, std::size_t rows, std::size_t width, const Matrix& p,
                      const Matrix& ds) {
  Float vectors[kTile];
  float means[kTile];
  each_row(rows, [&](std::size_t r) {
    Float sum{};
    for (std::size_t s = 0; s < width; s += kLanes) {
      const Float probability = expression::exp_or_zero(load(p.row(r) + s) - log_sums[r]);
      store(p.row(r) + s, probability);
      sum += probability * load(ds.row(r) + s);
    }
    vectors[r] = sum;
  });
  each_row(rows,
           [&](std::size_t r) { means[r] = static_cast<float>(expression::sum(vectors[r])); });
  each_row(rows, [&](std::size_t r) {
    for (std::size_t s = 0; s < width; s += kLanes) {
      store(ds.row(r) + s, load(p.row(r) + s) * (load(ds.row(r) + s) - means[r]));
    }
  });
}

/// What a tile of queries needs of the backward pass, but for what it adds to dk and dv.
void backward_tile(const AttentionPlan& plan, const Backward& b, const float* lse, const Mask& mask,
                   std::size_t first, std::size_t rows, const Matrix& p, const Matrix& ds,
                   Rows<float> dq) {
  const std::size_t seen = reach(plan, first + rows), width = padded(seen);
  multiply_rows(rows, {b.q.row(first), b.q.step, 1}, b.keys, plan.depth, width, p, false);
  multiply_rows(rows, {b.dy.row(first), b.dy.step, 1}, b.values, plan.values, width, ds, false);
  for (std::size_t r = 0; r < rows; ++r) mask_row(plan, mask, first + r, width, p.row(r));
  softmax_gradient(lse + first, rows, width, p, ds);
  multiply_rows(rows, {ds.data, ds.step, 1}, b.k, seen, b.k.step, b.dq, false);
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
      multiply_rows(keys, {b.ds.row(at) + key, 1, b.ds.step}, {b.q.row(from), b.q.step}, inner,
                    b.q.step, {b.dk.row(key), b.dk.step}, true);
      multiply_rows(keys, {b.p.row(at) + key, 1, b.p.step}, {b.dy.row(from), b.dy.step}, inner,
                    b.dy.step, {b.dv.row(key), b.dv.step}, true);
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
