// A training step beside the sum of its convolutions and matrix products, each measured alone in
// the same process on the same buffers, and the optimizer's update, alone too. Prints JSON.
//
//   optcmp_primitives [threads] [rounds] [--kernels]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "optim/built_in_rules.hpp"
#include "runtime/trainer.hpp"
#include "test/program_builder.hpp"

namespace {

using namespace optcmp;

struct Case {
  std::string name;
  Program train, evaluate;
  Shape example;
  std::uint64_t steps;  ///< A round.
};

std::vector<Case> cases() {
  const auto cnn = [](Mode mode) {
    return test::two_conv_two_dense(mode, 256, 28, 32, 64, 1024, 10);
  };
  const auto mlp = [](Mode mode) { return test::mlp(mode, 64, 784, 128, 10); };
  return {{"2c2d, batch 256", cnn(Mode::Train), cnn(Mode::Evaluate), {1, 28, 28}, 2},
          {"MLP 784-128-10, batch 64", mlp(Mode::Train), mlp(Mode::Evaluate), {784}, 300}};
}

optim::BuiltInRule adam() {
  for (auto& built_in : optim::built_in_rules()) {
    if (built_in.rule.name == "adam") return built_in;
  }
  std::abort();
}

/// Seconds of the calling thread where it works alone (other processes do not count), else of the
/// clock.
double seconds(int threads, const std::function<void()>& work) {
  const auto now = [threads] {
    timespec time;
    clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double begin = now();
  work();
  return now() - begin;
}

/// Adam's update alone, on `bytes` of parameters, repeatedly.
class UpdateAlone {
 public:
  UpdateAlone(const optim::BuiltInRule& rule, std::size_t bytes)
      : updater_(rule.rule, test::constant_schedule(), rule.defaults, 1e-4),
        memory_(4 * (bytes + kApart)) {
    const auto buffer = [&](std::size_t k) { return memory_.floats() + k * (bytes + kApart) / 4; };
    states_ = {buffer(2), buffer(3)};
    range_ = {buffer(0), buffer(1), states_.data(), bytes / sizeof(float), 0, 0};
  }
  void run() {
    updater_.begin_step(step_++);
    updater_.update(range_, {});
  }

 private:
  static constexpr std::size_t kApart = 5 * kAlignment;
  optim::Updater updater_;
  AlignedBuffer memory_;
  std::vector<float*> states_;
  optim::Range range_{};
  std::uint64_t step_ = 0;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// A kernel within the step.
struct KernelTime {
  std::string name;
  std::vector<double> seconds;
};

/// Rounds of steps and of primitives alone, in turn, so that both see the same machine.
void measure(const Case& c, int threads, int rounds, bool list, bool last) {
  constexpr std::size_t kExamples = 4096;
  std::vector<std::uint8_t> inputs(kExamples * 784);
  std::vector<std::int32_t> labels(kExamples);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = (i * i * 31 + i / 784 * 17) >> 3;
  for (std::size_t i = 0; i < kExamples; ++i) labels[i] = i % 10;
  const optim::BuiltInRule rule = adam();
  TrainingOptions options;
  options.train = c.train;
  options.evaluate = c.evaluate;
  options.splits["train"] = {{{std::span<const std::uint8_t>(inputs), c.example, {}, {}}},
                             FieldData{labels, {}, {}, {}}};
  options.rule = rule.rule;
  options.schedule = test::constant_schedule();
  for (std::size_t k = 0; k < rule.defaults.size(); ++k) {
    options.hyperparameters[rule.rule.hyperparameters[k]] = rule.defaults[k];
  }
  options.lr = 1e-4;
  options.threads = threads;
  Trainer trainer(std::move(options));

  std::vector<double> steps, primitives, updates;
  std::vector<KernelTime> kernels;
  MemoryUse memory;
  const auto round = [&](Training& training) {
    const auto work = [&] { training.train(c.steps, [] { return false; }); };
    steps.push_back(seconds(threads, work) / static_cast<double>(c.steps));
    const Executor& executor = training.train_executor();
    std::fill_n(static_cast<float*>(executor.inputs[0]), c.train.batch_size * elements(c.example),
                0.5f);
    std::copy_n(labels.begin(), c.train.batch_size, static_cast<std::int32_t*>(executor.labels));
    kernels.resize(executor.kernels.size());
    double sum = 0;
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      const BoundKernel& kernel = executor.kernels[k];
      kernels[k].name = kernel.name;
      kernels[k].seconds.push_back(seconds(threads, kernel.run));
      if (!kernel.compute) continue;
      // Again and again while its inputs still lie in the arena.
      const auto alone = [&] {
        for (std::uint64_t i = 0; i < c.steps; ++i) kernel.run();
      };
      sum += seconds(threads, alone) / static_cast<double>(c.steps);
    }
    primitives.push_back(sum);
    memory = training.memory();
    UpdateAlone update(rule, memory.parameter_bytes / 2);
    update.run();
    const auto repeat = [&] {
      for (std::uint64_t i = 0; i < c.steps; ++i) update.run();
    };
    updates.push_back(seconds(threads, repeat) / static_cast<double>(c.steps));
  };
  for (int r = 0; r < rounds; ++r) trainer.submit(round).get();

  const double step = median(steps), sum = median(primitives), update = median(updates);
  std::printf(
      "  {\"case\": \"%s\", \"threads\": %d, \"stepMs\": %.4f, \"primitivesMs\": %.4f, "
      "\"updateMs\": %.4f, \"ratio\": %.4f, \"arenaMB\": %.1f, \"liveMB\": %.1f",
      c.name.c_str(), threads, step * 1e3, sum * 1e3, update * 1e3, step / sum,
      static_cast<double>(memory.arena_bytes) / 1e6,
      static_cast<double>(memory.live_tensor_bytes) / 1e6);
  if (list) {
    std::printf(", \"kernelsMs\": [");
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      std::printf("%s\n    [\"%s\", %.4f]", k ? "," : "", kernels[k].name.c_str(),
                  median(kernels[k].seconds) * 1e3);
    }
    std::printf("]");
  }
  std::printf("}%s\n", last ? "" : ",");
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  const bool list = argc > 3 && std::strcmp(argv[3], "--kernels") == 0;
  if (threads < 1 || rounds < 1) {
    std::fprintf(stderr, "usage: %s [threads] [rounds] [--kernels]\n", argv[0]);
    return 2;
  }
  const std::vector<Case> all = cases();
  std::printf("[\n");
  for (const Case& c : all) measure(c, threads, rounds, list, &c == &all.back());
  std::printf("]\n");
}
