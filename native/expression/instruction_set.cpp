#include "expression/instruction_set.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace optcmp::expression {

namespace {

constexpr InstructionSet kWidestFirst[] = {InstructionSet::Avx512, InstructionSet::Avx2,
                                           InstructionSet::Portable};

InstructionSet parse(const std::string& wanted) {
  for (const InstructionSet set : kWidestFirst) {
    if (wanted != name(set)) continue;
    if (supported(set)) return set;
    throw std::invalid_argument("OPTCMP_ISA=" + wanted + ": this processor does not support it");
  }
  throw std::invalid_argument("OPTCMP_ISA=" + wanted + ": unknown; use avx512, avx2 or portable");
}

}  // namespace

const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::Avx512:
      return "avx512";
    case InstructionSet::Avx2:
      return "avx2";
    case InstructionSet::Portable:
      break;
  }
  return "portable";
}

bool supported(InstructionSet set) {
#if defined(OPTCMP_X86)
  switch (set) {
    case InstructionSet::Avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    case InstructionSet::Avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::Portable:
      break;
  }
  return true;
#else
  return set == InstructionSet::Portable;
#endif
}

InstructionSet default_instruction_set() {
  const char* wanted = std::getenv("OPTCMP_ISA");
  if (wanted != nullptr && *wanted != '\0') return parse(wanted);
  for (const InstructionSet set : kWidestFirst)
    if (supported(set)) return set;
  return InstructionSet::Portable;
}

}  // namespace optcmp::expression
