#include "runtime/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "../allocation_counter.hpp"
#include "../program_builder.hpp"
#include "../training_options.hpp"

namespace optcmp {
namespace {

using test::with_rule;

constexpr auto kNever = [] { return false; };

struct Data {
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;
  std::vector<std::int32_t> labels;
};

/// Noisy images whose brightness pattern follows their class.
Data images(std::size_t examples, std::size_t size, std::int32_t classes) {
  std::mt19937 random(5);
  Data data;
  for (std::size_t i = 0; i < examples; ++i) {
    const auto label = static_cast<std::int32_t>(i) % classes;
    data.labels.push_back(label);
    for (std::size_t k = 0; k < size; ++k) {
      const bool bright = static_cast<std::int32_t>(k) % classes == label;
      data.bytes.push_back(static_cast<std::uint8_t>((bright ? 120 : 0) + random() % 130));
      data.floats.push_back(static_cast<float>(data.bytes.back()) / 255);
    }
  }
  return data;
}

class TrainingTest : public testing::Test {
 protected:
  TrainingOptions options(const std::string& rule = "adam") const {
    TrainingOptions o;
    o.train = test::two_conv_two_dense(Mode::Train, 8, 8, 4, 6, 20, 3);
    o.evaluate = test::two_conv_two_dense(Mode::Evaluate, 8, 8, 4, 6, 20, 3);
    const std::vector<double> mean{0.5}, stddev{0.25};
    const auto split = [&](std::size_t examples) -> SplitData {
      const auto bytes = std::span<const std::uint8_t>(data.bytes).first(examples * 64);
      const auto labels = std::span<const std::int32_t>(data.labels).first(examples);
      return {{{bytes, {1, 8, 8}, mean, stddev}}, FieldData{labels, {}, {}, {}}};
    };
    o.splits["train"] = split(60);
    o.splits["validation"] = split(21);
    o.schedule = test::constant_schedule();
    o.lr = 3e-3;
    o.seed = 9;
    return with_rule(o, rule);
  }

  Data data = images(60, 64, 3);
};

double step_on(Training& training, const std::vector<float>& batch,
               const std::vector<std::int32_t>& labels, bool update) {
  const Values inputs[]{batch};
  return training.step_on(inputs, labels, update);
}

std::vector<std::byte> final_state(TrainingOptions options, std::uint64_t steps) {
  Trainer trainer(std::move(options));
  return trainer
      .submit([steps](Training& training) {
        training.train(steps, kNever);
        return training.checkpoint();
      })
      .get();
}

TEST_F(TrainingTest, LearnsAndEvaluatesEveryExampleOnce) {
  Training training(options());
  const Metrics before = training.evaluate("validation", kNever);
  const TrainResult result = training.train(150, kNever);
  const Metrics after = training.evaluate("validation", kNever);
  EXPECT_EQ(result.step, 150u);
  EXPECT_EQ(result.losses.size(), 150u);
  EXPECT_FALSE(result.diverged);
  EXPECT_EQ(after.examples, 21u);
  EXPECT_LT(after.at("cross_entropy"), before.at("cross_entropy") / 5);
  EXPECT_EQ(after.at("classification_error"), 0);
}

TEST_F(TrainingTest, PredictionsExplainTheMetrics) {
  Training training(options());
  training.train(5, kNever);
  double loss = 0, errors = 0;
  for (std::size_t begin = 0; begin < 21; begin += 8) {
    std::vector<float> batch(8 * 64, 0.0f);
    for (std::size_t i = begin * 64; i < std::min<std::size_t>(begin + 8, 21) * 64; ++i) {
      batch[i - begin * 64] = (data.floats[i] - 0.5f) / 0.25f;
    }
    const std::vector<float> logits = training.predict(std::vector<Values>{batch});
    ASSERT_EQ(logits.size(), 24u);
    for (std::size_t i = begin; i < std::min<std::size_t>(begin + 8, 21); ++i) {
      const float* z = &logits[(i - begin) * 3];
      loss -= z[data.labels[i]] - std::log(std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]));
      errors += std::max_element(z, z + 3) - z != data.labels[i];
    }
  }
  const Metrics metrics = training.evaluate("validation", kNever);
  EXPECT_NEAR(metrics.at("cross_entropy"), loss / 21, 1e-5);
  EXPECT_NEAR(metrics.at("classification_error"), errors / 21, 1e-12);
}

TEST_F(TrainingTest, SameSeedSameBits) {
  EXPECT_EQ(final_state(options(), 20), final_state(options(), 20));
  TrainingOptions other = options();
  other.seed = 10;
  EXPECT_NE(final_state(options(), 20), final_state(std::move(other), 20));
}

TEST_F(TrainingTest, CheckpointInMidEpochGoesOnToTheBit) {
  for (const char* rule : {"adam", "nadam", "rmsprop", "sgd"}) {
    const auto whole = final_state(options(rule), 30);
    Training first(options(rule));
    first.train(11, kNever);
    const auto checkpoint = first.checkpoint();
    Training second(options(rule));
    second.train(3, kNever);
    second.restore(checkpoint);
    EXPECT_EQ(second.step(), 11u);
    second.evaluate("validation", kNever);
    second.train(19, kNever);
    EXPECT_EQ(second.checkpoint(), whole) << rule;
  }
}

TEST_F(TrainingTest, CheckpointsWhatTheScheduleLearned) {
  using optim::Operand;
  const auto input = [](std::uint32_t k) { return Operand{Operand::Kind::Input, k, 0}; };
  // The rate is the last measurement.
  TrainingOptions watching = options("sgd");
  watching.schedule = {"follow",
                       {{"rate"}, {}, {{"lr", input(0)}}},
                       {{"rate", 0.5}},
                       {{"value"}, {}, {{"rate", input(0)}}}};
  Training first(watching);
  first.train(2, kNever);
  first.observe(0.01);
  const auto checkpoint = first.checkpoint();
  Training second(watching);
  second.restore(checkpoint);
  first.train(2, kNever);
  second.train(2, kNever);
  EXPECT_EQ(second.checkpoint(), first.checkpoint());
  Training deaf(options("sgd"));
  EXPECT_THROW(deaf.restore(checkpoint), std::invalid_argument);
}

TEST_F(TrainingTest, RefusesWrongCheckpoints) {
  Training training(options());
  training.train(2, kNever);
  const auto good = training.checkpoint();
  const auto message = [&](const std::vector<std::byte>& bytes) -> std::string {
    try {
      training.restore(bytes);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{40}, good.size() - 8, good.size() - 1}) {
    EXPECT_NE(
        message({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}).find("truncated"),
        std::string::npos);
  }
  for (std::size_t at = 24; at < good.size(); at += 997) {
    auto bad = good;
    bad[at] ^= std::byte{4};
    EXPECT_NE(message(bad).find("damaged"), std::string::npos) << at;
  }
  auto foreign = good;
  foreign[0] ^= std::byte{1};
  EXPECT_NE(message(foreign).find("not a checkpoint"), std::string::npos);
  EXPECT_NE(message(final_state(options("nadam"), 1)).find("another program or update rule"),
            std::string::npos);
  EXPECT_EQ(training.checkpoint(), good);  // untouched
}

TEST_F(TrainingTest, StepsAllocateNothing) {
  for (const int threads : {1, 2}) {
    TrainingOptions o = options();
    o.clip_norm = 1;
    o.l2 = 1e-4;
    o.threads = threads;
    Training training(std::move(o));
    training.train(3, kNever);
    const std::vector<float> batch(8 * 64, 0.5f);
    const std::vector<std::int32_t> labels{0, 1, 2, 0, 1, 2, 0, -1};
    step_on(training, batch, labels, true);
    const std::size_t before = test::allocations();
    for (int i = 0; i < 20; ++i) step_on(training, batch, labels, true);
    EXPECT_EQ(test::allocations(), before);

    // A call of train() allocates as often for many steps, epochs included, as for one.
    const StopRequested never = kNever;
    const auto allocated = [&](std::uint64_t steps) {
      const std::size_t begin = test::allocations();
      training.train(steps, never);
      return test::allocations() - begin;
    };
    EXPECT_EQ(allocated(40), allocated(1));
  }
}

TEST_F(TrainingTest, BatchOfTheCallerTakesAStepOrOnlyGradients) {
  Training training(options("sgd"));
  const std::vector<float> batch(8 * 64, 0.5f);
  const std::vector<std::int32_t> labels{0, 1, 2, 0, 1, 2, 0, 1};
  const auto w = training.parameter("w3");
  const double loss = step_on(training, batch, labels, false);
  EXPECT_EQ(training.step(), 0u);
  EXPECT_EQ(training.parameter("w3"), w);
  const auto g = training.gradient("w3");
  EXPECT_EQ(step_on(training, batch, labels, true), loss);
  EXPECT_EQ(training.step(), 1u);
  const auto after = training.parameter("w3");
  for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(after[i], w[i] - 3e-3 * g[i], 1e-8);
}

// Central differences of the loss in a direction, in the whole network.
TEST_F(TrainingTest, GradientsMatchFiniteDifferences) {
  Training training(options());
  std::vector<float> batch(data.floats.begin(), data.floats.begin() + 8 * 64);
  const std::vector<std::int32_t> labels{0, 1, 2, -1, 1, 2, 0, 1};
  step_on(training, batch, labels, false);
  for (const std::string& name : training.parameter_names()) {
    const auto w = training.parameter(name), g = training.gradient(name);
    double norm = 0;
    for (const float v : g) norm += double(v) * v;
    norm = std::sqrt(norm);
    const double h = 1e-3;
    const auto loss_at = [&](double step) {
      auto moved = w;
      for (std::size_t i = 0; i < w.size(); ++i) {
        moved[i] += static_cast<float>(step * g[i] / norm);
      }
      training.set_parameter(name, moved);
      return step_on(training, batch, labels, false);
    };
    const double slope = (loss_at(h) - loss_at(-h)) / (2 * h);
    training.set_parameter(name, w);
    EXPECT_NEAR(slope, norm, 0.01 * norm) << name;
  }
}

TEST_F(TrainingTest, ClippingDecayAndL2DoWhatTheySay) {
  const std::vector<float> batch(8 * 64, 0.5f);
  const std::vector<std::int32_t> labels{0, 0, 0, 0, 1, 1, 1, 1};
  const auto moved = [&](TrainingOptions o, const std::string& name) {
    o.lr = 1;
    Training training(std::move(o));
    const auto before = training.parameter(name);
    step_on(training, batch, labels, true);
    auto after = training.parameter(name);
    for (std::size_t i = 0; i < after.size(); ++i) after[i] -= before[i];
    return std::tuple(before, training.gradient(name), after);
  };
  const auto norm_of_all = [&] {
    Training training(options("sgd"));
    step_on(training, batch, labels, false);
    double sum = 0;
    for (const std::string& name : training.parameter_names()) {
      for (const float g : training.gradient(name)) sum += double(g) * g;
    }
    return std::sqrt(sum);
  }();
  TrainingOptions norm = options("sgd"), value = options("sgd"), l2 = options("sgd"),
                  decay = options("sgd");
  norm.clip_norm = norm_of_all / 4;
  value.clip_value = 1e-3;
  l2.l2 = 0.5;
  decay.weight_decay = 0.5;
  for (const char* name : {"w3", "b4"}) {
    const bool has_decay = name[0] == 'w';
    const auto expect = [&](const TrainingOptions& o, auto step) {
      const auto [p, g, d] = moved(o, name);
      for (std::size_t i = 0; i < p.size(); ++i) {
        ASSERT_NEAR(d[i], step(double(p[i]), double(g[i])), 1e-6) << name;
      }
    };
    expect(norm, [](double, double g) { return -g / 4; });
    expect(value, [](double, double g) { return -std::clamp(g, -1e-3, 1e-3); });
    expect(l2, [&](double p, double g) { return -(g + (has_decay ? 0.5 * p : 0)); });
    expect(decay, [&](double p, double g) { return -(g + (has_decay ? 0.5 * p : 0)); });
  }
}

TEST_F(TrainingTest, AveragesOfZeroGradientsReachZero) {
  Trainer trainer(options());
  const auto checkpoint = trainer
                              .submit([](Training& t) {
                                auto b = t.parameter("b3");
                                t.train(3, kNever);
                                std::fill(b.begin(), b.end(), -1e3f);  // every hidden unit dies
                                t.set_parameter("b3", b);
                                t.train(1200, kNever);
                                return t.checkpoint();
                              })
                              .get();
  std::size_t subnormal = 0;
  for (std::size_t at = 0; at + 4 <= checkpoint.size(); at += 4) {
    std::uint32_t bits;  // this thread may take subnormals for zero
    std::memcpy(&bits, &checkpoint[at], sizeof bits);
    subnormal += (bits & 0x7f800000) == 0 && (bits & 0x007fffff) != 0;
  }
  EXPECT_LT(subnormal, 40u);  // small whole numbers of the format, read as floats
}

TEST_F(TrainingTest, EveryThreadFlushesSubnormals) {
  TrainingOptions o = options();
  o.threads = 2;
  Trainer trainer(std::move(o));
  const float tiny = trainer
                         .submit([](Training& t) {
                           t.train(1, kNever);
                           volatile float small = 1e-20f;
                           float sum = 0;
#pragma omp parallel reduction(+ : sum)
                           sum += small * small * 1e20f;
                           return sum;
                         })
                         .get();
  EXPECT_EQ(tiny, 0);
}

TEST_F(TrainingTest, ThreadsChangeRoundingOnly) {
  TrainingOptions two = options();
  two.threads = 2;
  Trainer a(options()), b(std::move(two));
  const auto train = [](Training& t) { return t.train(10, kNever).losses; };
  const auto la = a.submit(train).get(), lb = b.submit(train).get();
  for (std::size_t i = 0; i < la.size(); ++i) EXPECT_NEAR(la[i], lb[i], 1e-4 * la[i]);
}

TEST_F(TrainingTest, PaddingStaysZeroWhateverTheRule) {
  // p ← p + 1 would grow the padding, log(p) would fill it with NaN.
  TrainingOptions o = options("sgd");
  o.rule.vector.inputs = {"p", "g"};
  o.rule.vector.instructions = {{optim::Operator::Add,
                                 {optim::Operand{optim::Operand::Kind::Input, 0, 0},
                                  optim::Operand{optim::Operand::Kind::Constant, 0, 1}}}};
  o.rule.vector.outputs = {{"p", {optim::Operand::Kind::Result, 0, 0}}};
  o.rule.scalar.outputs.clear();
  o.rule.fingerprint = optim::fingerprint(o.rule);
  Training training(std::move(o));
  const auto before = training.parameter("w2");
  const std::vector<float> batch(8 * 64, 0.5f);
  const std::vector<std::int32_t> labels(8, 1);
  step_on(training, batch, labels, true);
  const auto logits = training.predict(std::vector<Values>{batch});
  Training fresh(options("sgd"));
  for (const std::string& name : fresh.parameter_names()) {
    auto values = fresh.parameter(name);
    for (float& v : values) v += 1;
    fresh.set_parameter(name, values);
  }
  EXPECT_EQ(logits, fresh.predict(std::vector<Values>{batch}));
}

TEST_F(TrainingTest, DivergenceStopsTheRun) {
  Training training(options("sgd"));
  training.train(3, kNever);
  training.set_parameter("b4", std::vector<float>{NAN, 0, 0});
  const auto before = training.parameter("w3");
  const TrainResult result = training.train(50, kNever);
  EXPECT_TRUE(result.diverged);
  EXPECT_EQ(result.step, 4u);
  ASSERT_EQ(result.losses.size(), 1u);
  EXPECT_TRUE(std::isnan(result.losses[0]));
  EXPECT_EQ(training.parameter("w3"), before);  // no update from a loss that is no number

  // One parameter that the loss cannot feel: the update meets it.
  Training quiet(options("sgd"));
  EXPECT_FALSE(quiet.train(1, kNever).diverged);
  auto b = quiet.parameter("b3");
  b[0] = -INFINITY;  // a dead unit
  quiet.set_parameter("b3", b);
  const TrainResult late = quiet.train(5, kNever);
  EXPECT_TRUE(late.diverged);
  EXPECT_EQ(late.step, 2u);
  EXPECT_TRUE(std::isfinite(late.losses.back()));
}

TEST_F(TrainingTest, StopsBetweenSteps) {
  Training training(options());
  int left = 4;
  const TrainResult result = training.train(100, [&] { return left-- == 0; });
  EXPECT_TRUE(result.aborted);
  EXPECT_EQ(result.step, 4u);
  EXPECT_EQ(result.losses.size(), 4u);
  EXPECT_EQ(training.train(2, kNever).step, 6u);
  EXPECT_THROW(training.evaluate("validation", [] { return true; }), Aborted);
  training.train(14, kNever);
  EXPECT_EQ(training.checkpoint(), final_state(options(), 20));
}

TEST_F(TrainingTest, RefusesBadOptions) {
  const auto refuse = [&](auto damage, const std::string& says) {
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
  refuse([](O& o) { o.splits.erase("train"); }, "splits.train");
  refuse([](O& o) { o.hyperparameters.erase("beta1"); }, "'beta1'");
  refuse([](O& o) { o.hyperparameters["nu"] = 1; }, "'nu'");
  refuse([](O& o) { o.lr = NAN; }, "lr");
  refuse([](O& o) { o.l2 = -1; }, "l2");
  refuse([](O& o) { o.weight_decay = INFINITY; }, "weightDecay");
  refuse([](O& o) { o.clip_norm = 0; }, "clipNorm");
  refuse([](O& o) { o.clip_value = NAN; }, "clipValue");
  refuse([](O& o) { o.threads = 0; }, "threads");
  refuse([](O& o) { o.train.mode = Mode::Evaluate; }, "mode 'train'");
  refuse(
      [](O& o) {
        o.splits.at("train").inputs[0].shape = {1, 8, 7};
      },
      "the program takes [1, 8, 8]");
  refuse(
      [](O& o) {
        o.splits["train"].inputs[0].shape = {1, 64};
      },
      "input 'x': examples have shape");
  refuse([](O& o) { o.splits.at("train").inputs[0].stddev = {0.0}; }, "stddev");
  refuse([](O& o) { o.splits.at("train").inputs[0].mean = {0.0, 1.0}; }, "mean");
  refuse([](O& o) { o.evaluate = test::mlp(Mode::Evaluate, 8, 64, 5, 3); }, "training program");
  const std::vector<std::int32_t> labels(60, 3);
  refuse([&](O& o) { o.splits.at("train").labels->values = labels; }, "label 3");
  refuse(
      [&](O& o) {
        SplitData& s = o.splits.at("train");
        s.inputs[0].values = std::span<const std::uint8_t>(data.bytes).first(7 * 64);
        s.labels->values = std::span<const std::int32_t>(data.labels).first(7);
      },
      "fewer examples than one batch");
}

TEST_F(TrainingTest, MemoryIsReported) {
  const Training training(options());
  const MemoryUse memory = training.memory();
  EXPECT_GE(memory.arena_bytes, memory.live_tensor_bytes);
  EXPECT_LE(memory.arena_bytes, memory.live_tensor_bytes * 6 / 5);
  EXPECT_EQ(memory.state_bytes, memory.parameter_bytes);  // Adam: m and v; parameters and gradients
}

TEST_F(TrainingTest, TrainerRunsCommandsInOrderOnItsThread) {
  Trainer trainer(options());
  auto train = trainer.submit([](Training& t) { return t.train(3, kNever).step; });
  auto step = trainer.submit([](Training& t) { return t.step(); });
  EXPECT_EQ(train.get(), 3u);
  EXPECT_EQ(step.get(), 3u);
  EXPECT_THROW(trainer.submit([](Training& t) { t.parameter("nothing"); }).get(),
               std::invalid_argument);
  trainer.close();
  EXPECT_THROW(trainer.submit([](Training&) {}).get(), std::runtime_error);
}

TEST_F(TrainingTest, TrainerReportsAFailedStartWithEveryCommand) {
  TrainingOptions o = options();
  o.lr = NAN;
  Trainer trainer(std::move(o));
  EXPECT_THROW(trainer.submit([](Training&) {}).get(), std::invalid_argument);
  EXPECT_THROW(trainer.submit([](Training&) {}).get(), std::invalid_argument);
}

TEST_F(TrainingTest, TrainersSideBySideDoNotDisturbEachOther) {
  const auto alone = final_state(options(), 15);
  Trainer a(options()), b(options("nadam")), c(options());
  const auto work = [](Training& t) {
    t.train(15, kNever);
    return t.checkpoint();
  };
  auto fa = a.submit(work), fb = b.submit(work), fc = c.submit(work);
  fb.get();
  EXPECT_EQ(fa.get(), alone);
  EXPECT_EQ(fc.get(), alone);
}

}  // namespace
}  // namespace optcmp
