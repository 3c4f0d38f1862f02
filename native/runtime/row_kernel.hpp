// Kernels that work row by row, and bands of them: what one kernel makes of some rows, the next one
// reads while it is still in the caches.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace optcmp {

using Kernel = std::function<void()>;

/// Work on rows, of which none needs another one: `run(begin, end)` does some. `before` and
/// `after`, where there are any, are called once.
struct RowKernel {
  std::function<void(std::size_t begin, std::size_t end)> run;
  Kernel before = {}, after = {};
};

/// How a thread goes through rows: it gets whole multiples of `grain`.
struct RowLoop {
  std::size_t count, grain;
};

/// One kernel of a band; it has `times` rows for each of the band's.
struct BandPart {
  RowKernel kernel;
  std::size_t times;
};

/// All kernels after each other on `panel` rows, then on the next ones.
Kernel run_band(std::vector<BandPart> parts, RowLoop loop, std::size_t panel, int threads);

}  // namespace optcmp
