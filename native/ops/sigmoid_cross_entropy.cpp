// Binary cross-entropy of logits with labels in [0, 1], mean over elements; the rate of elements on
// the wrong side of one half; the gradient.
#include <cmath>

#include "ops/elementwise_loss.hpp"

namespace optcmp::ops {
namespace {

void row(const float* x, const float* y, std::size_t size, double scale, float* dx,
         std::array<double, 2>& totals) {
  for (std::size_t j = 0; j < size; ++j) {
    const double z = x[j], e = std::exp(-std::abs(z));
    totals[0] += std::max(z, 0.0) - z * y[j] + std::log1p(e);
    totals[1] += (z > 0) != (y[j] > 0.5f);
    if (dx) dx[j] = static_cast<float>(scale * ((z < 0 ? e : 1) / (1 + e) - y[j]));
  }
}

void sample(const float* x, std::size_t size, const RandomSequence& random, std::uint64_t first,
            float* y) {
  for (std::size_t j = 0; j < size; ++j)
    y[j] = random.uniform(first + j) < 1 / (1 + std::exp(-static_cast<double>(x[j]))) ? 1.0f : 0.0f;
}

void check(const OpView& op) { check_elementwise_loss(op, 2); }
void plan(const OpView& op, Planner& planner) {
  plan_elementwise_loss<2>(op, planner, row, sample);
}

}  // namespace

const OpDefinition sigmoid_cross_entropy{
    .name = "sigmoid_cross_entropy", .check = check, .plan = plan, .loss = true, .samples = true};

}  // namespace optcmp::ops
