#include "runtime/program.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "ops/registry.hpp"

namespace optcmp {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 33;
constexpr std::size_t kMostAxes = 12;
constexpr float kMostWhole = 1 << 24;

template <class Enum, std::size_t N>
using Names = std::array<std::pair<std::string_view, Enum>, N>;

constexpr Names<Role, 8> kRoles{{{"input", Role::Input},
                                 {"label", Role::Label},
                                 {"parameter", Role::Parameter},
                                 {"state", Role::State},
                                 {"gradient", Role::Gradient},
                                 {"constant", Role::Constant},
                                 {"temporary", Role::Temporary},
                                 {"metric", Role::Metric}}};

constexpr Names<Initializer::Kind, 11> kInitializers{
    {{"zeros", Initializer::Kind::Zeros},
     {"ones", Initializer::Kind::Ones},
     {"constant", Initializer::Kind::Constant},
     {"uniform", Initializer::Kind::Uniform},
     {"normal", Initializer::Kind::Normal},
     {"truncated_normal", Initializer::Kind::TruncatedNormal},
     {"glorot_uniform", Initializer::Kind::GlorotUniform},
     {"glorot_normal", Initializer::Kind::GlorotNormal},
     {"he_uniform", Initializer::Kind::HeUniform},
     {"he_normal", Initializer::Kind::HeNormal},
     {"pytorch", Initializer::Kind::PyTorch}}};

template <class Enum, std::size_t N>
Enum parse(const Names<Enum, N>& names, std::string_view what, std::string_view name) {
  std::string allowed;
  for (const auto& [known, value] : names) {
    if (known == name) return value;
    allowed += (allowed.empty() ? "" : ", ") + std::string(known);
  }
  throw std::invalid_argument("unknown " + std::string(what) + " '" + std::string(name) +
                              "'; known are " + allowed);
}

class Validator {
 public:
  explicit Validator(const Program& program)
      : program_(program), written_(program.tensors.size()) {}

  void run() {
    require(program_.batch_size > 0, "batchSize must be at least 1");
    require(!program_.ops.empty(), "has no ops");
    for (TensorId id = 0; id < program_.tensors.size(); ++id) check_tensor(id);
    for (const Op& op : program_.ops) check_op(op);
    if (program_.mode == Mode::Train) check_gradients();
  }

 private:
  void require(bool condition, const std::string& what) const {
    if (!condition) throw std::invalid_argument("program '" + program_.name + "': " + what);
  }

  void check_tensor(TensorId id) {
    const Tensor& tensor = program_.tensors[id];
    const std::string who = "tensor " + std::to_string(id) + " ('" + tensor.name + "') ";
    require(tensor.shape.size() <= kMostAxes, who + "has more than 12 axes");
    std::int64_t count = 1;
    for (const std::int64_t size : tensor.shape) {
      require(size > 0 && size <= kMostElements / count,
              who + "has a shape that is not positive or too large: " + to_string(tensor.shape));
      count *= size;
    }
    if (tensor.dtype == DataType::I32) check_whole(tensor, who);
    require(!tensor.limit || (tensor.dtype == DataType::I32 && *tensor.limit > 0 &&
                              *tensor.limit <= std::int64_t{1} << 31),
            who + "has a limit; only an i32 tensor can, in 1 … 2^31");
    if (tensor.role == Role::Input || tensor.role == Role::Label) check_batch(tensor, who);
    if (tensor.role == Role::Parameter || tensor.role == Role::State) {
      check_lasting(tensor, who, count);
    }
    if (tensor.role == Role::Constant) {
      require(tensor.data.size() == static_cast<std::size_t>(count),
              who + "is a constant and needs " + std::to_string(count) + " values in data, has " +
                  std::to_string(tensor.data.size()));
    }
    if (tensor.role == Role::Metric) require(count == 1, who + "is a metric and must be a scalar");
    if (tensor.role == Role::Gradient) check_gradient(tensor, who);
  }

  void check_whole(const Tensor& tensor, const std::string& who) const {
    require(tensor.role == Role::Input || tensor.role == Role::Label ||
                tensor.role == Role::Temporary || tensor.role == Role::Constant,
            who + "must be f32; only inputs, labels, constants and temporaries can be i32");
    for (const float value : tensor.data) {
      require(std::nearbyint(value) == value && std::abs(value) <= kMostWhole,
              who + "is i32 and must have whole numbers within ±2^24 in data");
    }
  }

  void check_batch(const Tensor& tensor, const std::string& who) const {
    require(!tensor.shape.empty() && tensor.shape[0] == program_.batch_size,
            who + "must have the batch size " + std::to_string(program_.batch_size) +
                " as its first axis, has shape " + to_string(tensor.shape));
  }

  void check_lasting(const Tensor& tensor, const std::string& who, std::int64_t count) {
    const std::string what = "is a " + std::string(name_of(tensor.role)) + " and needs ";
    require(!tensor.name.empty(), who + what + "a name");
    require(lasting_.insert(tensor.name).second,
            who + "has the name of another parameter or state");
    require(tensor.data.empty() || tensor.data.size() == static_cast<std::size_t>(count),
            who + "has " + std::to_string(tensor.data.size()) +
                " values in data, its shape needs " + std::to_string(count));
    require(!tensor.data.empty() || tensor.initializer.has_value(),
            who + what + "an initializer or data");
  }

  void check_gradient(const Tensor& tensor, const std::string& who) {
    require(tensor.parameter && *tensor.parameter < program_.tensors.size() &&
                program_.tensors[*tensor.parameter].role == Role::Parameter,
            who + "is a gradient and must name a parameter by id");
    require(program_.tensors[*tensor.parameter].shape == tensor.shape,
            who + "must have the shape of its parameter, " +
                to_string(program_.tensors[*tensor.parameter].shape));
    require(gradients_.insert(*tensor.parameter).second,
            who + "is a second gradient of parameter '" + program_.tensors[*tensor.parameter].name +
                "'");
  }

  void check_op(const Op& op) {
    const OpView view(program_, op);
    for (const TensorId id : op.inputs) {
      view.require(id < program_.tensors.size(), "reads unknown tensor " + std::to_string(id));
      const Tensor& tensor = program_.tensors[id];
      const bool given = tensor.role == Role::Input || tensor.role == Role::Label ||
                         tensor.role == Role::Parameter || tensor.role == Role::Constant ||
                         tensor.role == Role::State;
      view.require(tensor.role != Role::Metric, "reads metric '" + tensor.name + "'");
      view.require(given || written_[id],
                   "reads tensor '" + tensor.name + "' before any op writes it");
    }
    const bool assigns = op.definition == &ops::assign;
    view.require(assigns || !assigning_, "comes after an assign; assignments end a program");
    assigning_ = assigns;
    for (const TensorId id : op.outputs) {
      view.require(id < program_.tensors.size(), "writes unknown tensor " + std::to_string(id));
      const Tensor& tensor = program_.tensors[id];
      const bool writable = tensor.role == Role::Temporary || tensor.role == Role::Gradient ||
                            tensor.role == Role::Metric || (assigns && tensor.role == Role::State);
      view.require(writable,
                   "writes " + std::string(name_of(tensor.role)) + " '" + tensor.name +
                       "'; only temporaries, gradients and metrics can be, and states by assign");
      view.require(!written_[id], "writes tensor '" + tensor.name + "' a second time");
      written_[id] = true;
    }
    check_types(view);
    op.definition->check(view);
  }

  static bool is_within(const Tensor& tensor, std::int64_t limit) {
    const auto inside = [limit](float v) { return v >= 0 && v < static_cast<float>(limit); };
    return tensor.role == Role::Constant
               ? std::all_of(tensor.data.begin(), tensor.data.end(), inside)
               : tensor.limit && *tensor.limit <= limit;
  }

  static void check_types(const OpView& view) {
    if (view.op().definition->moves) return check_moved(view);
    const auto check = [&view](const Tensor& tensor, std::uint32_t mask, std::size_t k) {
      const bool whole = k < 32 && (mask >> k & 1);
      view.require((tensor.dtype == DataType::I32) == whole,
                   "tensor '" + tensor.name + "' must be " + (whole ? "i32" : "f32"));
    };
    const OpDefinition& op = *view.op().definition;
    for (std::size_t k = 0; k < view.inputs(); ++k) check(view.input(k), op.whole_inputs, k);
    for (std::size_t k = 0; k < view.outputs(); ++k) check(view.output(k), op.whole_outputs, k);
  }

  /// Indices that come out are in their limit when those that went in are.
  static void check_moved(const OpView& view) {
    const Tensor& out = view.output(0);
    for (std::size_t k = 0; k < view.outputs(); ++k) {
      view.require(view.output(k).dtype == out.dtype, "has outputs of different types");
    }
    for (std::size_t k = 0; k < view.inputs(); ++k) {
      const Tensor& in = view.input(k);
      view.require(in.dtype == out.dtype,
                   "moves '" + in.name + "' to '" + out.name + "', which is of another type");
      for (std::size_t j = 0; j < view.outputs(); ++j) {
        const auto limit = view.output(j).limit;
        view.require(!limit || is_within(in, *limit),
                     "tensor '" + in.name + "' may hold more than the limit of '" +
                         view.output(j).name + "', " + std::to_string(*limit) + ", allows");
      }
    }
  }

  void check_gradients() const {
    for (TensorId id = 0; id < program_.tensors.size(); ++id) {
      const Tensor& tensor = program_.tensors[id];
      if (tensor.role == Role::Gradient) {
        require(written_[id], "no op writes gradient '" + tensor.name + "'");
      }
      if (tensor.role == Role::Parameter) {
        require(gradients_.contains(id), "parameter '" + tensor.name + "' has no gradient");
      }
    }
  }

  const Program& program_;
  std::vector<bool> written_;
  bool assigning_ = false;
  std::unordered_set<std::string> lasting_;
  std::unordered_set<TensorId> gradients_;
};

class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    value_ = (value_ ^ 0xffu) * 0x100000001b3u;
  }
  void add(double number) { add(std::to_string(number)); }
  void add(const Shape& shape) { add(to_string(shape)); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

void validate(const Program& program) { Validator(program).run(); }

std::string_view name_of(Role role) {
  return std::find_if(kRoles.begin(), kRoles.end(), [role](auto& r) { return r.second == role; })
      ->first;
}

Role parse_role(std::string_view name) { return parse(kRoles, "role", name); }

Initializer::Kind parse_initializer_kind(std::string_view name) {
  return parse(kInitializers, "initializer", name);
}

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t k = 0; k < shape.size(); ++k) {
    text += (k ? ", " : "") + std::to_string(shape[k]);
  }
  return text + "]";
}

std::uint64_t fingerprint(const Program& program) {
  Hash hash;
  hash.add(static_cast<double>(program.batch_size));
  for (const Tensor& tensor : program.tensors) {
    hash.add(name_of(tensor.role));
    hash.add(tensor.shape);
    if (tensor.role == Role::Parameter || tensor.role == Role::State) {
      hash.add(tensor.name);
      hash.add(tensor.decay);
      hash.add(tensor.reset);
    }
    if (tensor.role != Role::Constant) continue;
    for (const float value : tensor.data) hash.add(value);
  }
  for (const Op& op : program.ops) {
    hash.add(op.definition->name);
    hash.add(Shape(op.inputs.begin(), op.inputs.end()));
    hash.add(Shape(op.outputs.begin(), op.outputs.end()));
    for (const auto& [name, value] : op.attributes) {
      hash.add(name);
      if (const auto* flag = std::get_if<bool>(&value)) hash.add(*flag);
      if (const auto* number = std::get_if<double>(&value)) hash.add(*number);
      if (const auto* text = std::get_if<std::string>(&value)) hash.add(*text);
      if (const auto* list = std::get_if<std::vector<double>>(&value)) {
        for (const double number : *list) hash.add(number);
      }
      if (const auto* code = std::get_if<std::shared_ptr<const expression::Code>>(&value)) {
        hash.add(expression::canonical(**code));
      }
    }
  }
  return hash.value();
}

void OpView::fail(const std::string& what) const {
  throw std::invalid_argument("program '" + program_->name + "', op '" + op_->name + "' (" +
                              std::string(op_->definition->name) + "): " + what);
}

void OpView::require(bool condition, const std::string& what) const {
  if (!condition) fail(what);
}

void OpView::require_arity(std::size_t least_in, std::size_t most_in, std::size_t least_out,
                           std::size_t most_out) const {
  const auto check = [this](std::size_t have, std::size_t least, std::size_t most,
                            const char* what) {
    if (have >= least && have <= most) return;
    const std::string range = least == most ? std::to_string(least)
                                            : std::to_string(least) + " to " + std::to_string(most);
    fail("needs " + range + " " + what + ", has " + std::to_string(have));
  };
  check(inputs(), least_in, most_in, "inputs");
  check(outputs(), least_out, most_out, "outputs");
}

void OpView::require_rank(const Tensor& tensor, std::size_t rank) const {
  require(tensor.shape.size() == rank, "tensor '" + tensor.name + "' must have " +
                                           std::to_string(rank) + " axes, has shape " +
                                           to_string(tensor.shape));
}

void OpView::require_shape(const Tensor& tensor, const Shape& shape) const {
  require(tensor.shape == shape, "tensor '" + tensor.name + "' must have shape " +
                                     to_string(shape) + ", has " + to_string(tensor.shape));
}

OpView OpView::writer_of(TensorId id) const {
  for (const Op& op : program_->ops) {
    if (std::find(op.outputs.begin(), op.outputs.end(), id) != op.outputs.end()) {
      return {*program_, op};
    }
  }
  fail("no op writes tensor " + std::to_string(id));
}

std::optional<OpView> OpView::only_reader_of(TensorId id) const {
  std::optional<OpView> reader;
  for (const Op& op : program_->ops) {
    if (std::find(op.inputs.begin(), op.inputs.end(), id) == op.inputs.end()) continue;
    if (reader) return std::nullopt;
    reader.emplace(*program_, op);
  }
  return reader;
}

bool OpView::is_first_input_of(TensorId id, std::string_view kind) const {
  return std::any_of(program_->ops.begin(), program_->ops.end(), [&](const Op& op) {
    return op.definition->name == kind && !op.inputs.empty() && op.inputs[0] == id;
  });
}

bool OpView::flag(const std::string& name, bool otherwise) const {
  const auto found = op_->attributes.find(name);
  if (found == op_->attributes.end()) return otherwise;
  if (const auto* flag = std::get_if<bool>(&found->second)) return *flag;
  fail("attribute '" + name + "' must be true or false");
}

double OpView::number(const std::string& name, double otherwise) const {
  const auto found = op_->attributes.find(name);
  if (found == op_->attributes.end()) return otherwise;
  if (const auto* number = std::get_if<double>(&found->second)) return *number;
  fail("attribute '" + name + "' must be a number");
}

std::shared_ptr<const expression::Code> OpView::code(const std::string& name) const {
  using Code = std::shared_ptr<const expression::Code>;
  const auto found = op_->attributes.find(name);
  const Code* code = found == op_->attributes.end() ? nullptr : std::get_if<Code>(&found->second);
  if (code == nullptr) fail("attribute '" + name + "' must be code");
  try {
    expression::check("its " + name, **code);
  } catch (const std::invalid_argument& error) {
    fail(error.what());
  }
  return *code;
}

std::size_t OpView::choice(const std::string& name,
                           std::span<const std::string_view> allowed) const {
  const auto found = op_->attributes.find(name);
  const auto* word =
      found == op_->attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  std::string words;
  for (std::size_t k = 0; k < allowed.size(); ++k) {
    if (word && *word == allowed[k]) return k;
    words += (k ? ", " : "") + std::string(allowed[k]);
  }
  fail("attribute '" + name + "' must be one of " + words);
}

std::vector<std::int64_t> OpView::integers(const std::string& name, std::size_t length,
                                           std::int64_t least,
                                           std::vector<std::int64_t> otherwise) const {
  const auto found = op_->attributes.find(name);
  if (found == op_->attributes.end()) {
    require(length == 0 || otherwise.size() == length, "attribute '" + name + "' is missing");
    return otherwise;
  }
  const auto* list = std::get_if<std::vector<double>>(&found->second);
  require(list && (length == 0 || list->size() == length),
          "attribute '" + name + "' must be a list of " +
              (length ? std::to_string(length) + " " : "") + "whole numbers");
  std::vector<std::int64_t> values;
  for (const double value : *list) {
    require(
        std::nearbyint(value) == value && std::abs(value) < 1e9 && value >= double(least),
        "attribute '" + name + "' must hold whole numbers of at least " + std::to_string(least));
    values.push_back(static_cast<std::int64_t>(value));
  }
  return values;
}

void OpView::allow_attributes(std::span<const std::string_view> names) const {
  for (const auto& [name, value] : op_->attributes) {
    require(std::find(names.begin(), names.end(), name) != names.end(),
            "does not know attribute '" + name + "'");
  }
}

}  // namespace optcmp
