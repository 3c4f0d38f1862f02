// Runs a rule with sections: passes and matrix functions on one tensor after the other. A rule that
// sees matrices has each as a row-major one, its first axis the rows, a vector one row, and its
// state too; any other works on the elements in whichever order they lie, padding in no sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "backend/cpu/reorder.hpp"
#include "optim/evaluation_weights.hpp"
#include "optim/fused_kernel.hpp"
#include "optim/scalar_program.hpp"
#include "optim/updater.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/parameter_store.hpp"

namespace optcmp {

class StagedUpdate {
 public:
  /// `parameters` are those to update, whose values, gradients and state slots are the store's; it
  /// and the updater, whose rule has sections, must live as long. `hyperparameters` in the order of
  /// the rule. `l2` and `weight_decay` are for parameters with decay.
  StagedUpdate(optim::Updater& updater, const ParameterStore& store,
               std::vector<const Parameter*> parameters, const std::vector<double>& hyperparameters,
               float l2, float weight_decay, int threads);

  /// Step `t` (from 0). False when something is not finite. The result does not depend on the
  /// number of threads; allocates nothing.
  bool run(std::uint64_t t, const optim::GradientPrelude& prelude);

  /// Puts the weights of an evaluation that has begun in the place of the parameters.
  void apply(const optim::EvaluationWeights& evaluation);

  /// State of rows, columns and sides, checkpointed by the caller.
  float* factors() const { return factor_memory_.floats(); }
  std::size_t factor_size() const { return factor_size_; }

 private:
  /// Where the value of a name is: an array of the tensor at hand, or a number.
  struct Slot {
    bool is_array;
    std::size_t index;
  };
  struct Array {
    optim::Rank rank;
    float* data;
    float* own = nullptr;  ///< Where a value is computed; it may stand for another's data.
  };
  /// A pass over arrays, ready to run.
  struct Pass {
    optim::Rank rank;
    bool by_rows;  ///< A row is a line; else all is one.
    std::vector<expression::BlockOp> ops;
    std::uint32_t registers;
    std::vector<std::size_t> arrays;  ///< Of the first registers: p, g and others.
    std::vector<std::uint8_t> written;
    bool reads_gradient;
    std::vector<std::size_t> numbers;  ///< Where scalars come from …
    std::vector<std::size_t> rows;  ///< … and, a row at a time, those after them; constants follow.
    std::vector<float> scalars;
    struct Sum {
      Slot to;
      optim::Rank over;  ///< Tensor, Row or Column.
    };
    std::vector<Sum> sums;
    std::vector<optim::SumKind> kinds;
    std::unique_ptr<optim::FusedKernel> fused;

    optim::LineCode code() const {
      return {
          ops.data(),     ops.size(),     registers,    static_cast<std::uint32_t>(arrays.size()),
          written.data(), reads_gradient, kinds.data(), static_cast<std::uint32_t>(kinds.size())};
    }
  };
  struct Parts;
  /// Scalar code that reads and writes numbers.
  struct Scalars {
    optim::ScalarProgram program;
    std::vector<std::size_t> inputs, outputs;
  };
  struct MatrixCall {
    optim::MatrixFunction function;
    std::vector<std::size_t> args;
    std::vector<bool> transposed;
    std::vector<double> numbers;
    std::size_t to;
    std::size_t scalar;  ///< Where its scalar argument is.
    struct Condition {
      std::size_t number, otherwise;
      bool copies;  ///< Else the array stands for the other's data where nothing is computed.
    };
    std::optional<Condition> when;
    /// Of a product: the factor that is a permutation, made by `sorting` of sides up to `longest`.
    struct Permutation {
      std::size_t arg;
      double longest;
    };
    std::optional<Permutation> permutation = {};

    /// Longer sides count as diagonal.
    double longest() const { return numbers.back(); }
    bool decomposes() const { return function >= optim::MatrixFunction::InverseRoot; }
    bool turns_axes() const {
      return function == optim::MatrixFunction::Gram || function == optim::MatrixFunction::Along;
    }
  };
  using ReadyStage = std::variant<Pass, Scalars, MatrixCall>;
  struct Section {
    std::vector<ReadyStage> stages;
    std::vector<std::size_t> totals;
    Scalars scalar;
  };
  /// A parameter as a matrix.
  struct Tensor {
    const Parameter* parameter;
    std::size_t rows, columns;
    std::vector<std::size_t> axes;  ///< Of more than one element, or one of one.
    /// To a row-major matrix and back, where it is worked on as one and does not lie so.
    std::optional<cpu::Reorder> pack, unpack;
    const float* mask;  ///< As of a Line, where padding lies among its elements; else null.
    std::vector<float*> state;
    std::vector<float*> factors;

    std::size_t size() const { return rows * columns; }
  };
  struct Extent {
    std::size_t rows, columns;
    std::size_t size() const { return rows * columns; }
  };

  void name_all(const optim::Rule& rule);
  void add_tensors(const std::vector<const Parameter*>& parameters);
  void allocate();
  std::size_t add_number(const std::string& name);
  void add_array(const std::string& name, optim::Rank rank);
  Pass lower(const std::string& where, optim::Rank rank, const optim::Code& code, bool is_update);
  Scalars scalars(const optim::Code& code) const;
  MatrixCall matrix_call(const optim::Stage& stage) const;
  bool ranks_fit(const MatrixCall& call) const;
  std::size_t matrix_named(const std::string& name) const;
  void find_what_stands_for_others();
  void find_permutations();

  Extent extent(const Tensor& tensor, optim::Rank rank) const;
  static std::span<const std::size_t> sides(const Tensor& tensor, optim::Rank rank);
  void open(const Tensor& tensor, const optim::GradientPrelude& prelude);
  void close(const Tensor& tensor);
  void run(const Tensor& tensor, Pass& pass);
  bool run_part(const Tensor& tensor, const Pass& pass, const Parts& parts, std::size_t part);
  void finish_sums(const Pass& pass, const Parts& parts, std::size_t columns);
  void run(Scalars& scalars);
  void run(const Tensor& tensor, MatrixCall& call);
  void decompose(const Tensor& tensor, const MatrixCall& call);
  void decompose(const MatrixCall& call, std::size_t side, std::size_t offset, double order);
  bool permute(const Tensor& tensor, const MatrixCall& call);
  void run(const Tensor& tensor, ReadyStage& stage);
  void update(const Tensor& tensor);

  optim::Updater& updater_;
  const ParameterStore& store_;
  const optim::Rule& rule_;
  bool sees_matrices_;
  float l2_, weight_decay_;
  int threads_;
  optim::Passes passes_;
  optim::Kernel kernel_;

  std::map<std::string, Slot> slots_;
  std::vector<Array> arrays_;
  std::vector<double> numbers_;
  std::vector<Section> sections_;
  Pass vector_;
  std::vector<Tensor> tensors_;
  std::size_t first_factor_ = 0, first_value_ = 0;  ///< Among arrays.
  std::vector<std::size_t> next_factors_;           ///< The array that follows each factor.
  std::vector<std::size_t> scalar_outputs_, scalar_state_, next_scalar_state_, hyperparameters_;

  /// Of the tensor at hand, where it is worked on in place.
  struct {
    optim::GradientPrelude gradient;
    float l2, decay;
  } prelude_ = {};

  AlignedBuffer factor_memory_, masks_, packed_, values_, matrix_scratch_;
  std::size_t factor_size_ = 0;
  std::vector<double> sums_;  ///< Partial sums of a pass, those of a sum `sum_stride_` apart.
  std::size_t sum_stride_ = 0;
  bool finite_ = true;
};

}  // namespace optcmp
