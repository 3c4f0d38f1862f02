// Mean over elements of (output − label)², and the gradient.
#include "ops/elementwise_loss.hpp"

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
  totals[0] = sum;
  if (!dx) return;
  const auto twice = static_cast<float>(2 * scale);
  for (std::size_t j = 0; j < size; ++j) dx[j] = twice * (x[j] - y[j]);
}

void check(const OpView& op) { check_elementwise_loss(op, 1); }
void plan(const OpView& op, Planner& planner) { plan_elementwise_loss<1>(op, planner, row); }

}  // namespace

const OpDefinition mean_squared_error{
    .name = "mean_squared_error", .check = check, .plan = plan, .loss = true};

}  // namespace optcmp::ops
