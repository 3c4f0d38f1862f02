// Counts what our code allocates with operator new, malloc's C++ front door.
#pragma once

#include <cstddef>

namespace optcmp::test {

/// Allocations since the program began, of every thread, but for those that oneDNN and OpenMP ask
/// for themselves: oneDNN makes a small map of its arguments at every execution.
std::size_t allocations();

}  // namespace optcmp::test
