#include "backend/cpu/onednn.hpp"

#include <omp.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace optcmp::cpu {

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

namespace {

using DataType = dnnl::memory::data_type;

DataType data_type(Precision precision) {
  return precision == Precision::Bf16 ? DataType::bf16 : DataType::f32;
}

dnnl::primitive_attr plain() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

/// oneDNN's instruction sets are sets of bits.
bool has(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

bool emulation_is_wanted() {
  const char* wanted = std::getenv("OPTCMP_EMULATE_BF16");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

}  // namespace

dnnl::primitive_attr scaled(float factor) {
  dnnl::primitive_attr attr = plain();
  if (factor == 1) return attr;
  dnnl::post_ops post;
#if DNNL_VERSION_MAJOR >= 3
  post.append_eltwise(dnnl::algorithm::eltwise_linear, factor, 0);
#else
  post.append_eltwise(1, dnnl::algorithm::eltwise_linear, factor, 0);
#endif
  attr.set_post_ops(post);
  return attr;
}

dnnl::primitive_attr attributes(bool relu) {
  dnnl::primitive_attr attr = plain();
  if (!relu) return attr;
  dnnl::post_ops post;
#if DNNL_VERSION_MAJOR >= 3
  post.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
  post.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
  attr.set_post_ops(post);
  return attr;
}

// Every set with AMX has the instructions of avx512_core_bf16, too.
Bf16 bf16_support() {
  if (has(dnnl::cpu_isa::avx512_core_bf16)) return Bf16::Native;
  return has(dnnl::cpu_isa::avx512_core) ? Bf16::Emulated : Bf16::None;
}

std::optional<std::string> bf16_obstacle() {
  const Bf16 support = bf16_support();
  if (support == Bf16::Native) return std::nullopt;
  const std::string missing =
      "this CPU (" + isa() + ") has no instructions for products in bf16 (avx512_bf16 or AMX)";
  if (support == Bf16::None) return missing;
  if (emulation_is_wanted()) return std::nullopt;
  return missing + "; OPTCMP_EMULATE_BF16=1 computes them without, slower than in f32";
}

std::string implementation(const dnnl::primitive& primitive) {
  const char* name = nullptr;
  dnnl::error::wrap_c_api(
      dnnl_primitive_desc_query(primitive.get_primitive_desc(), dnnl_query_impl_info_str, 0, &name),
      "could not query the implementation of a primitive");
  return name;
}

Blocking blocking(const Desc& desc) {
  Blocking result;
#if DNNL_VERSION_MAJOR >= 3
  if (desc.get_format_kind() != dnnl::memory::format_kind::blocked) {
    throw std::logic_error("oneDNN chose an opaque layout");
  }
  result.dims = desc.get_dims();
  result.padded_dims = desc.get_padded_dims();
  result.strides = desc.get_strides();
  result.inner_blocks = desc.get_inner_blks();
  result.inner_axes = desc.get_inner_idxs();
#else
  const dnnl_memory_desc_t& md = desc.data;
  if (md.format_kind != dnnl_blocked) throw std::logic_error("oneDNN chose an opaque layout");
  const dnnl_blocking_desc_t& inner = md.format_desc.blocking;
  result.dims.assign(md.dims, md.dims + md.ndims);
  result.padded_dims.assign(md.padded_dims, md.padded_dims + md.ndims);
  result.strides.assign(inner.strides, inner.strides + md.ndims);
  result.inner_blocks.assign(inner.inner_blks, inner.inner_blks + inner.inner_nblks);
  result.inner_axes.assign(inner.inner_idxs, inner.inner_idxs + inner.inner_nblks);
#endif
  return result;
}

Precision precision(const Desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  const bool bf16 = desc.get_data_type() == DataType::bf16;
#else
  const bool bf16 = desc.data.data_type == dnnl_bf16;
#endif
  return bf16 ? Precision::Bf16 : Precision::F32;
}

Desc row_major(const std::vector<std::int64_t>& dims, Precision precision) {
  const Dims shape = dims.empty() ? Dims{1} : dims;
  Dims strides(shape.size(), 1);
  for (std::size_t k = shape.size() - 1; k > 0; --k) strides[k - 1] = strides[k] * shape[k];
  return Desc(shape, data_type(precision), strides);
}

Desc strided(const std::vector<std::int64_t>& dims, std::vector<std::int64_t> strides,
             Precision precision) {
  for (std::size_t k = dims.size(); k-- > 0;) {
    if (dims[k] == 1) strides[k] = k + 1 < dims.size() ? strides[k + 1] * dims[k + 1] : 1;
  }
  return Desc(dims, data_type(precision), strides);
}

// As numpy's reshape without a copy: runs of axes are matched by their element counts; a run must
// be evenly spaced to be cut up anew.
std::optional<Desc> reshaped(const Desc& desc, const std::vector<std::int64_t>& dims) {
  const Blocking from = blocking(desc);
  if (!from.inner_blocks.empty() || dims.empty()) return std::nullopt;
  std::vector<std::int64_t> old_dims, old_strides;
  for (std::size_t k = 0; k < from.dims.size(); ++k) {
    if (from.dims[k] == 1) continue;
    old_dims.push_back(from.dims[k]);
    old_strides.push_back(from.strides[k]);
  }
  std::vector<std::int64_t> strides(dims.size(), 1);
  std::size_t i = 0, j = 0;
  while (i < old_dims.size() && j < dims.size()) {
    std::size_t i_end = i + 1, j_end = j + 1;
    std::int64_t old_count = old_dims[i], new_count = dims[j];
    while (old_count != new_count) {
      if (old_count < new_count) {
        old_count *= old_dims.at(i_end++);
      } else {
        new_count *= dims.at(j_end++);
      }
    }
    for (std::size_t k = i; k + 1 < i_end; ++k) {
      if (old_strides[k] != old_dims[k + 1] * old_strides[k + 1]) return std::nullopt;
    }
    std::int64_t stride = old_strides[i_end - 1];
    for (std::size_t k = j_end; k-- > j; stride *= dims[k]) strides[k] = stride;
    i = i_end;
    j = j_end;
  }
  return strided(dims, std::move(strides), precision(desc));
}

Desc transposed(const Desc& desc, const std::vector<std::int64_t>& perm) {
  std::vector<int> place(perm.size());
  for (std::size_t k = 0; k < perm.size(); ++k)
    place[static_cast<std::size_t>(perm[k])] = static_cast<int>(k);
  const Desc result = desc.permute_axes(place);
  const Blocking b = blocking(result);
  return b.inner_blocks.empty() ? strided(b.dims, b.strides, precision(desc)) : result;
}

bool dense(const Desc& desc) {
  std::size_t count = 1;
  for (const std::int64_t size : blocking(desc).padded_dims)
    count *= static_cast<std::size_t>(size);
  return count * sizeof(float) == desc.get_size();
}

Desc like(const Desc& desc, const std::vector<std::int64_t>& dims) {
  const DataType f32 = DataType::f32;
  for (const Tag tag : {Tag::nchw, Tag::nhwc, Tag::nChw8c, Tag::nChw16c}) {
    if (desc == Desc(blocking(desc).dims, f32, tag)) return Desc(dims, f32, tag);
  }
  return row_major(dims);
}

Desc any(const std::vector<std::int64_t>& dims, Precision precision) {
  return Desc(dims, data_type(precision), Tag::any);
}

std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

std::string isa() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "sse41";
    case dnnl::cpu_isa::avx:
      return "avx";
    case dnnl::cpu_isa::avx2:
      return "avx2";
    case dnnl::cpu_isa::avx2_vnni:
      return "avx2_vnni";
    case dnnl::cpu_isa::avx512_core:
      return "avx512_core";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "avx512_core_bf16";
#if DNNL_VERSION_MAJOR >= 3
    case dnnl::cpu_isa::avx512_core_fp16:
      return "avx512_core_fp16";
    case dnnl::cpu_isa::avx512_core_amx_fp16:
      return "avx512_core_amx_fp16";
#endif
    case dnnl::cpu_isa::avx512_core_amx:
      return "avx512_core_amx";
    default:
      return "other";
  }
}

void multiply_serially(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n,
                       std::size_t k, const float* a, std::size_t lda, const float* b,
                       std::size_t ldb, float* c, std::size_t ldc) {
  const auto size = [](std::size_t x) { return static_cast<dnnl_dim_t>(x); };
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const dnnl_status_t status =
      dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', size(m), size(n), size(k), 1, a,
                 size(lda), b, size(ldb), 0, c, size(ldc));
  omp_set_num_threads(threads);
  if (status != dnnl_success) throw std::runtime_error("oneDNN refused a matrix product");
}

}  // namespace optcmp::cpu
