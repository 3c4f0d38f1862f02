// States, order of examples, fields and micro-batches: a trainer over small programs by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "../program_builder.hpp"
#include "../training_options.hpp"
#include "runtime/training.hpp"

namespace optcmp {
namespace {

constexpr auto kNever = [] { return false; };
constexpr std::int64_t kBatch = 4, kWidth = 3, kClasses = 2;

/// logits = (x + sum + count)·w, with states `sum` (a row of inputs each, carried, reset), which
/// adds up the inputs, and `count` (kept), which adds up all batches' rows.
Program stateful(Mode mode, bool assigns) {
  test::ProgramBuilder b("stateful", mode, kBatch);
  const TensorId x = b.tensor("x", {kBatch, kWidth}, Role::Input);
  const TensorId labels = b.labels({kBatch}, kClasses);
  const TensorId w = b.parameter("w", {kClasses, kWidth}, kWidth, true);
  const TensorId sum = b.state("sum", {kBatch, kWidth}, 0.5, true);
  const TensorId count = b.state("count", {kWidth}, 0, false);
  const TensorId with_sum = b.tensor("with_sum", {kBatch, kWidth});
  const TensorId all = b.tensor("all", {kBatch, kWidth});
  const TensorId logits = b.tensor("logits", {kBatch, kClasses});
  const TensorId loss = b.tensor("cross_entropy", {}, Role::Metric);
  const TensorId errors = b.tensor("classification_error", {}, Role::Metric);
  b.op("add", {x, sum}, {with_sum});
  b.op("add", {with_sum, count}, {all});
  b.op("dense", {all, w}, {logits}, {{"transposed", test::kTrue}});
  if (mode == Mode::Train) {
    const TensorId dlogits = b.tensor("dlogits", {kBatch, kClasses});
    b.op("softmax_cross_entropy", {logits, labels}, {loss, errors, dlogits});
    b.op("dense_grad_weight", {all, dlogits}, {b.gradient(w)}, {{"transposed", test::kTrue}});
  } else {
    b.op("softmax_cross_entropy", {logits, labels}, {loss, errors});
  }
  if (!assigns) return b.program;
  b.op("assign", {with_sum}, {sum});
  if (mode == Mode::Evaluate) return b.program;
  const TensorId batch = b.tensor("batch", {kWidth}), next = b.tensor("next", {kWidth});
  const auto assign = b.program.ops.back();
  b.program.ops.pop_back();
  b.op("reduce_sum", {x}, {batch},
       {{"axes", std::vector<double>{0}}, {"keepdims", Attribute(false)}});
  b.op("add", {count, batch}, {next});
  b.program.ops.push_back(assign);
  b.op("assign", {next}, {count});
  return b.program;
}

class StateTest : public testing::Test {
 protected:
  StateTest() {
    for (std::size_t i = 0; i < kExamples; ++i) {
      labels.push_back(static_cast<std::int32_t>(i % kClasses));
      for (std::size_t k = 0; k < kWidth; ++k) {
        values.push_back(static_cast<float>(i) + 0.25f * static_cast<float>(k));
      }
    }
  }

  TrainingOptions options() const {
    TrainingOptions o;
    o.train = stateful(Mode::Train, true);
    o.evaluate = stateful(Mode::Evaluate, true);
    o.splits["train"] = {{{values, {kWidth}, {}, {}}}, FieldData{labels, {}, {}, {}}};
    o.schedule = test::constant_schedule();
    o.lr = 1e-3;
    o.order = Order::Sequential;
    return test::with_rule(std::move(o), "adam");
  }

  /// The inputs of one row of the sequential order, 5 batches an epoch of 22 examples.
  float input(std::size_t batch, std::size_t row, std::size_t k) const {
    return values[(row * 5 + batch) * kWidth + k];
  }

  static constexpr std::size_t kExamples = 22;
  std::vector<float> values;
  std::vector<std::int32_t> labels;
};

TEST_F(StateTest, AssignmentsTakeEffectInTheNextStepAndResetsInTheNextEpoch) {
  Training training(options());
  EXPECT_EQ(training.state_names(), (std::vector<std::string>{"sum", "count"}));
  std::vector<float> sum(kBatch * kWidth), count(kWidth);
  for (std::size_t step = 0; step < 8; ++step) {
    if (step % 5 == 0) std::fill(sum.begin(), sum.end(), 0.5f);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += input(step % 5, i / kWidth, i % kWidth);
      count[i % kWidth] += input(step % 5, i / kWidth, i % kWidth);
    }
    training.train(1, kNever);
    EXPECT_EQ(training.parameter("sum"), sum) << step;
    const auto counted = training.parameter("count");
    for (std::size_t k = 0; k < kWidth; ++k) EXPECT_NEAR(counted[k], count[k], 1e-3) << step;
  }
}

TEST_F(StateTest, EvaluationKeepsOrResetsAndLeavesNoTrace) {
  Training training(options());
  training.train(3, kNever);
  const auto before = training.checkpoint();
  const Metrics metrics = training.evaluate("train", kNever);
  EXPECT_EQ(training.checkpoint(), before);
  EXPECT_EQ(training.evaluate("train", kNever).values, metrics.values);

  const auto w = training.parameter("w"), count = training.parameter("count");
  double loss = 0;
  const auto add_row = [&](const float* x, std::int32_t label) {
    double z[kClasses] = {};
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (std::size_t k = 0; k < kWidth; ++k) z[c] += w[c * kWidth + k] * (x[k] + count[k]);
    }
    loss += std::log(std::exp(z[0]) + std::exp(z[1])) - z[label];
  };
  std::vector<float> sum(kBatch * kWidth, 0.5f);
  for (std::size_t batch = 0; batch < 5; ++batch) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += input(batch, i / kWidth, i % kWidth);
    for (std::size_t row = 0; row < kBatch; ++row) {
      add_row(&sum[row * kWidth], labels[row * 5 + batch]);
    }
  }
  for (std::size_t i = 20; i < kExamples; ++i) {
    float x[kWidth];
    for (std::size_t k = 0; k < kWidth; ++k) x[k] = values[i * kWidth + k] + 0.5f;
    add_row(x, labels[i]);
  }
  EXPECT_NEAR(metrics.at("cross_entropy"), loss / kExamples, 1e-3 * loss / kExamples);
  EXPECT_THROW(metrics.at("accuracy"), std::invalid_argument);

  EXPECT_THROW(training.evaluate("train", [] { return true; }), Aborted);
  training.predict(std::vector<Values>{std::span(values).first(kBatch * kWidth)});
  const std::vector<Values> batch{std::span(values).first(kBatch * kWidth)};
  training.step_on(batch, Values(std::span(labels).first(kBatch)), false);
  EXPECT_EQ(training.checkpoint(), before);
}

TEST_F(StateTest, CheckpointsGoOnToTheBit) {
  Training whole(options());
  whole.train(9, kNever);
  for (const std::uint64_t at : {3, 5}) {  // in mid-epoch and between epochs
    Training first(options()), second(options());
    first.train(at, kNever);
    second.train(2, kNever);
    second.restore(first.checkpoint());
    second.train(9 - at, kNever);
    EXPECT_EQ(second.checkpoint(), whole.checkpoint());
  }
}

TEST_F(StateTest, StatesCanBeSet) {
  Training training(options());
  const std::vector<float> values{1, 2, 3};
  training.set_parameter("count", values);
  EXPECT_EQ(training.parameter("count"), values);
  EXPECT_THROW(training.set_parameter("sum", values), std::invalid_argument);
}

TEST_F(StateTest, RefusesWhatStatesCannotBe) {
  const auto refuse = [&](auto damage, const char* says) {
    TrainingOptions o = options();
    damage(o);
    try {
      const Training training(std::move(o));
      ADD_FAILURE() << says;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
  };
  using O = TrainingOptions;
  const auto sum = [](Program& p) -> Tensor& {
    return *std::find_if(p.tensors.begin(), p.tensors.end(),
                         [](const Tensor& t) { return t.name == "sum"; });
  };
  refuse([](O& o) { std::swap(o.train.ops.end()[-2], o.train.ops.end()[-3]); }, "assignments end");
  refuse([&](O& o) { sum(o.train).initializer.reset(); }, "is a state and needs an initializer");
  refuse([&](O& o) { sum(o.train).name = "w"; }, "another parameter or state");
  refuse([&](O& o) { sum(o.evaluate).reset = false; }, "is not in the training program");
  refuse([&](O& o) { o.train.ops.back().inputs[0] = o.train.ops.back().outputs[0]; },
         "a state itself");
  refuse([](O& o) { o.train.ops[0].outputs[0] = 3; }, "states by assign");
  refuse([](O& o) { o.batch_size = 2 * kBatch; }, "carried from batch to batch");
}

/// logits[n] = Σ_t table[ids[n,t]] · scale[n], by one-hot products: two inputs, one of them i32.
TEST(Fields, SeveralInputsOfAnyTypeAreCheckedAgainstTheProgram) {
  const auto program = [](Mode mode) {
    test::ProgramBuilder b("fields", mode, 2);
    const TensorId x = b.tensor("x", {2, 3}, Role::Input);
    const TensorId ids = b.tensor("ids", {2, 4}, Role::Input);
    b.program.tensors[ids].dtype = DataType::I32;
    b.program.tensors[ids].limit = 5;
    const TensorId labels = b.labels({2}, 2);
    const TensorId w = b.parameter("w", {2, 3}, 3, true);
    const TensorId logits = b.tensor("logits", {2, 2});
    const TensorId loss = b.tensor("cross_entropy", {}, Role::Metric);
    const TensorId errors = b.tensor("classification_error", {}, Role::Metric);
    b.op("dense", {x, w}, {logits}, {{"transposed", test::kTrue}});
    const TensorId dlogits = b.tensor("dlogits", {2, 2});
    std::vector<TensorId> outputs{loss, errors};
    if (mode == Mode::Train) outputs.push_back(dlogits);
    b.op("softmax_cross_entropy", {logits, labels}, outputs);
    if (mode == Mode::Train) {
      b.op("dense_grad_weight", {x, dlogits}, {b.gradient(w)}, {{"transposed", test::kTrue}});
    }
    return b.program;
  };
  const std::vector<float> x(3 * 6, 1.5f);
  const std::vector<std::uint8_t> bytes(3 * 6, 7);
  std::vector<std::int32_t> ids(4 * 6), labels{0, 1, -1, 0, 1, 1};
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i % 5);
  TrainingOptions good;
  good.train = program(Mode::Train);
  good.evaluate = program(Mode::Evaluate);
  good.splits["train"] = {{{x, {3}, {}, {}}, {ids, {4}, {}, {}}}, FieldData{labels, {}, {}, {}}};
  good.schedule = test::constant_schedule();
  good.lr = 1e-3;
  good = test::with_rule(std::move(good), "sgd");

  Training training(good);
  training.train(5, kNever);
  const Metrics metrics = training.evaluate("train", kNever);
  EXPECT_EQ(metrics.examples, 6u);
  EXPECT_EQ(metrics.values.size(), 2u);
  const auto& executor = training.train_executor();
  ASSERT_EQ(executor.inputs.size(), 2u);

  const auto refuse = [&](auto damage, const char* says) {
    TrainingOptions o = good;
    damage(o.splits["train"]);
    try {
      const Training broken(std::move(o));
      ADD_FAILURE() << says;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
  };
  std::vector<std::int32_t> wild = ids, negative = ids, wrong = labels;
  wild[13] = 5;
  negative[0] = -1;
  wrong[4] = 2;
  refuse([&](SplitData& s) { s.inputs[1].values = wild; },
         "split 'train', input 'ids': value 5 of example 3 is outside [0, 5)");
  refuse([&](SplitData& s) { s.inputs[1].values = negative; }, "value -1 of example 0");
  refuse([&](SplitData& s) { s.labels->values = wrong; }, "label 2 of example 4");
  refuse([&](SplitData& s) { s.inputs[1].values = x; }, "the program takes i32");
  refuse([&](SplitData& s) { s.inputs[0].values = std::span(ids).first(18); }, "takes f32");
  refuse([&](SplitData& s) { s.inputs.pop_back(); }, "has 1 inputs, the program takes 2");
  refuse([&](SplitData& s) { s.labels.reset(); }, "has no labels");
  refuse([&](SplitData& s) { s.inputs[0].shape = {1 << 29, 1 << 29, 1 << 29}; }, "no examples");

  std::vector<Values> batch{std::span(x).first(6), std::span(ids).first(8)};
  const Values of_batch = std::span(labels).first(2);
  EXPECT_TRUE(std::isfinite(training.step_on(batch, of_batch, true)));
  EXPECT_THROW(training.step_on(batch, std::nullopt, true), std::invalid_argument);
  EXPECT_THROW(training.step_on(std::span(batch).first(1), of_batch, true), std::invalid_argument);
  batch[1] = std::span(wild).subspan(12, 8);
  EXPECT_THROW(training.step_on(batch, of_batch, true), std::invalid_argument);
  EXPECT_THROW(training.predict(batch), std::invalid_argument);
}

// The same batches in parts: the same gradients but for rounding, and the same losses.
TEST(MicroBatches, AddUpToTheWholeBatch) {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 64 * 10; ++i) values.push_back(std::sin(0.1f * static_cast<float>(i * i)));
  for (int i = 0; i < 64; ++i) labels.push_back(i % 7 == 0 ? -1 : i % 3);
  const auto training = [&](std::int64_t micro) {
    TrainingOptions o;
    o.train = test::mlp(Mode::Train, micro, 10, 16, 3);
    o.evaluate = test::mlp(Mode::Evaluate, micro, 10, 16, 3);
    o.splits["train"] = {{{values, {10}, {}, {}}}, FieldData{labels, {}, {}, {}}};
    o.schedule = test::constant_schedule();
    o.lr = 1e-2;
    o.l2 = 1e-3;
    o.clip_norm = 0.5;
    o.batch_size = 16;
    return std::make_unique<Training>(test::with_rule(std::move(o), "momentum"));
  };
  const auto whole = training(16);
  const TrainResult expected = whole->train(20, kNever);
  const Metrics metrics = whole->evaluate("train", kNever);
  for (const std::int64_t micro : {8, 4, 1}) {
    const auto parts = training(micro);
    const TrainResult result = parts->train(20, kNever);
    for (std::size_t k = 0; k < 20; ++k) EXPECT_NEAR(result.losses[k], expected.losses[k], 1e-5);
    for (const std::string& name : whole->parameter_names()) {
      const auto a = whole->parameter(name), b = parts->parameter(name);
      for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-6) << name;
    }
    EXPECT_NEAR(parts->evaluate("train", kNever).at("cross_entropy"), metrics.at("cross_entropy"),
                1e-5);
    EXPECT_LT(parts->memory().arena_bytes, whole->memory().arena_bytes);
    EXPECT_THROW(parts->restore(whole->checkpoint()), std::invalid_argument);
  }
  EXPECT_THROW(training(6), std::invalid_argument);
}

TEST(StepContext, TellsKernelsWhereTheyAre) {
  static std::vector<StepContext> seen;
  static constexpr OpDefinition kSpy{
      .name = "spy",
      .check = [](const OpView&) {},
      .plan =
          [](const OpView& op, Planner& planner) {
            const cpu::Desc layout = cpu::row_major(op.input(0).shape);
            const BufferId x = planner.read(op.op().inputs[0], layout);
            planner.alias(op.op().outputs[0], x, layout);
            planner.emit(op, {x}, [](const Binder& b) -> Kernel {
              return [context = b.context()] { seen.push_back(*context); };
            });
          },
      .alias = true};
  const auto spied = [](Mode mode) {
    Program program = test::mlp(mode, 4, 3, 5, 2);
    Op& first = program.ops.front();
    Tensor copy = program.tensors[first.inputs[0]];
    copy.role = Role::Temporary;
    program.tensors.push_back(copy);
    const auto id = static_cast<TensorId>(program.tensors.size() - 1);
    Op spy;
    spy.definition = &kSpy;
    spy.inputs = {first.inputs[0]};
    spy.outputs = {id};
    first.inputs[0] = id;
    program.ops.insert(program.ops.begin(), spy);
    return program;
  };
  const std::vector<float> values(3 * 18, 1);
  const std::vector<std::int32_t> labels(18);
  TrainingOptions o;
  o.train = spied(Mode::Train);
  o.evaluate = spied(Mode::Evaluate);
  o.splits["train"] = {{{values, {3}, {}, {}}}, FieldData{labels, {}, {}, {}}};
  o.schedule = test::constant_schedule();
  o.lr = 1e-2;
  o.seed = 77;
  o.batch_size = 8;
  Training training(test::with_rule(std::move(o), "sgd"));
  seen.clear();
  training.train(2, kNever);
  ASSERT_EQ(seen.size(), 4u);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(seen[k].seed, 77u);
    EXPECT_EQ(seen[k].step, k / 2);
    EXPECT_EQ(seen[k].first_row, static_cast<std::int64_t>(k % 2 * 4));
    EXPECT_EQ(seen[k].rows, 4);
  }
  seen.clear();
  training.evaluate("train", kNever);
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen[4].first_row, 16);
  EXPECT_EQ(seen[4].rows, 2);
  EXPECT_EQ(seen[4].step, 2u);
}

}  // namespace
}  // namespace optcmp
