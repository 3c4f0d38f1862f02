#include "runtime/row_kernel.hpp"

#include <algorithm>
#include <utility>

#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

void call(const Kernel& kernel) {
  if (kernel) kernel();
}

}  // namespace

Kernel run_band(std::vector<BandPart> parts, RowLoop loop, std::size_t panel, int threads) {
  return [=, parts = std::move(parts)] {
    for (const BandPart& part : parts) call(part.kernel.before);
    parallel_for(threads, loop.count, loop.grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t first = begin; first < end; first += panel) {
        const std::size_t last = std::min(end, first + panel);
        for (const auto& [kernel, times] : parts) kernel.run(first * times, last * times);
      }
    });
    for (const BandPart& part : parts) call(part.kernel.after);
  };
}

}  // namespace optcmp
