// Loops over the calling trainer's OpenMP team.
#pragma once

#include <algorithm>
#include <cstddef>

namespace optcmp {

/// Calls `body(begin, end)` on `threads` contiguous parts of [0, count), whole multiples of
/// `grain` but for the last. One thread costs nothing.
template <class Body>
void parallel_for(int threads, std::size_t count, std::size_t grain, const Body& body) {
  const std::size_t grains = (count + grain - 1) / grain;
  const int parts = static_cast<int>(std::min<std::size_t>(threads, grains));
  if (parts <= 1) {
    if (count) body(std::size_t{0}, count);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (int part = 0; part < parts; ++part) {
    const std::size_t begin = grains * part / parts * grain;
    const std::size_t end = std::min(count, grains * (part + 1) / parts * grain);
    if (begin < end) body(begin, end);
  }
}

}  // namespace optcmp
