#include "backend/cpu/reorder.hpp"

#include <array>

namespace optcmp::cpu {

Reorder::Reorder(const Desc& from, const Desc& to)
    : Reorder(from, to, {engine(), from, engine(), to, attributes()}) {}

Reorder::Reorder(const Desc& from, const Desc& to, const dnnl::reorder::primitive_desc& description)
    : primitive_(dnnl::reorder(description)),
      stream_(engine()),
      from_(from, engine(), DNNL_MEMORY_NONE),
      to_(to, engine(), DNNL_MEMORY_NONE),
      scratchpad_(description.scratchpad_desc(), engine()) {}

void Reorder::run(const float* from, float* to) const {
  // oneDNN takes what it only reads as mutable, too.
  dnnl_memory_set_data_handle(from_.get(), const_cast<float*>(from));
  dnnl_memory_set_data_handle(to_.get(), to);
  const std::array<dnnl_exec_arg_t, 3> arguments{{{DNNL_ARG_FROM, from_.get()},
                                                  {DNNL_ARG_TO, to_.get()},
                                                  {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}}};
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments.size()),
                             arguments.data()),
      "cannot copy to another layout");
}

}  // namespace optcmp::cpu
