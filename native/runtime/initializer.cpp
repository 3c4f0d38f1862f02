#include "runtime/initializer.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "runtime/philox.hpp"

namespace optcmp {
namespace {

double standard_normal(const RandomSequence& random, std::uint64_t index) {
  const double radius = std::sqrt(-2 * std::log1p(-random.uniform(2 * index)));
  return radius * std::cos(2 * std::numbers::pi * random.uniform(2 * index + 1));
}

// Redraws come from indices that no first draw uses.
double truncated_normal(const RandomSequence& random, std::uint64_t index) {
  double z = standard_normal(random, index);
  for (std::uint64_t again = 1; std::abs(z) > 2; ++again) {
    z = standard_normal(random, index + (again << 40));
  }
  return z;
}

template <class Draw>
void fill(std::vector<float>& values, const Draw& draw) {
  for (std::uint64_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(draw(i));
}

}  // namespace

std::vector<float> initial_values(const Tensor& parameter, std::uint64_t seed,
                                  std::uint32_t ordinal) {
  if (!parameter.data.empty()) return parameter.data;
  const Initializer& init = parameter.initializer.value();
  const RandomSequence random(seed, RandomStream::Initializer, ordinal);
  std::vector<float> values(static_cast<std::size_t>(elements(parameter.shape)));

  const auto require = [&](bool condition, const char* what) {
    if (condition) return;
    throw std::invalid_argument("initializer of parameter '" + parameter.name + "': " + what);
  };
  const auto uniform = [&](double low, double high) {
    require(std::isfinite(low) && std::isfinite(high) && low <= high, "needs finite low ≤ high");
    fill(values, [&](std::uint64_t i) { return low + (high - low) * random.uniform(i); });
  };
  const auto normal = [&](double mean, double stddev) {
    require(std::isfinite(mean) && std::isfinite(stddev) && stddev >= 0,
            "needs a finite mean and stddev ≥ 0");
    fill(values, [&](std::uint64_t i) { return mean + stddev * standard_normal(random, i); });
  };
  const auto fan = [&](double count) {
    require(std::isfinite(count) && count >= 1, "needs fanIn and fanOut of at least 1");
    return count;
  };

  using Kind = Initializer::Kind;
  switch (init.kind) {
    case Kind::Zeros:
      break;
    case Kind::Ones:
      values.assign(values.size(), 1.0f);
      break;
    case Kind::Constant:
      require(std::isfinite(init.value), "needs a finite value");
      values.assign(values.size(), static_cast<float>(init.value));
      break;
    case Kind::Uniform:
      uniform(init.low, init.high);
      break;
    case Kind::Normal:
      normal(init.mean, init.stddev);
      break;
    case Kind::TruncatedNormal:
      normal(init.mean, init.stddev);
      fill(values, [&](auto i) { return init.mean + init.stddev * truncated_normal(random, i); });
      break;
    case Kind::GlorotUniform: {
      const double bound = std::sqrt(6 / (fan(init.fan_in) + fan(init.fan_out)));
      uniform(-bound, bound);
      break;
    }
    case Kind::GlorotNormal:
      normal(0, std::sqrt(2 / (fan(init.fan_in) + fan(init.fan_out))));
      break;
    case Kind::HeUniform: {
      const double bound = std::sqrt(6 / fan(init.fan_in));
      uniform(-bound, bound);
      break;
    }
    case Kind::HeNormal:
      normal(0, std::sqrt(2 / fan(init.fan_in)));
      break;
    case Kind::PyTorch: {
      const double bound = 1 / std::sqrt(fan(init.fan_in));
      uniform(-bound, bound);
      break;
    }
  }
  return values;
}

}  // namespace optcmp
