#include "optim/passes.inl.hpp"

namespace optcmp::optim {

Passes avx2_passes() { return kPasses; }

}  // namespace optcmp::optim
