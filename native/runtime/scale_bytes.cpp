#include "runtime/scale_bytes.hpp"

namespace optcmp {
namespace {

using Function = void (*)(const std::uint8_t*, std::size_t, float, float, float*);

// One loop, compiled for several instruction sets. None of them has fused multiply-adds.
#define OPTCMP_SCALE_BYTES(name)                                                             \
  void name(const std::uint8_t* __restrict from, std::size_t size, float scale, float shift, \
            float* __restrict to) {                                                          \
    for (std::size_t i = 0; i < size; ++i) {                                                 \
      to[i] = static_cast<float>(static_cast<std::int32_t>(from[i])) * scale + shift;        \
    }                                                                                        \
  }

OPTCMP_SCALE_BYTES(portable)

#if defined(__x86_64__)
__attribute__((target("avx2,no-fma"))) OPTCMP_SCALE_BYTES(avx2)

    Function choose() {
  return __builtin_cpu_supports("avx2") ? avx2 : portable;
}
#else
Function choose() { return portable; }
#endif

}  // namespace

void scale_bytes(const std::uint8_t* from, std::size_t size, float scale, float shift, float* to) {
  static const Function function = choose();
  function(from, size, scale, shift, to);
}

}  // namespace optcmp
