// A block of memory that starts at a cache line.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace optcmp {

constexpr std::size_t kAlignment = 64;

constexpr std::size_t align_up(std::size_t size, std::size_t to = kAlignment) {
  return (size + to - 1) / to * to;
}

/// Zero-filled, straight from the system and back to it, on huge pages where it gives them: a step
/// walks through all of it, and small pages cost it a tenth of its time in address translation.
/// Throws std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes) : size_(bytes) {
    if (bytes == 0) return;
    const bool huge = bytes >= kHugePage / 8;
    const std::size_t slack = huge ? kHugePage : 0;
    const std::size_t mapped = align_up(bytes, huge ? kHugePage : kSmallPage) + slack;
    void* memory =
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    mapping_ = {memory, Unmap{mapped}};
    const std::size_t address = reinterpret_cast<std::uintptr_t>(memory);
    data_ = static_cast<std::byte*>(memory) + (huge ? align_up(address, kHugePage) - address : 0);
    if (huge) madvise(data_, mapped - slack, MADV_HUGEPAGE);
  }

  std::byte* data() const { return data_; }
  float* floats() const { return reinterpret_cast<float*>(data_); }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kSmallPage = std::size_t{1} << 12;
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  struct Unmap {
    std::size_t bytes;
    void operator()(void* memory) const { munmap(memory, bytes); }
  };

  std::unique_ptr<void, Unmap> mapping_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace optcmp
