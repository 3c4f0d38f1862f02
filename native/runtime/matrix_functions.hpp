// Functions of whole matrices in f32, row-major. Results do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <span>

#include "runtime/aligned_buffer.hpp"

namespace optcmp {

struct MatrixView {
  const float* values;
  std::size_t rows, columns;  ///< As they lie, before transposing.
  bool transposed = false;
};

/// `to` = a·b, each transposed where it says so. `to` is no argument.
void multiply(const MatrixView& a, const MatrixView& b, float* to, int threads);

/// Newton–Schulz iterations, as `orthogonalize` of src/expression/expression.ts. `scratch` has room
/// for `orthogonalize_scratch` floats; `to` may be `x`.
void orthogonalize(const MatrixView& x, double a, double b, double c, int steps, float* to,
                   float* scratch, int threads);
std::size_t orthogonalize_scratch(std::size_t rows, std::size_t columns);

/// Of a row-major tensor: for each axis the products of its slices with one another, summed over
/// the other axes, one matrix after the other. `scratch` has room for twice the tensor.
void gram(const float* x, std::span<const std::size_t> axes, float* to, float* scratch,
          int threads);

/// `to` = x multiplied along each axis by its matrix, of those that `gram` would give. Likewise.
void along(const float* matrices, const float* x, std::span<const std::size_t> axes, float* to,
           float* scratch, int threads);

/// Functions of n × n matrices as in src/expression/expression.ts, computed in f64 but for
/// products. `scratch` has room for `decomposition_scratch(n)` doubles; `to` is no argument.
void inverse_root(const float* x, std::size_t n, double order, double ridge, float* to,
                  double* scratch, int threads);
void eigenvectors(const float* x, std::size_t n, float* to, double* scratch, int threads);
void sorting(const float* x, const float* q, std::size_t n, float* to, double* scratch,
             int threads);
/// Products xP and P'x with a permutation P, as `sorting` gives it. `scratch` has room for as many
/// numbers as P has rows.
void permute_columns(const float* x, std::size_t rows, std::size_t columns,
                     const float* permutation, float* to, std::size_t* scratch);
void permute_rows(const float* x, std::size_t rows, std::size_t columns, const float* permutation,
                  float* to, std::size_t* scratch);
void orthonormal(const float* x, std::size_t n, float* to, double* scratch, int threads);
std::size_t decomposition_scratch(std::size_t n);

/// The same of a matrix that counts as its diagonal; the others are the identity then.
void inverse_root_of_diagonal(const float* x, std::size_t n, double order, double ridge, float* to);
void identity(std::size_t n, float* to);

}  // namespace optcmp
