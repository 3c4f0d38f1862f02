// Mean over elements of (output − label)², and the gradient.
#include <cmath>

#include "ops/elementwise_loss.hpp"
#include "runtime/normals.hpp"

namespace optcmp::ops {
namespace {

void row(const float* x, const float* y, std::size_t size, double scale, float* dx,
         std::array<double, 1>& totals) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t j = 0; j < size; ++j) {
    const double difference = static_cast<double>(x[j]) - y[j];
    sum += difference * difference;
  }
  totals[0] += sum;
  if (!dx) return;
  const auto twice = static_cast<float>(2 * scale);
  for (std::size_t j = 0; j < size; ++j) dx[j] = twice * (x[j] - y[j]);
}

// The negative log-likelihood of a normal distribution is the squared difference where its variance
// is one half.
void sample(const float* x, std::size_t size, const RandomSequence& random, std::uint64_t first,
            float* y) {
  Normals normal(random, first);
  for (std::size_t j = 0; j < size; ++j)
    y[j] = static_cast<float>(static_cast<double>(x[j]) + std::sqrt(0.5) * normal());
}

void check(const OpView& op) { check_elementwise_loss(op, 1); }
void plan(const OpView& op, Planner& planner) {
  plan_elementwise_loss<1>(op, planner, row, sample);
}

}  // namespace

const OpDefinition mean_squared_error{
    .name = "mean_squared_error", .check = check, .plan = plan, .loss = true, .samples = true};

}  // namespace optcmp::ops
