// Decompositions of square matrices in f64, row-major, on a team of threads whose size changes no
// result.
#pragma once

#include <cstddef>

namespace optcmp {

/// Eigenvalues, greatest first, of the symmetric n × n matrix `a`, which is overwritten, and the
/// orthonormal eigenvectors, row k of `vectors` that of value k: Householder's tridiagonal form and
/// QL with implicit shifts (Golub & Van Loan, "Matrix Computations", 4th edition, 8.3). All NaN
/// when `a` is not finite. `scratch` has room for `eigen_scratch(n)`.
void symmetric_eigen(double* a, std::size_t n, double* values, double* vectors, double* scratch,
                     int threads);
std::size_t eigen_scratch(std::size_t n);

/// The orthogonal factor of QR by Householder's reflections (the same, 5.2). Rows for columns:
/// `a` has the matrix transposed and is overwritten, `q` becomes the factor transposed. `scratch`
/// has room for n.
void householder_qr(double* a, std::size_t n, double* q, double* scratch, int threads);

}  // namespace optcmp
