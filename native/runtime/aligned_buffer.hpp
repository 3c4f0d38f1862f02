// A block of memory that starts at a cache line.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace optcmp {

constexpr std::size_t kAlignment = 64;

constexpr std::size_t align_up(std::size_t size, std::size_t to = kAlignment) {
  return (size + to - 1) / to * to;
}

/// Zero-filled, on huge pages where the system gives them: a step walks through all of it, and
/// small pages cost it a tenth of its time in address translation. Throws std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes) : size_(bytes) {
    constexpr std::size_t kHugePage = std::size_t{1} << 21;
    const std::size_t alignment = bytes < kHugePage / 8 ? kAlignment : kHugePage;
    const std::size_t reserved = align_up(bytes ? bytes : 1, alignment);
    data_.reset(std::aligned_alloc(alignment, reserved));
    if (!data_) throw std::bad_alloc();
    if (alignment == kHugePage) madvise(data_.get(), reserved, MADV_HUGEPAGE);
    std::memset(data_.get(), 0, bytes);
  }

  std::byte* data() const { return static_cast<std::byte*>(data_.get()); }
  float* floats() const { return static_cast<float*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace optcmp
