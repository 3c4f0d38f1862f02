#include "runtime/trainer.hpp"

#include <stdexcept>
#include <utility>

namespace optcmp {
namespace {

std::exception_ptr closed_error() {
  return std::make_exception_ptr(std::runtime_error("the trainer is disposed"));
}

}  // namespace

Trainer::Trainer(TrainingOptions options)
    : thread_([this, options = std::move(options)]() mutable { loop(std::move(options)); }) {}

Trainer::~Trainer() {
  close();
  thread_.join();
}

void Trainer::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
}

void Trainer::post(Command command, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      ++pending_;
      queue_.push_back({std::move(command), std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  done(closed_error());
}

bool Trainer::next(Item& item) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
  if (queue_.empty()) return false;
  item = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void Trainer::loop(TrainingOptions options) {
  std::unique_ptr<Training> training;
  std::exception_ptr creation_error;
  try {
    training = std::make_unique<Training>(std::move(options));
  } catch (...) {
    creation_error = std::current_exception();
  }
  Item item;
  while (next(item)) {
    std::exception_ptr error = closing_ ? closed_error() : creation_error;
    try {
      if (!error) item.command(*training);
    } catch (...) {
      error = std::current_exception();
    }
    if (training) step_ = training->step();
    --pending_;
    item.done(error);
    item = {};
  }
}

}  // namespace optcmp
