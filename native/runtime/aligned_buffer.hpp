// A block of memory that starts at a cache line.
#pragma once

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

/// Zero-filled. Throws std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes)
      : data_(std::aligned_alloc(kAlignment, align_up(bytes ? bytes : 1))), size_(bytes) {
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, align_up(bytes ? bytes : 1));
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
