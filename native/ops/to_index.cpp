// y = places along an axis for x, whole numbers as floats of which negative ones count from the
// end. What is calculated from data cannot be checked before, so a step fails with an index that
// is outside.
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"length"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  op.require_shape(op.output(0), op.input(0).shape);
  const double length = op.number("length", 0);
  const auto limit = op.output(0).limit;
  op.require(length >= 1 && length <= 1 << 24 && length == std::nearbyint(length),
             "length must be a whole number in 1 … 2^24");
  op.require(!limit || static_cast<double>(*limit) >= length,
             "length is beyond the limit of '" + op.output(0).name + "'");
}

void plan(const OpView& op, Planner& planner) {
  const cpu::Desc plain = cpu::row_major(op.input(0).shape);
  const std::size_t size = plain.get_size() / sizeof(float);
  const auto length = static_cast<float>(op.number("length", 0));
  const std::string name = op.op().name;
  const BufferId x = planner.read(op.op().inputs[0], plain);
  const BufferId y = planner.write(op.op().outputs[0], plain);
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), y = b.at<std::int32_t>(y)] {
      for (std::size_t i = 0; i < size; ++i) {
        const float place = x[i] < 0 ? x[i] + length : x[i];
        const bool inside = place >= 0 && place < length && place == std::nearbyint(place);
        if (!inside) {
          throw std::out_of_range("'" + name + "': the index " + std::to_string(x[i]) +
                                  " is outside of an axis of length " +
                                  std::to_string(static_cast<std::int64_t>(length)));
        }
        y[i] = static_cast<std::int32_t>(place);
      }
    };
  });
}

}  // namespace

const OpDefinition to_index{.name = "to_index", .check = check, .plan = plan, .whole_outputs = 0b1};

}  // namespace optcmp::ops
