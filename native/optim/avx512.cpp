#include "optim/passes.inl.hpp"

namespace optcmp::optim {

Passes avx512_passes() { return kPasses; }

}  // namespace optcmp::optim
