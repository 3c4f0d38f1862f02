#include "optim/pass.hpp"

namespace optcmp::optim {

Passes passes(InstructionSet set) {
#if defined(OPTCMP_X86)
  if (set == InstructionSet::Avx512) return avx512_passes();
  if (set == InstructionSet::Avx2) return avx2_passes();
#endif
  (void)set;
  return portable_passes();
}

}  // namespace optcmp::optim
