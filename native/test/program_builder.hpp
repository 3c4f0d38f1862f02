// Programs by hand, for tests and benchmarks.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/registry.hpp"
#include "optim/rule.hpp"
#include "runtime/program.hpp"

namespace optcmp::test {

class ProgramBuilder {
 public:
  ProgramBuilder(std::string name, Mode mode, std::int64_t batch) {
    program.name = std::move(name);
    program.mode = mode;
    program.batch_size = batch;
  }

  TensorId tensor(std::string name, Shape shape, Role role = Role::Temporary) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.shape = std::move(shape);
    tensor.role = role;
    program.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(program.tensors.size() - 1);
  }

  /// Whole numbers in [0, limit).
  TensorId labels(Shape shape, std::int64_t limit) {
    const TensorId id = tensor("labels", std::move(shape), Role::Label);
    program.tensors[id].dtype = DataType::I32;
    program.tensors[id].limit = limit;
    return id;
  }

  TensorId argmax(Shape shape) {
    const TensorId id = tensor("argmax", std::move(shape));
    program.tensors[id].dtype = DataType::I32;
    return id;
  }

  TensorId parameter(std::string name, Shape shape, double fan_in, bool decay) {
    const TensorId id = tensor(std::move(name), std::move(shape), Role::Parameter);
    Initializer init;
    init.kind = Initializer::Kind::PyTorch;
    init.fan_in = init.fan_out = fan_in;
    program.tensors[id].initializer = init;
    program.tensors[id].decay = decay;
    return id;
  }

  /// A state that starts at `value` everywhere.
  TensorId state(std::string name, Shape shape, double value, bool reset) {
    const TensorId id = tensor(std::move(name), std::move(shape), Role::State);
    Initializer init;
    init.kind = Initializer::Kind::Constant;
    init.value = value;
    program.tensors[id].initializer = init;
    program.tensors[id].reset = reset;
    return id;
  }

  TensorId gradient(TensorId of) {
    const Tensor& parameter = program.tensors[of];
    const TensorId id = tensor("d_" + parameter.name, parameter.shape, Role::Gradient);
    program.tensors[id].parameter = of;
    return id;
  }

  void op(std::string_view kind, std::vector<TensorId> inputs, std::vector<TensorId> outputs,
          std::map<std::string, Attribute> attributes = {}) {
    Op op;
    op.definition = &find_op(kind);
    op.name = "op" + std::to_string(program.ops.size());
    op.inputs = std::move(inputs);
    op.outputs = std::move(outputs);
    op.attributes = std::move(attributes);
    program.ops.push_back(std::move(op));
  }

  Program program;
};

inline const Attribute kTrue = true;

/// in → hidden (ReLU) → classes.
inline Program mlp(Mode mode, std::int64_t batch, std::int64_t in, std::int64_t hidden,
                   std::int64_t classes) {
  ProgramBuilder b("mlp", mode, batch);
  const TensorId x = b.tensor("x", {batch, in}, Role::Input);
  const TensorId labels = b.labels({batch}, classes);
  const TensorId w1 = b.parameter("w1", {hidden, in}, double(in), true);
  const TensorId b1 = b.parameter("b1", {hidden}, double(in), false);
  const TensorId w2 = b.parameter("w2", {classes, hidden}, double(hidden), true);
  const TensorId b2 = b.parameter("b2", {classes}, double(hidden), false);
  const TensorId h = b.tensor("h", {batch, hidden});
  const TensorId logits = b.tensor("logits", {batch, classes});
  const TensorId loss = b.tensor("cross_entropy", {}, Role::Metric);
  const TensorId errors = b.tensor("classification_error", {}, Role::Metric);
  b.op("dense", {x, w1, b1}, {h}, {{"transposed", kTrue}, {"relu", kTrue}});
  b.op("dense", {h, w2, b2}, {logits}, {{"transposed", kTrue}});
  if (mode == Mode::Evaluate) {
    b.op("softmax_cross_entropy", {logits, labels}, {loss, errors});
    return b.program;
  }
  const TensorId dlogits = b.tensor("dlogits", {batch, classes});
  const TensorId dh = b.tensor("dh", {batch, hidden});
  const TensorId da = b.tensor("da", {batch, hidden});
  b.op("softmax_cross_entropy", {logits, labels}, {loss, errors, dlogits});
  b.op("dense_grad_weight", {h, dlogits}, {b.gradient(w2), b.gradient(b2)},
       {{"transposed", kTrue}});
  b.op("dense_grad_input", {dlogits, w2}, {dh}, {{"transposed", kTrue}});
  b.op("relu_grad", {dh, h}, {da});
  b.op("dense_grad_weight", {x, da}, {b.gradient(w1), b.gradient(b1)}, {{"transposed", kTrue}});
  return b.program;
}

/// Two convolutions 5×5 "same" of c1 and c2 channels, each with ReLU and a 2×2 pool, then dense
/// layers; DeepOBS's 2c2d is size 28, c1 32, c2 64, hidden 1024.
inline Program two_conv_two_dense(Mode mode, std::int64_t batch, std::int64_t size, std::int64_t c1,
                                  std::int64_t c2, std::int64_t hidden, std::int64_t classes) {
  ProgramBuilder b("2c2d", mode, batch);
  const std::int64_t half = size / 2, quarter = half / 2, flat = c2 * quarter * quarter;
  const std::map<std::string, Attribute> conv{{"pads", std::vector<double>{2, 2, 2, 2}}};
  const std::map<std::string, Attribute> pool{{"kernel", std::vector<double>{2, 2}},
                                              {"strides", std::vector<double>{2, 2}},
                                              {"relu", kTrue}};
  const std::map<std::string, Attribute> dense{{"transposed", kTrue}};
  auto dense_relu = dense;
  dense_relu.emplace("relu", true);
  const TensorId x = b.tensor("x", {batch, 1, size, size}, Role::Input);
  const TensorId labels = b.labels({batch}, classes);
  const TensorId w1 = b.parameter("w1", {c1, 1, 5, 5}, 25, true);
  const TensorId b1 = b.parameter("b1", {c1}, 25, false);
  const TensorId w2 = b.parameter("w2", {c2, c1, 5, 5}, 25.0 * c1, true);
  const TensorId b2 = b.parameter("b2", {c2}, 25.0 * c1, false);
  const TensorId w3 = b.parameter("w3", {hidden, flat}, double(flat), true);
  const TensorId b3 = b.parameter("b3", {hidden}, double(flat), false);
  const TensorId w4 = b.parameter("w4", {classes, hidden}, double(hidden), true);
  const TensorId b4 = b.parameter("b4", {classes}, double(hidden), false);
  const TensorId a1 = b.tensor("a1", {batch, c1, size, size});
  const TensorId p1 = b.tensor("p1", {batch, c1, half, half});
  const TensorId m1 = b.argmax({batch, c1, half, half});
  const TensorId a2 = b.tensor("a2", {batch, c2, half, half});
  const TensorId p2 = b.tensor("p2", {batch, c2, quarter, quarter});
  const TensorId m2 = b.argmax({batch, c2, quarter, quarter});
  const TensorId f = b.tensor("f", {batch, flat});
  const TensorId h = b.tensor("h", {batch, hidden});
  const TensorId logits = b.tensor("logits", {batch, classes});
  const TensorId loss = b.tensor("cross_entropy", {}, Role::Metric);
  const TensorId errors = b.tensor("classification_error", {}, Role::Metric);
  const bool train = mode == Mode::Train;
  b.op("conv2d", {x, w1, b1}, {a1}, conv);
  b.op("max_pool2d", {a1}, train ? std::vector{p1, m1} : std::vector{p1}, pool);
  b.op("conv2d", {p1, w2, b2}, {a2}, conv);
  b.op("max_pool2d", {a2}, train ? std::vector{p2, m2} : std::vector{p2}, pool);
  b.op("reshape", {p2}, {f});
  b.op("dense", {f, w3, b3}, {h}, dense_relu);
  b.op("dense", {h, w4, b4}, {logits}, dense);
  if (!train) {
    b.op("softmax_cross_entropy", {logits, labels}, {loss, errors});
    return b.program;
  }
  const TensorId dlogits = b.tensor("dlogits", {batch, classes});
  const TensorId dh = b.tensor("dh", {batch, hidden});
  const TensorId dz = b.tensor("dz", {batch, hidden});
  const TensorId df = b.tensor("df", {batch, flat});
  const TensorId dp2 = b.tensor("dp2", {batch, c2, quarter, quarter});
  const TensorId da2 = b.tensor("da2", {batch, c2, half, half});
  const TensorId dp1 = b.tensor("dp1", {batch, c1, half, half});
  const TensorId da1 = b.tensor("da1", {batch, c1, size, size});
  b.op("softmax_cross_entropy", {logits, labels}, {loss, errors, dlogits});
  b.op("dense_grad_weight", {h, dlogits}, {b.gradient(w4), b.gradient(b4)}, dense);
  b.op("dense_grad_input", {dlogits, w4}, {dh}, dense);
  b.op("relu_grad", {dh, h}, {dz});
  b.op("dense_grad_weight", {f, dz}, {b.gradient(w3), b.gradient(b3)}, dense);
  b.op("dense_grad_input", {dz, w3}, {df}, dense);
  b.op("reshape", {df}, {dp2});
  b.op("max_pool2d_grad", {dp2, m2}, {da2}, pool);
  b.op("conv2d_grad_weight", {p1, da2}, {b.gradient(w2), b.gradient(b2)}, conv);
  b.op("conv2d_grad_input", {da2, w2}, {dp1}, conv);
  b.op("max_pool2d_grad", {dp1, m1}, {da1}, pool);
  b.op("conv2d_grad_weight", {x, da1}, {b.gradient(w1), b.gradient(b1)}, conv);
  return b.program;
}

/// A constant learning rate.
inline optim::Schedule constant_schedule() {
  optim::Schedule schedule;
  schedule.name = "constant";
  schedule.code.inputs = {"t", "lr"};
  schedule.code.outputs = {{"lr", {optim::Operand::Kind::Input, 1, 0}}};
  return schedule;
}

}  // namespace optcmp::test
