#include <cstring>
#include <span>

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

Kernel find_kernel(const Passes& passes, const char* fingerprint) {
  for (const GeneratedKernel& kernel : std::span(passes.kernels, passes.kernel_count))
    if (std::strcmp(kernel.fingerprint, fingerprint) == 0) return kernel.run;
  return nullptr;
}

}  // namespace optcmp::optim
