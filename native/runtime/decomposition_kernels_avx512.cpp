#include "runtime/decomposition_kernels.inl.hpp"

namespace optcmp {

DecompositionKernels avx512_decomposition_kernels() { return kKernels; }

}  // namespace optcmp
