// Bytes to scaled floats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace optcmp {

/// to[i] = from[i]·scale + shift, in two roundings on every processor.
void scale_bytes(const std::uint8_t* from, std::size_t size, float scale, float shift, float* to);

}  // namespace optcmp
