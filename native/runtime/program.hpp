// The engine's form of src/compiler/program.ts: a flat list of ops over numbered tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expression/code.hpp"

namespace optcmp {

struct OpDefinition;

using Shape = std::vector<std::int64_t>;
using TensorId = std::uint32_t;

enum class DataType : std::uint8_t { F32, I32 };

enum class Role : std::uint8_t {
  Input,
  Label,
  Parameter,
  State,
  Gradient,
  Constant,
  Temporary,
  Metric
};

/// How a parameter or state gets its first values; which fields count depends on the kind.
struct Initializer {
  enum class Kind : std::uint8_t {
    Zeros,
    Ones,
    Constant,
    Uniform,
    Normal,
    TruncatedNormal,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    PyTorch
  };
  Kind kind = Kind::Zeros;
  double value = 0;
  double low = 0, high = 0;
  double mean = 0, stddev = 0;
  double fan_in = 0, fan_out = 0;
};

struct Tensor {
  std::string name;
  DataType dtype = DataType::F32;
  Shape shape;
  Role role = Role::Temporary;
  std::optional<TensorId> parameter;  ///< Of a gradient.
  std::optional<Initializer> initializer;
  bool decay = false;
  /// Of a state: evaluation starts from the initial value, as every epoch of training does.
  bool reset = false;
  std::optional<std::int64_t> limit;  ///< Of i32 tensors: values are in [0, limit).
  /// Row-major; of a constant, or of a parameter or state that brings its values.
  std::vector<float> data;
};

using Attribute = std::variant<bool, double, std::string, std::vector<double>,
                               std::shared_ptr<const expression::Code>>;

struct Op {
  const OpDefinition* definition = nullptr;  ///< Found by name, see find_op in ops/registry.hpp.
  std::string name;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  std::map<std::string, Attribute> attributes;
};

enum class Mode : std::uint8_t { Train, Evaluate };

struct Program {
  std::string name;
  Mode mode = Mode::Train;
  std::int64_t batch_size = 0;
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
};

/// Throws std::invalid_argument naming the program, the op and the tensor at fault: ids out of
/// range, a tensor read before it is written or written twice, a wrong role, type, shape or
/// attribute, an assignment before the end.
void validate(const Program& program);

/// Names as in program.ts. The parsers throw std::invalid_argument listing what is allowed.
std::string_view name_of(Role role);
Role parse_role(std::string_view name);
Initializer::Kind parse_initializer_kind(std::string_view name);

/// Elements of a validated shape; 1 for a scalar.
std::int64_t elements(const Shape& shape);

/// e.g. `[64, 10]`.
std::string to_string(const Shape& shape);

/// FNV-1a over everything that makes two programs compute the same (names of ops and values of
/// parameters apart).
std::uint64_t fingerprint(const Program& program);

/// One op of a program, as its checker and planner see it. Every complaint names the op.
class OpView {
 public:
  OpView(const Program& program, const Op& op) : program_(&program), op_(&op) {}

  const Op& op() const { return *op_; }
  std::size_t inputs() const { return op_->inputs.size(); }
  std::size_t outputs() const { return op_->outputs.size(); }
  const Tensor& input(std::size_t k) const { return program_->tensors[op_->inputs.at(k)]; }
  const Tensor& output(std::size_t k) const { return program_->tensors[op_->outputs.at(k)]; }

  /// The op that writes a tensor. Throws when none does.
  OpView writer_of(TensorId id) const;
  /// The op that reads a tensor, where it is one alone.
  std::optional<OpView> only_reader_of(TensorId id) const;
  /// Whether a tensor is the first input of an op of a kind.
  bool is_first_input_of(TensorId id, std::string_view kind) const;

  /// Throws std::invalid_argument: which op of which program, and `what`.
  [[noreturn]] void fail(const std::string& what) const;
  void require(bool condition, const std::string& what) const;

  void require_arity(std::size_t least_in, std::size_t most_in, std::size_t least_out,
                     std::size_t most_out) const;
  void require_rank(const Tensor& tensor, std::size_t rank) const;
  void require_shape(const Tensor& tensor, const Shape& shape) const;

  bool has(const std::string& attribute) const { return op_->attributes.contains(attribute); }
  /// Attributes, or the default when absent. Throw when of another type.
  bool flag(const std::string& name, bool otherwise = false) const;
  double number(const std::string& name, double otherwise) const;
  /// Code, checked; its operands are those of the op. Throws when absent, too.
  std::shared_ptr<const expression::Code> code(const std::string& name) const;
  /// The place of a word among those allowed. Throws when it is none of them.
  std::size_t choice(const std::string& name, std::span<const std::string_view> allowed) const;
  /// Whole numbers; `least` bounds each from below, `length` 0 allows any.
  std::vector<std::int64_t> integers(const std::string& name, std::size_t length,
                                     std::int64_t least, std::vector<std::int64_t> otherwise) const;
  /// Throws when the op has an attribute other than these.
  void allow_attributes(std::span<const std::string_view> names) const;

 private:
  const Program* program_;
  const Op* op_;
};

}  // namespace optcmp
