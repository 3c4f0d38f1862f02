// A training run on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>

#include "runtime/training.hpp"

namespace optcmp {

/// Owns a thread on which everything of one Training happens, creation and destruction included,
/// with an OpenMP team of `options.threads`. Commands run in the order they are given.
class Trainer {
 public:
  /// Starts the thread and returns; when creation fails every command fails with its error.
  explicit Trainer(TrainingOptions options);
  /// Stops between two steps and waits for the thread.
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  using Command = std::function<void(Training&)>;
  using Done = std::function<void(std::exception_ptr)>;

  /// Queues `command`; `done` is called on the trainer's thread with null or what was thrown.
  void post(Command command, Done done);

  /// As `post`, with the command's result in a future.
  template <class F>
  std::future<std::invoke_result_t<F, Training&>> submit(F command);

  /// True when no command is queued or running.
  bool idle() const { return pending_ == 0; }

  /// Training steps done after the last command.
  std::uint64_t step() const { return step_; }

  /// True once the trainer is closing: running commands should stop.
  bool closing() const { return closing_; }

  /// Ends the thread after the step it is in; commands not yet run fail. Does not wait.
  void close();

 private:
  struct Item {
    Command command;
    Done done;
  };
  template <class T>
  using Wrapped = std::conditional_t<std::is_void_v<T>, bool, T>;

  void loop(TrainingOptions options);
  bool next(Item& item);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::atomic<std::size_t> pending_{0};
  std::atomic<std::uint64_t> step_{0};
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

template <class F>
std::future<std::invoke_result_t<F, Training&>> Trainer::submit(F command) {
  using Result = std::invoke_result_t<F, Training&>;
  auto result = std::make_shared<std::optional<Wrapped<Result>>>();
  auto promise = std::make_shared<std::promise<Result>>();
  std::future<Result> future = promise->get_future();
  post(
      [result, command = std::move(command)](Training& training) mutable {
        if constexpr (std::is_void_v<Result>) {
          command(training);
        } else {
          result->emplace(command(training));
        }
      },
      [result, promise](std::exception_ptr error) {
        if (error) return promise->set_exception(error);
        if constexpr (std::is_void_v<Result>) {
          promise->set_value();
        } else {
          promise->set_value(std::move(**result));
        }
      });
  return future;
}

}  // namespace optcmp
