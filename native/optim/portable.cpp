#include "optim/passes.inl.hpp"

namespace optcmp::optim {

Passes portable_passes() { return kPasses; }

}  // namespace optcmp::optim
