// Generated from src/optimizers by `node dist/optimizers/codegen-main.js`; do not edit.
// One struct a vector program: what it does to a vector of elements; the first kWritten of its slots
// get new values. See passes.inl.hpp.
// clang-format off
#pragma once

#include "expression/simd_math.hpp"

namespace optcmp::optim {
namespace {

using namespace expression;

// θ ← θ − α g
struct Sgd {
  static constexpr const char* kFingerprint = "8d376a579fcbc70c";
  static constexpr std::size_t kState = 0;
  static constexpr std::size_t kWritten = 0;
  static constexpr std::size_t kCoefficients = 1;

  static void apply(Float& p, Float g, Float*, const Float* c) {
    const Float x0 = c[0] * g;
    const Float x1 = p - x0;
    const Float next_p = x1;
    p = next_p;
  }
};

// v ← γ v + g
// θ ← θ − α v
struct Momentum {
  static constexpr const char* kFingerprint = "c7d88994eb49812e";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 2;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = x0 + g;
    const Float x2 = c[0] * x1;
    const Float x3 = p - x2;
    const Float next_p = x3;
    const Float next_v = x1;
    p = next_p;
    s[0] = next_v;
  }
};

// v ← γ v + (1 − dampening if t > 0 else 1) g
// θ ← θ − α v
struct MomentumPytorch {
  static constexpr const char* kFingerprint = "647623e07bd02d04";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 3;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[0] * x2;
    const Float x4 = p - x3;
    const Float next_p = x4;
    const Float next_v = x2;
    p = next_p;
    s[0] = next_v;
  }
};

// v ← γ v − α g
// θ ← θ + v
struct Heavyball {
  static constexpr const char* kFingerprint = "8dbe8bd48e5affa7";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 2;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[0];
    const Float x1 = c[1] * g;
    const Float x2 = x0 - x1;
    const Float x3 = p + x2;
    const Float next_p = x3;
    const Float next_v = x2;
    p = next_p;
    s[0] = next_v;
  }
};

// v ← γ v + g
// θ ← θ − α (γ v + g)
struct Nesterov {
  static constexpr const char* kFingerprint = "6445700b0d899ac9";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 2;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = x0 + g;
    const Float x2 = c[1] * x1;
    const Float x3 = x2 + g;
    const Float x4 = c[0] * x3;
    const Float x5 = p - x4;
    const Float next_p = x5;
    const Float next_v = x1;
    p = next_p;
    s[0] = next_v;
  }
};

// v ← ρ v + (1 − ρ) g²
// m ← γ m + (α / √(v + ε)) g
// θ ← θ − m
struct Rmsprop {
  static constexpr const char* kFingerprint = "644261dcdbdfe9c6";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[1];
    const Float x1 = c[2] * s[0];
    const Float x2 = g * g;
    const Float x3 = c[3] * x2;
    const Float x4 = x1 + x3;
    const Float x5 = x4 + c[4];
    const Float x6 = sqrt(x5);
    const Float x7 = c[1] / x6;
    const Float x8 = x7 * g;
    const Float x9 = x0 + x8;
    const Float x10 = p - x9;
    const Float next_p = x10;
    const Float next_v = x4;
    const Float next_m = x9;
    p = next_p;
    s[0] = next_v;
    s[1] = next_m;
  }
};

// v ← ρ v + (1 − ρ) g²
// m ← γ m + g / (√v + ε)
// θ ← θ − α m
struct RmspropPytorch {
  static constexpr const char* kFingerprint = "1f94a357f9835ce5";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[1];
    const Float x1 = c[2] * s[0];
    const Float x2 = g * g;
    const Float x3 = c[3] * x2;
    const Float x4 = x1 + x3;
    const Float x5 = sqrt(x4);
    const Float x6 = x5 + c[4];
    const Float x7 = g / x6;
    const Float x8 = x0 + x7;
    const Float x9 = c[0] * x8;
    const Float x10 = p - x9;
    const Float next_p = x10;
    const Float next_v = x4;
    const Float next_m = x8;
    p = next_p;
    s[0] = next_v;
    s[1] = next_m;
  }
};

// v ← ρ v + (1 − ρ) g²
// u = (α / √(v + ε)) g
// m ← γ m + u
// θ ← θ − (γ m + u)
struct Rmsterov {
  static constexpr const char* kFingerprint = "1944396d527c6690";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[1];
    const Float x1 = c[2] * s[0];
    const Float x2 = g * g;
    const Float x3 = c[3] * x2;
    const Float x4 = x1 + x3;
    const Float x5 = x4 + c[4];
    const Float x6 = sqrt(x5);
    const Float x7 = c[1] / x6;
    const Float x8 = x7 * g;
    const Float x9 = x0 + x8;
    const Float x10 = c[0] * x9;
    const Float x11 = x10 + x8;
    const Float x12 = p - x11;
    const Float next_p = x12;
    const Float next_v = x4;
    const Float next_m = x9;
    p = next_p;
    s[0] = next_v;
    s[1] = next_m;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
// θ ← θ − α b m / (√v + ε)
struct Adam {
  static constexpr const char* kFingerprint = "03a9e51e2fe6e9e6";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 6;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[0] * x2;
    const Float x4 = c[3] * s[1];
    const Float x5 = g * g;
    const Float x6 = c[4] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = sqrt(x7);
    const Float x9 = x8 + c[5];
    const Float x10 = x3 / x9;
    const Float x11 = p - x10;
    const Float next_p = x11;
    const Float next_m = x2;
    const Float next_v = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b₁ = 1 − β₁^(t + 1)
// b₂ = √(1 − β₂^(t + 1))
// θ ← θ − (α / b₁) (m / (√v / b₂ + ε))
struct AdamPytorch {
  static constexpr const char* kFingerprint = "2d8e15b716214994";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 7;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[3] * s[1];
    const Float x4 = g * g;
    const Float x5 = c[4] * x4;
    const Float x6 = x3 + x5;
    const Float x7 = sqrt(x6);
    const Float x8 = x7 / c[5];
    const Float x9 = x8 + c[6];
    const Float x10 = x2 / x9;
    const Float x11 = c[0] * x10;
    const Float x12 = p - x11;
    const Float next_p = x12;
    const Float next_m = x2;
    const Float next_v = x6;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
// θ ← θ − α b (β₁ m + (1 − β₁) g) / (√v + ε)
struct Nadam {
  static constexpr const char* kFingerprint = "e157ca54f3b87f2a";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 6;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[1] * x2;
    const Float x4 = x3 + x1;
    const Float x5 = c[0] * x4;
    const Float x6 = c[3] * s[1];
    const Float x7 = g * g;
    const Float x8 = c[4] * x7;
    const Float x9 = x6 + x8;
    const Float x10 = sqrt(x9);
    const Float x11 = x10 + c[5];
    const Float x12 = x5 / x11;
    const Float x13 = p - x12;
    const Float next_p = x13;
    const Float next_m = x2;
    const Float next_v = x9;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// μ = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 1)))
// μ_product ← μ_product μ
// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// μ_next = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 2)))
// b₂ = 1 − β₂^(t + 1)
// θ ← θ − ((α (1 − μ) / (1 − μ_product)) g + (α μ_next / (1 − μ_product μ_next)) m) / (√(v / b₂) + ε)
struct NadamPytorch {
  static constexpr const char* kFingerprint = "7569d721f18efc6f";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 8;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * g;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = x1 + x2;
    const Float x4 = c[1] * x3;
    const Float x5 = x0 + x4;
    const Float x6 = c[4] * s[1];
    const Float x7 = g * g;
    const Float x8 = c[5] * x7;
    const Float x9 = x6 + x8;
    const Float x10 = x9 / c[6];
    const Float x11 = sqrt(x10);
    const Float x12 = x11 + c[7];
    const Float x13 = x5 / x12;
    const Float x14 = p - x13;
    const Float next_p = x14;
    const Float next_m = x3;
    const Float next_v = x9;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
// θ ← (1 − α λ) θ − α b m / (√v + ε)
struct Adamw {
  static constexpr const char* kFingerprint = "27d8823e4b9cf1ae";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 7;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = x1 + x2;
    const Float x4 = c[1] * x3;
    const Float x5 = c[4] * s[1];
    const Float x6 = g * g;
    const Float x7 = c[5] * x6;
    const Float x8 = x5 + x7;
    const Float x9 = sqrt(x8);
    const Float x10 = x9 + c[6];
    const Float x11 = x4 / x10;
    const Float x12 = x0 - x11;
    const Float next_p = x12;
    const Float next_m = x3;
    const Float next_v = x8;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b₁ = 1 − β₁^(t + 1)
// b₂ = √(1 − β₂^(t + 1))
// θ ← (1 − α λ) θ − (α / b₁) (m / (√v / b₂ + ε))
struct AdamwPytorch {
  static constexpr const char* kFingerprint = "3e6b78f1deff0968";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 8;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = x1 + x2;
    const Float x4 = c[4] * s[1];
    const Float x5 = g * g;
    const Float x6 = c[5] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = sqrt(x7);
    const Float x9 = x8 / c[6];
    const Float x10 = x9 + c[7];
    const Float x11 = x3 / x10;
    const Float x12 = c[1] * x11;
    const Float x13 = x0 - x12;
    const Float next_p = x13;
    const Float next_m = x3;
    const Float next_v = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
// θ ← (1 − α λ) θ − α b (β₁ m + (1 − β₁) g) / (√v + ε)
struct Nadamw {
  static constexpr const char* kFingerprint = "630aaaeaad72fcb3";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 7;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = x1 + x2;
    const Float x4 = c[2] * x3;
    const Float x5 = x4 + x2;
    const Float x6 = c[1] * x5;
    const Float x7 = c[4] * s[1];
    const Float x8 = g * g;
    const Float x9 = c[5] * x8;
    const Float x10 = x7 + x9;
    const Float x11 = sqrt(x10);
    const Float x12 = x11 + c[6];
    const Float x13 = x6 / x12;
    const Float x14 = x0 - x13;
    const Float next_p = x14;
    const Float next_m = x3;
    const Float next_v = x10;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// μ = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 1)))
// μ_product ← μ_product μ
// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// μ_next = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 2)))
// b₂ = 1 − β₂^(t + 1)
// θ ← (1 − α λ) θ − ((α (1 − μ) / (1 − μ_product)) g + (α μ_next / (1 − μ_product μ_next)) m) / (√(v / b₂) + ε)
struct NadamwPytorch {
  static constexpr const char* kFingerprint = "1d9d777ec65f3d21";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 9;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[1] * g;
    const Float x2 = c[3] * s[0];
    const Float x3 = c[4] * g;
    const Float x4 = x2 + x3;
    const Float x5 = c[2] * x4;
    const Float x6 = x1 + x5;
    const Float x7 = c[5] * s[1];
    const Float x8 = g * g;
    const Float x9 = c[6] * x8;
    const Float x10 = x7 + x9;
    const Float x11 = x10 / c[7];
    const Float x12 = sqrt(x11);
    const Float x13 = x12 + c[8];
    const Float x14 = x6 / x13;
    const Float x15 = x0 - x14;
    const Float next_p = x15;
    const Float next_m = x4;
    const Float next_v = x10;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// w ← max(w, v)
// θ ← θ − α m / (√w + ε)
struct Amsgrad {
  static constexpr const char* kFingerprint = "479035570e518ae2";
  static constexpr std::size_t kState = 3;
  static constexpr std::size_t kWritten = 3;
  static constexpr std::size_t kCoefficients = 6;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[0] * x2;
    const Float x4 = c[3] * s[1];
    const Float x5 = g * g;
    const Float x6 = c[4] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = max(s[2], x7);
    const Float x9 = sqrt(x8);
    const Float x10 = x9 + c[5];
    const Float x11 = x3 / x10;
    const Float x12 = p - x11;
    const Float next_p = x12;
    const Float next_m = x2;
    const Float next_v = x7;
    const Float next_w = x8;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
    s[2] = next_w;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// w ← max(w, v)
// b₁ = 1 − β₁^(t + 1)
// b₂ = √(1 − β₂^(t + 1))
// θ ← θ − (α / b₁) (m / (√w / b₂ + ε))
struct AmsgradPytorch {
  static constexpr const char* kFingerprint = "ed750def79a23fc2";
  static constexpr std::size_t kState = 3;
  static constexpr std::size_t kWritten = 3;
  static constexpr std::size_t kCoefficients = 7;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[3] * s[1];
    const Float x4 = g * g;
    const Float x5 = c[4] * x4;
    const Float x6 = x3 + x5;
    const Float x7 = max(s[2], x6);
    const Float x8 = sqrt(x7);
    const Float x9 = x8 / c[5];
    const Float x10 = x9 + c[6];
    const Float x11 = x2 / x10;
    const Float x12 = c[0] * x11;
    const Float x13 = p - x12;
    const Float next_p = x13;
    const Float next_m = x2;
    const Float next_v = x6;
    const Float next_w = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
    s[2] = next_w;
  }
};

// m ← β₁ m + (1 − β₁) g
// u ← max(β₂ u, |g| + ε)
// b = 1 − β₁^(t + 1)
// θ ← θ − (α / b) m / u
struct Adamax {
  static constexpr const char* kFingerprint = "d1e73dc3d43815fb";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[0] * x2;
    const Float x4 = c[3] * s[1];
    const Float x5 = abs(g);
    const Float x6 = x5 + c[4];
    const Float x7 = max(x4, x6);
    const Float x8 = x3 / x7;
    const Float x9 = p - x8;
    const Float next_p = x9;
    const Float next_m = x2;
    const Float next_u = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_u;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b₁ = 1 − β₁^(t + 1)
// ρ_max = 2 / (1 − β₂) − 1
// b₂ = 1 − β₂^(t + 1)
// ρ = ρ_max − 2 · (t + 1) β₂^(t + 1) / b₂
// r = √max(0, (ρ − 4) (ρ − 2) ρ_max / ((ρ_max − 4) (ρ_max − 2) ρ))
// θ ← θ − (α / b₁) m (r √b₂ / (√v + ε) if ρ − 4 > 0 else 1)
struct Radam {
  static constexpr const char* kFingerprint = "cb6c3ff9bd463104";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 8;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[0] * x2;
    const Float x4 = c[5] * s[1];
    const Float x5 = g * g;
    const Float x6 = c[6] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = sqrt(x7);
    const Float x9 = x8 + c[7];
    const Float x10 = c[4] / x9;
    const Float x11 = select(c[3], x10, splat(1.0f));
    const Float x12 = x3 * x11;
    const Float x13 = p - x12;
    const Float next_p = x13;
    const Float next_m = x2;
    const Float next_v = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// s ← β₂ s + (1 − β₂) (g − m)² + ε
// b₁ = 1 − β₁^(t + 1)
// b₂ = √(1 − β₂^(t + 1))
// θ ← θ − (α / b₁) (m / (√s / b₂ + ε))
struct Adabelief {
  static constexpr const char* kFingerprint = "58f707bfb6f23425";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 7;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[3] * s[1];
    const Float x4 = g - x2;
    const Float x5 = x4 * x4;
    const Float x6 = c[4] * x5;
    const Float x7 = x3 + x6;
    const Float x8 = x7 + c[5];
    const Float x9 = sqrt(x8);
    const Float x10 = x9 / c[6];
    const Float x11 = x10 + c[5];
    const Float x12 = x2 / x11;
    const Float x13 = c[0] * x12;
    const Float x14 = p - x13;
    const Float next_p = x14;
    const Float next_m = x2;
    const Float next_s = x8;
    p = next_p;
    s[0] = next_m;
    s[1] = next_s;
  }
};

// s ← s + g²
// θ ← θ − α g / (√s + ε)
struct Adagrad {
  static constexpr const char* kFingerprint = "0d42480d00141734";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 2;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * g;
    const Float x1 = g * g;
    const Float x2 = s[0] + x1;
    const Float x3 = sqrt(x2);
    const Float x4 = x3 + c[1];
    const Float x5 = x0 / x4;
    const Float x6 = p - x5;
    const Float next_p = x6;
    const Float next_s = x2;
    p = next_p;
    s[0] = next_s;
  }
};

// s ← s + g²
// θ ← θ − (α / (1 + t α_decay)) (g / (√s + ε))
struct AdagradPytorch {
  static constexpr const char* kFingerprint = "b3250b475489dc17";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 2;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = g * g;
    const Float x1 = s[0] + x0;
    const Float x2 = sqrt(x1);
    const Float x3 = x2 + c[1];
    const Float x4 = g / x3;
    const Float x5 = c[0] * x4;
    const Float x6 = p - x5;
    const Float next_p = x6;
    const Float next_s = x1;
    p = next_p;
    s[0] = next_s;
  }
};

// v ← ρ v + (1 − ρ) g²
// d = (√(u + ε) / √(v + ε)) g
// u ← ρ u + (1 − ρ) d²
// θ ← θ − α d
struct Adadelta {
  static constexpr const char* kFingerprint = "7c0e462931c7f770";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 4;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = s[1] + c[1];
    const Float x1 = sqrt(x0);
    const Float x2 = c[2] * s[0];
    const Float x3 = g * g;
    const Float x4 = c[3] * x3;
    const Float x5 = x2 + x4;
    const Float x6 = x5 + c[1];
    const Float x7 = sqrt(x6);
    const Float x8 = x1 / x7;
    const Float x9 = x8 * g;
    const Float x10 = c[0] * x9;
    const Float x11 = p - x10;
    const Float x12 = c[2] * s[1];
    const Float x13 = x9 * x9;
    const Float x14 = c[3] * x13;
    const Float x15 = x12 + x14;
    const Float next_p = x11;
    const Float next_v = x5;
    const Float next_u = x15;
    p = next_p;
    s[0] = next_v;
    s[1] = next_u;
  }
};

// m ← β m + (1 − β) g
// θ ← θ − α (ν m + (1 − ν) g)
struct Qhm {
  static constexpr const char* kFingerprint = "e31a4964c1ab63ff";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[2] * s[0];
    const Float x1 = c[3] * g;
    const Float x2 = x0 + x1;
    const Float x3 = c[1] * x2;
    const Float x4 = c[4] * g;
    const Float x5 = x3 + x4;
    const Float x6 = c[0] * x5;
    const Float x7 = p - x6;
    const Float next_p = x7;
    const Float next_m = x2;
    p = next_p;
    s[0] = next_m;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b₁ = 1 − β₁^(t + 1)
// b₂ = 1 − β₂^(t + 1)
// θ ← θ − α ((ν₁ (m / b₁) + (1 − ν₁) g) / (√(ν₂ (v / b₂) + (1 − ν₂) g²) + ε))
struct Qhadam {
  static constexpr const char* kFingerprint = "ba33dae59741042f";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 12;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[2] * s[0];
    const Float x1 = c[3] * g;
    const Float x2 = x0 + x1;
    const Float x3 = x2 / c[4];
    const Float x4 = c[1] * x3;
    const Float x5 = c[5] * g;
    const Float x6 = x4 + x5;
    const Float x7 = c[7] * s[1];
    const Float x8 = g * g;
    const Float x9 = c[8] * x8;
    const Float x10 = x7 + x9;
    const Float x11 = x10 / c[9];
    const Float x12 = c[6] * x11;
    const Float x13 = c[10] * x8;
    const Float x14 = x12 + x13;
    const Float x15 = sqrt(x14);
    const Float x16 = x15 + c[11];
    const Float x17 = x6 / x16;
    const Float x18 = c[0] * x17;
    const Float x19 = p - x18;
    const Float next_p = x19;
    const Float next_m = x2;
    const Float next_v = x10;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// θ ← θ − α sign(g)
struct Signsgd {
  static constexpr const char* kFingerprint = "15342d13ed503adb";
  static constexpr std::size_t kState = 0;
  static constexpr std::size_t kWritten = 0;
  static constexpr std::size_t kCoefficients = 1;

  static void apply(Float& p, Float g, Float*, const Float* c) {
    const Float x0 = sign(g);
    const Float x1 = c[0] * x0;
    const Float x2 = p - x1;
    const Float next_p = x2;
    p = next_p;
  }
};

// m ← β m + (1 − β) g
// θ ← θ − α sign(m)
struct Signum {
  static constexpr const char* kFingerprint = "0998ebcdcb2481ec";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 3;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = sign(x2);
    const Float x4 = c[0] * x3;
    const Float x5 = p - x4;
    const Float next_p = x5;
    const Float next_m = x2;
    p = next_p;
    s[0] = next_m;
  }
};

// θ ← θ − α (sign(β₁ m + (1 − β₁) g) + λ θ)
// m ← β₂ m + (1 − β₂) g
struct Lion {
  static constexpr const char* kFingerprint = "ea122ba894d1b9b3";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 6;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = sign(x2);
    const Float x4 = c[3] * p;
    const Float x5 = x3 + x4;
    const Float x6 = c[0] * x5;
    const Float x7 = p - x6;
    const Float x8 = c[4] * s[0];
    const Float x9 = c[5] * g;
    const Float x10 = x8 + x9;
    const Float next_p = x7;
    const Float next_m = x10;
    p = next_p;
    s[0] = next_m;
  }
};

// m ← β₁ m + (1 − β₁) g
// k = max(1, round(every))
// due = equal(t, k floor(t / k))
// h ← β₂ h + (1 − β₂) ĝ² if due > 0 else h
// r = m / max(γ h, ε)
// θ ← (1 − α λ) θ − α max(min(r, 1), −1)
struct SophiaG {
  static constexpr const char* kFingerprint = "b3b503114fe91876";
  static constexpr std::size_t kState = 3;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 9;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = x1 + x2;
    const Float x4 = c[6] * s[1];
    const Float x5 = s[2] * s[2];
    const Float x6 = c[7] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = select(c[5], x7, s[1]);
    const Float x9 = c[4] * x8;
    const Float x10 = max(x9, c[8]);
    const Float x11 = x3 / x10;
    const Float x12 = min(x11, splat(1.0f));
    const Float x13 = max(x12, splat(-1.0f));
    const Float x14 = c[1] * x13;
    const Float x15 = x0 - x14;
    const Float next_p = x15;
    const Float next_m = x3;
    const Float next_h = x8;
    const Float next_g_sampled = s[2];
    p = next_p;
    s[0] = next_m;
    s[1] = next_h;
    s[2] = next_g_sampled;
  }
};

// trust = min(η ‖θ‖ / (‖g‖ + λ ‖θ‖ + ε) if ‖g‖ > 0 else 1 if ‖θ‖ > 0 else 1, max_trust)
// v ← γ v + α trust (g + λ θ)
// θ ← θ − v
struct Lars {
  static constexpr const char* kFingerprint = "0c8de295d8e1d074";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 3;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[0];
    const Float x1 = c[2] * p;
    const Float x2 = g + x1;
    const Float x3 = c[1] * x2;
    const Float x4 = x0 + x3;
    const Float x5 = p - x4;
    const Float next_p = x5;
    const Float next_v = x4;
    p = next_p;
    s[0] = next_v;
  }
};

// m ← β₁ m + (1 − β₁) g
// v ← β₂ v + (1 − β₂) g²
// b₁ = 1 − β₁^(t + 1)
// b₂ = √(1 − β₂^(t + 1))
// u = (m / b₁) / (√v / b₂ + ε) + λ θ
// trust = min(‖θ‖ / ‖u‖ if ‖u‖ > 0 else 1 if ‖θ‖ > 0 else 1, max_trust)
// θ ← θ − α trust u
struct Lamb {
  static constexpr const char* kFingerprint = "53de75f2440bdb67";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 9;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[1] * s[0];
    const Float x1 = c[2] * g;
    const Float x2 = x0 + x1;
    const Float x3 = x2 / c[3];
    const Float x4 = c[4] * s[1];
    const Float x5 = g * g;
    const Float x6 = c[5] * x5;
    const Float x7 = x4 + x6;
    const Float x8 = sqrt(x7);
    const Float x9 = x8 / c[6];
    const Float x10 = x9 + c[7];
    const Float x11 = x3 / x10;
    const Float x12 = c[8] * p;
    const Float x13 = x11 + x12;
    const Float x14 = c[0] * x13;
    const Float x15 = p - x14;
    const Float next_p = x15;
    const Float next_m = x2;
    const Float next_v = x7;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
  }
};

// α_max ← max(α_max, α)
// weights ← weights + α_max²
// c = α_max² / weights if weights > 0 else 0
// step = α g
// θ ← θ + c d − (1 − β (1 − c)) step
// d ← (1 − c) (d − β step)
// θ_eval = θ − ((1 − β) / β) d
struct SchedulefreeSgd {
  static constexpr const char* kFingerprint = "19b03e581202361c";
  static constexpr std::size_t kState = 1;
  static constexpr std::size_t kWritten = 1;
  static constexpr std::size_t kCoefficients = 5;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[0];
    const Float x1 = p + x0;
    const Float x2 = c[2] * g;
    const Float x3 = c[1] * x2;
    const Float x4 = x1 - x3;
    const Float x5 = c[4] * x2;
    const Float x6 = s[0] - x5;
    const Float x7 = c[3] * x6;
    const Float next_p = x4;
    const Float next_d = x7;
    p = next_p;
    s[0] = next_d;
  }
};

// α_max ← max(α_max, α)
// weights ← weights + α_max²
// c = α_max² / weights if weights > 0 else 0
// b = 1 − β₂^(t + 1)
// v ← β₂ v + (1 − β₂) g²
// step = α (g / (√(v / b) + ε) + λ θ)
// θ ← θ + c d − (1 − β₁ (1 − c)) step
// d ← (1 − c) (d − β₁ step)
// θ_eval = θ − ((1 − β₁) / β₁) d
struct SchedulefreeAdamw {
  static constexpr const char* kFingerprint = "a62746d8682e33af";
  static constexpr std::size_t kState = 2;
  static constexpr std::size_t kWritten = 2;
  static constexpr std::size_t kCoefficients = 10;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * s[0];
    const Float x1 = p + x0;
    const Float x2 = c[3] * s[1];
    const Float x3 = g * g;
    const Float x4 = c[4] * x3;
    const Float x5 = x2 + x4;
    const Float x6 = x5 / c[5];
    const Float x7 = sqrt(x6);
    const Float x8 = x7 + c[6];
    const Float x9 = g / x8;
    const Float x10 = c[7] * p;
    const Float x11 = x9 + x10;
    const Float x12 = c[2] * x11;
    const Float x13 = c[1] * x12;
    const Float x14 = x1 - x13;
    const Float x15 = c[9] * x12;
    const Float x16 = s[0] - x15;
    const Float x17 = c[8] * x16;
    const Float next_p = x14;
    const Float next_d = x17;
    const Float next_v = x5;
    p = next_p;
    s[0] = next_d;
    s[1] = next_v;
  }
};

// d_before = d if t > 0 else d₀
// root = √β₂
// rate = α d_before
// r ← root r + (1 − root) rate total(g (s / (√v + ε)))
// m ← β₁ m + (1 − β₁) rate g
// v ← β₂ v + (1 − β₂) g²
// s ← root s + (1 − root) rate g
// size = total(|s|)
// d ← max(d_before, r / ((1 − root) size) if size > 0 else 0)
// θ ← (1 − rate λ) θ − m / (√v + ε)
struct DadaptAdam {
  static constexpr const char* kFingerprint = "da4bccf58f7d9787";
  static constexpr std::size_t kState = 3;
  static constexpr std::size_t kWritten = 3;
  static constexpr std::size_t kCoefficients = 9;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[1] * s[0];
    const Float x2 = c[3] * g;
    const Float x3 = c[2] * x2;
    const Float x4 = x1 + x3;
    const Float x5 = c[4] * s[1];
    const Float x6 = g * g;
    const Float x7 = c[5] * x6;
    const Float x8 = x5 + x7;
    const Float x9 = sqrt(x8);
    const Float x10 = x9 + c[6];
    const Float x11 = x4 / x10;
    const Float x12 = x0 - x11;
    const Float x13 = c[7] * s[2];
    const Float x14 = c[8] * x2;
    const Float x15 = x13 + x14;
    const Float next_p = x12;
    const Float next_m = x4;
    const Float next_v = x8;
    const Float next_s = x15;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
    s[2] = next_s;
  }
};

// d_before = d if t > 0 else d₀
// rate = α d_before
// w = (d_before / d₀) rate
// m ← β₁ m + (1 − β₁) d_before g
// v ← β₂ v + (1 − β₂) (d_before g)²
// s ← √β₂ s + w g
// size = total(|s|)
// start ← start if t > 0 else θ
// r ← √β₂ r + w total(g (start − θ))
// d ← max(d_before, d_factor (r / size if size > 0 else 0))
// θ ← (1 − rate λ) θ − rate m / (√v + d ε)
struct Prodigy {
  static constexpr const char* kFingerprint = "8a6777eec1ddaf5d";
  static constexpr std::size_t kState = 4;
  static constexpr std::size_t kWritten = 4;
  static constexpr std::size_t kCoefficients = 11;

  static void apply(Float& p, Float g, Float* s, const Float* c) {
    const Float x0 = c[0] * p;
    const Float x1 = c[2] * s[0];
    const Float x2 = c[4] * g;
    const Float x3 = c[3] * x2;
    const Float x4 = x1 + x3;
    const Float x5 = c[1] * x4;
    const Float x6 = c[5] * s[1];
    const Float x7 = x2 * x2;
    const Float x8 = c[6] * x7;
    const Float x9 = x6 + x8;
    const Float x10 = sqrt(x9);
    const Float x11 = x10 + c[7];
    const Float x12 = x5 / x11;
    const Float x13 = x0 - x12;
    const Float x14 = c[8] * s[2];
    const Float x15 = c[9] * g;
    const Float x16 = x14 + x15;
    const Float x17 = select(c[10], s[3], p);
    const Float next_p = x13;
    const Float next_m = x4;
    const Float next_v = x9;
    const Float next_s = x16;
    const Float next_start = x17;
    p = next_p;
    s[0] = next_m;
    s[1] = next_v;
    s[2] = next_s;
    s[3] = next_start;
  }
};

template <template <class...> class Table>
using GeneratedRules = Table<Sgd, Momentum, MomentumPytorch, Heavyball, Nesterov, Rmsprop, RmspropPytorch, Rmsterov, Adam, AdamPytorch, Nadam, NadamPytorch, Adamw, AdamwPytorch, Nadamw, NadamwPytorch, Amsgrad, AmsgradPytorch, Adamax, Radam, Adabelief, Adagrad, AdagradPytorch, Adadelta, Qhm, Qhadam, Signsgd, Signum, Lion, SophiaG, Lars, Lamb, SchedulefreeSgd, SchedulefreeAdamw, DadaptAdam, Prodigy>;

}  // namespace
}  // namespace optcmp::optim
