#include "runtime/decomposition_kernels.inl.hpp"

namespace optcmp {

DecompositionKernels portable_decomposition_kernels() { return kKernels; }

}  // namespace optcmp
