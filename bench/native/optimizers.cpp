// Time of one update of 25 million parameters by every built-in rule, next to the memory bandwidth
// of STREAM-like loops over the same buffers. Prints one JSON object.
//
//   optcmp_bench_optimizers [threads] [repetitions]
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "optim/built_in_rules.hpp"
#include "optim/updater.hpp"

namespace {

using optcmp::optim::BuiltInRule;
using optcmp::optim::Range;
using optcmp::optim::Updater;

constexpr std::size_t kSize = 25'000'000;
constexpr std::size_t kRepetitions = 3;
constexpr std::size_t kSlots = 3;  ///< Buffers of state.

/// Page-aligned, on huge pages where the system has them, each shifted by a different number of
/// cache lines so that buffers do not compete for the same cache sets.
class Buffer {
 public:
  explicit Buffer(std::size_t index)
      : memory_(static_cast<float*>(std::aligned_alloc(kAlignment, kBytes))) {
    if (memory_ == nullptr) std::abort();
    madvise(memory_, kBytes, MADV_HUGEPAGE);
    values_ = memory_ + index * 16 * 5;
    for (std::size_t i = 0; i < kSize; ++i) values_[i] = 0.5F + 1e-8F * static_cast<float>(i);
  }
  ~Buffer() { std::free(memory_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  float* data() { return values_; }

 private:
  static constexpr std::size_t kAlignment = std::size_t{1} << 21;
  static constexpr std::size_t kBytes = (kSize * 4 / kAlignment + 2) * kAlignment;
  float* memory_;
  float* values_;
};

/// Runs `body(begin, end)` over [0, kSize) on `threads` threads.
void parallel(std::size_t threads, const std::function<void(std::size_t, std::size_t)>& body) {
  std::vector<std::thread> team;
  const std::size_t share = (kSize / threads + 15) / 16 * 16;
  for (std::size_t k = 1; k < threads; ++k)
    team.emplace_back(body, k * share, std::min(kSize, (k + 1) * share));
  body(0, std::min(kSize, share));
  for (std::thread& thread : team) thread.join();
}

double seconds(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Case {
  std::string name;
  std::string kind;
  double bytes;  ///< Read and written.
  std::function<void()> run;
  std::vector<double> times = {};
};

#pragma GCC push_options
#pragma GCC optimize("O3")
__attribute__((target_clones("avx512f", "avx2", "default"))) void scale(float* a, const float* b,
                                                                        std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] = b[i] * 1.0001F;
}
__attribute__((target_clones("avx512f", "avx2", "default"))) void triad(float* a, const float* b,
                                                                        const float* c,
                                                                        std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] = b[i] + 1e-9F * c[i];
}
#pragma GCC pop_options

}  // namespace

int main(int argc, char** argv) {
  const std::size_t threads = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
  if (threads == 0) {
    std::fprintf(stderr, "usage: optcmp_bench_optimizers [threads >= 1]\n");
    return 2;
  }
  Buffer p(0), g(1), s0(2), s1(3), s2(4);

  std::vector<Case> cases;
  const auto each = [&](auto body) { return [&, body] { parallel(threads, body); }; };
  // Bytes as the memory sees them: a store to a line that was not read reads it first.
  cases.push_back({"scale", "loop", 12.0 * kSize, each([&](std::size_t begin, std::size_t end) {
                     scale(s0.data() + begin, g.data() + begin, end - begin);
                   })});
  cases.push_back({"triad", "loop", 16.0 * kSize, each([&](std::size_t begin, std::size_t end) {
                     triad(s0.data() + begin, g.data() + begin, s1.data() + begin, end - begin);
                   })});
  cases.push_back(
      {"triad_in_place", "loop", 12.0 * kSize, each([&](std::size_t begin, std::size_t end) {
         triad(p.data() + begin, p.data() + begin, g.data() + begin, end - begin);
       })});

  std::vector<std::pair<Updater, std::uint64_t>> updaters;
  const std::vector<BuiltInRule> rules = optcmp::optim::built_in_rules();
  updaters.reserve(3 * rules.size());
  for (const std::string kind : {"kernel", "fused", "evaluator"}) {
    for (const BuiltInRule& built_in : rules) {
      if (built_in.rule.state.size() > kSlots) std::abort();
      optcmp::optim::Schedule constant{
          "constant", {{"lr"}, {}, {{"lr", {optcmp::optim::Operand::Kind::Input, 0, 0}}}}};
      optcmp::optim::Rule rule = built_in.rule;
      if (kind != "kernel") rule.fingerprint.clear();
      updaters.emplace_back(Updater(rule, constant, built_in.defaults, 1e-6,
                                    optcmp::optim::default_instruction_set(), kind == "fused"),
                            0);
      auto& [updater, step] = updaters.back();
      const double bytes = (12.0 + 8.0 * static_cast<double>(rule.state.size())) * kSize;
      const auto run = [&] {
        updater.begin_step(step++);
        parallel(threads, [&](std::size_t begin, std::size_t end) {
          float* state[] = {s0.data() + begin, s1.data() + begin, s2.data() + begin};
          updater.update({p.data() + begin, g.data() + begin, state, end - begin}, {});
        });
      };
      cases.push_back({rule.name, kind, bytes, run});
    }
  }

  for (Case& entry : cases) entry.run();
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\n') continue;
    // In turn, so that a slow moment of the machine falls on all alike.
    for (Case& entry : cases) entry.times.clear();
    for (std::size_t k = 0; k < kRepetitions; ++k)
      for (Case& entry : cases) entry.times.push_back(seconds(entry.run));
    std::printf("{\"kernel\": \"%s\", \"cases\": [", updaters.front().first.kernel_name().c_str());
    for (const Case& entry : cases) {
      std::printf("%s{\"name\": \"%s\", \"kind\": \"%s\", \"seconds\": %.7f, \"bytes\": %.0f}",
                  &entry == cases.data() ? "" : ", ", entry.name.c_str(), entry.kind.c_str(),
                  median(entry.times), entry.bytes);
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }
  return 0;
}
