#include "runtime/program.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <stdexcept>

#include "../program_builder.hpp"
#include "runtime/planner.hpp"

namespace optcmp {
namespace {

using test::mlp;
using test::two_conv_two_dense;

std::string message_of(const Program& program) {
  try {
    validate(program);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Validate, AcceptsWholePrograms) {
  EXPECT_EQ(message_of(mlp(Mode::Train, 4, 5, 6, 3)), "");
  EXPECT_EQ(message_of(two_conv_two_dense(Mode::Train, 2, 8, 3, 5, 7, 4)), "");
  EXPECT_EQ(message_of(two_conv_two_dense(Mode::Evaluate, 2, 8, 3, 5, 7, 4)), "");
}

TEST(Validate, NamesWhatIsWrong) {
  const struct {
    std::function<void(Program&)> damage;
    std::string says;
  } cases[] = {
      {[](Program& p) { p.ops[0].inputs[0] = 999; }, "unknown tensor 999"},
      {[](Program& p) {
         p.ops[0].inputs.pop_back();
         p.ops[0].inputs.pop_back();
       },
       "needs 2 to 3 inputs"},
      {[](Program& p) { std::swap(p.ops[0], p.ops[1]); }, "before any op writes it"},
      {[](Program& p) { p.ops[1].outputs = p.ops[0].outputs; }, "a second time"},
      {[](Program& p) { p.ops[0].outputs[0] = p.ops[0].inputs[0]; }, "writes input 'x'"},
      {[](Program& p) { p.ops[0].attributes["transposd"] = true; }, "'transposd'"},
      {[](Program& p) { p.ops[0].attributes["relu"] = 1.0; }, "true or false"},
      {[](Program& p) {
         p.tensors[2].shape = {3, 3};
       },
       "shape of its parameter"},
      {[](Program& p) {
         p.tensors[2].shape = {0, 3};
       },
       "not positive"},
      {[](Program& p) {
         p.tensors[2].shape = {1 << 30, 1 << 30};
       },
       "too large"},
      {[](Program& p) { p.tensors[2].name = "b1"; }, "name of another parameter"},
      {[](Program& p) { p.tensors[2].initializer.reset(); }, "needs an initializer"},
      {[](Program& p) {
         p.tensors[2].data = {1, 2};
       },
       "2 values"},
      {[](Program& p) { p.batch_size = 5; }, "batch size 5"},
      {[](Program& p) { p.batch_size = 0; }, "batchSize"},
      {[](Program& p) { p.ops.pop_back(); }, "no op writes gradient"},
      {[](Program& p) { p.ops.clear(); }, "has no ops"},
      {[](Program& p) { p.tensors.back().parameter = 0; }, "must name a parameter"},
      {[](Program& p) { p.tensors.back().parameter = 2; }, "shape of its parameter"},
      {[](Program& p) { p.tensors[0].dtype = DataType::I32; }, "f32"},
      {[](Program& p) { p.ops[2].attributes["label_smoothing"] = 1.0; }, "label_smoothing"},
      {[](Program& p) { p.ops[2].inputs[1] = 0; }, ""},
  };
  for (const auto& c : cases) {
    Program program = mlp(Mode::Train, 4, 5, 6, 3);
    c.damage(program);
    const std::string message = message_of(program);
    EXPECT_NE(message, "") << c.says;
    EXPECT_NE(message.find(c.says), std::string::npos) << message << " lacks " << c.says;
  }
}

// Whatever is done to a program, it is refused or planned; nothing else happens.
TEST(Validate, SurvivesRandomDamage) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    Program program = round % 2 ? mlp(Mode::Train, 4, 5, 6, 3)
                                : two_conv_two_dense(Mode::Train, 2, 8, 3, 5, 7, 4);
    for (std::size_t k = 1 + below(3); k > 0; --k) {
      Op& op = program.ops[below(program.ops.size())];
      Tensor& tensor = program.tensors[below(program.tensors.size())];
      switch (below(9)) {
        case 0:
          op.inputs[below(op.inputs.size())] =
              static_cast<TensorId>(below(program.tensors.size() + 1));
          break;
        case 1:
          op.outputs[below(op.outputs.size())] =
              static_cast<TensorId>(below(program.tensors.size() + 1));
          break;
        case 2:
          op.definition = op_definitions()[below(op_definitions().size())];
          break;
        case 3:
          if (!tensor.shape.empty()) tensor.shape[below(tensor.shape.size())] = 1 + below(9);
          break;
        case 4:
          tensor.role = static_cast<Role>(below(8));
          break;
        case 5:
          tensor.dtype = static_cast<DataType>(below(2));
          break;
        case 6:
          op.attributes["pads"] = std::vector<double>{1, double(below(3)), 2, double(below(3))};
          break;
        case 7:
          std::swap(op, program.ops[below(program.ops.size())]);
          break;
        default:
          tensor.parameter = static_cast<TensorId>(below(program.tensors.size()));
      }
    }
    try {
      validate(program);
      ParameterLayouts layouts;
      const Planner planner(program, layouts, 1);
    } catch (const std::invalid_argument&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(Fingerprint, TellsProgramsApart) {
  const Program program = mlp(Mode::Train, 4, 5, 6, 3);
  Program other = program;
  EXPECT_EQ(fingerprint(program), fingerprint(other));
  other.ops[0].attributes["relu"] = false;
  EXPECT_NE(fingerprint(program), fingerprint(other));
  EXPECT_NE(fingerprint(program), fingerprint(mlp(Mode::Train, 4, 5, 7, 3)));
}

}  // namespace
}  // namespace optcmp
