// Machine code of x86-64 with AVX: the few instructions that a fused pass is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace optcmp::optim {

/// General registers by their numbers in the encoding.
enum class General : std::uint8_t {
  Rax,
  Rcx,
  Rdx,
  Rbx,
  Rsp,
  Rbp,
  Rsi,
  Rdi,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15
};

/// A vector of 8 floats or 4 doubles: a register, or memory at base + displacement, + rdi · `scale`
/// (0, 1 or 2).
struct Vector {
  bool in_memory = false;
  std::uint8_t number = 0;  ///< Of the register.
  General base = General::Rsp;
  std::uint8_t scale = 0;
  std::int32_t displacement = 0;
};

inline Vector ymm(std::uint32_t number) { return {false, static_cast<std::uint8_t>(number)}; }
inline Vector at(General base, std::size_t displacement, std::uint8_t scale = 0) {
  return {true, 0, base, scale, static_cast<std::int32_t>(displacement)};
}

/// Opcodes of the map 0F without prefix: target ← a op b.
enum class Arithmetic : std::uint8_t {
  And = 0x54,
  AndNot = 0x55,
  Or = 0x56,
  Xor = 0x57,
  Add = 0x58,
  Mul = 0x59,
  Sub = 0x5c,
  Div = 0x5e
};

/// Predicates of comparisons, quiet.
enum class Comparison : std::uint8_t {
  Equal = 0x00,
  Unordered = 0x03,
  Less = 0x11,
  Greater = 0x1e
};

class Assembler {
 public:
  const std::vector<std::uint8_t>& code() const { return code_; }
  std::size_t position() const { return code_.size(); }

  // ---- Vectors; the last source may be in memory
  // -------------------------------------------------

  void load(std::uint8_t target, const Vector& from) { vex(kMap0f, 0, 0x10, target, 0, from); }
  void store(const Vector& to, std::uint8_t from) { vex(kMap0f, 0, 0x11, from, 0, to); }

  void arithmetic(Arithmetic op, std::uint8_t target, std::uint8_t a, const Vector& b) {
    vex(kMap0f, 0, static_cast<std::uint8_t>(op), target, a, b);
  }
  void sqrt(std::uint8_t target, const Vector& a) { vex(kMap0f, 0, 0x51, target, 0, a); }
  void compare(Comparison how, std::uint8_t target, std::uint8_t a, const Vector& b) {
    vex(kMap0f, 0, 0xc2, target, a, b);
    byte(static_cast<std::uint8_t>(how));
  }
  /// Downwards, or to the nearest with halves to the even one.
  void round(std::uint8_t target, const Vector& a, bool down) {
    vex(kMap0f3a, 1, 0x08, target, 0, a);
    byte(down ? 0x09 : 0x08);
  }
  /// target ← b where the sign bit of `mask` is set, else a.
  void blend(std::uint8_t target, std::uint8_t a, const Vector& b, std::uint8_t mask) {
    vex(kMap0f3a, 1, 0x4a, target, a, b);
    byte(static_cast<std::uint8_t>(mask << 4));
  }
  /// The lower half of `from` as doubles, and its upper half as the lower one.
  void widen(std::uint8_t target, const Vector& from) { vex(kMap0f, 0, 0x5a, target, 0, from); }
  void upper_half(std::uint8_t target, std::uint8_t from) {
    vex(kMap0f3a, 1, 0x19, from, 0, ymm(target));
    byte(1);
  }
  void add_doubles(std::uint8_t target, std::uint8_t a, const Vector& b) {
    vex(kMap0f, 1, static_cast<std::uint8_t>(Arithmetic::Add), target, a, b);
  }
  void zero_upper() { bytes({0xc5, 0xf8, 0x77}); }

  // ---- General registers
  // -------------------------------------------------------------------------

  void push(General r) {
    if (number(r) >= 8) byte(0x41);
    byte(static_cast<std::uint8_t>(0x50 + (number(r) & 7)));
  }
  void pop(General r) {
    if (number(r) >= 8) byte(0x41);
    byte(static_cast<std::uint8_t>(0x58 + (number(r) & 7)));
  }
  /// target ← the pointer at rdi + displacement.
  void load_pointer(General target, std::size_t displacement) {
    byte(static_cast<std::uint8_t>(0x48 | (number(target) >> 3 << 2)));
    byte(0x8b);
    byte(static_cast<std::uint8_t>(0x80 | (number(target) & 7) << 3 | number(General::Rdi)));
    word(static_cast<std::int32_t>(displacement));
  }
  void add_to_stack(std::int32_t bytes_added) {  // add rsp, …
    bytes({0x48, 0x81, 0xc4});
    word(bytes_added);
  }
  void clear_index() { bytes({0x31, 0xff}); }                // xor edi, edi
  void advance_index() { bytes({0x48, 0x83, 0xc7, 0x20}); }  // add rdi, 32
  /// Back to `target` while rdi < rdx.
  void loop(std::size_t target) {
    bytes({0x48, 0x39, 0xd7, 0x0f, 0x82});  // cmp rdi, rdx; jb …
    word(static_cast<std::int32_t>(target) - static_cast<std::int32_t>(position() + 4));
  }
  void leave() { byte(0xc3); }  // ret

 private:
  static constexpr std::uint8_t kMap0f = 1, kMap0f3a = 3;

  static std::uint8_t number(General r) { return static_cast<std::uint8_t>(r); }

  void byte(std::uint8_t value) { code_.push_back(value); }
  void bytes(std::initializer_list<std::uint8_t> values) {
    code_.insert(code_.end(), values.begin(), values.end());
  }
  void word(std::int32_t value) {
    std::uint8_t raw[4];
    std::memcpy(raw, &value, sizeof(raw));
    code_.insert(code_.end(), raw, raw + 4);
  }

  /// The three-byte VEX prefix (inverted bits), opcode and operands of a 256-bit instruction.
  void vex(std::uint8_t map, std::uint8_t prefix, std::uint8_t opcode, std::uint8_t target,
           std::uint8_t first, const Vector& last) {
    const unsigned base = last.in_memory ? number(last.base) : last.number;
    byte(0xc4);
    byte(static_cast<std::uint8_t>((target < 8 ? 0x80 : 0) | 0x40 | (base < 8 ? 0x20 : 0) | map));
    byte(static_cast<std::uint8_t>((~first & 15) << 3 | 0x04 | prefix));
    byte(opcode);
    const unsigned middle = (target & 7u) << 3;
    if (!last.in_memory) {
      byte(static_cast<std::uint8_t>(0xc0 | middle | (base & 7)));
      return;
    }
    const unsigned index = last.scale > 0 ? number(General::Rdi) : 4;  // 4: none
    const unsigned shift = last.scale == 2 ? 1 : 0;
    byte(static_cast<std::uint8_t>(0x80 | middle | 4));
    byte(static_cast<std::uint8_t>(shift << 6 | index << 3 | (base & 7)));
    word(last.displacement);
  }

  std::vector<std::uint8_t> code_;
};

}  // namespace optcmp::optim
