// A copy of f32 memory from one layout to another, planned once.
#pragma once

#include "backend/cpu/onednn.hpp"

namespace optcmp::cpu {

class Reorder {
 public:
  Reorder(const Desc& from, const Desc& to);

  /// On the calling trainer's team. Padding of `to` becomes 0.
  void run(const float* from, float* to) const;

 private:
  Reorder(const Desc& from, const Desc& to, const dnnl::reorder::primitive_desc& description);

  dnnl::primitive primitive_;
  dnnl::stream stream_;
  dnnl::memory from_, to_, scratchpad_;
};

}  // namespace optcmp::cpu
