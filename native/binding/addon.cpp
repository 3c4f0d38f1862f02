// The addon: a Trainer class whose long commands return promises, and facts about the build.
#include <napi.h>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "backend/cpu/onednn.hpp"
#include "binding/convert.hpp"
#include "runtime/trainer.hpp"

namespace optcmp::binding {
namespace {

/// What an exception becomes in JavaScript: TypeError for what the caller got wrong.
Napi::Error to_error(Napi::Env env, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Napi::Error& e) {
    return e;
  } catch (const std::invalid_argument& e) {
    return Napi::TypeError::New(env, e.what());
  } catch (const std::bad_alloc&) {
    return Napi::RangeError::New(env, "out of memory");
  } catch (const std::exception& e) {
    return Napi::Error::New(env, e.what());
  }
}

/// Runs `body`, turning C++ exceptions into JavaScript ones.
template <class Body>
auto guarded(Napi::Env env, const Body& body) {
  try {
    return body();
  } catch (...) {
    throw to_error(env, std::current_exception());
  }
}

Values view(const OwnedValues& values) {
  return std::visit([](const auto& list) -> Values { return std::span(list); }, values);
}

std::vector<Values> views(const std::vector<OwnedValues>& batch) {
  std::vector<Values> result;
  for (const OwnedValues& values : batch) result.push_back(view(values));
  return result;
}

/// A command under way: its promise, and what must stay alive until it settles.
template <class Result>
struct Pending {
  explicit Pending(const Napi::CallbackInfo& info)
      : deferred(Napi::Promise::Deferred::New(info.Env())),
        self(Napi::Persistent(info.This().As<Napi::Object>())) {}

  void settle(Napi::Env env) {
    const Napi::HandleScope scope(env);
    if (error) return deferred.Reject(to_error(env, error).Value());
    if constexpr (std::is_same_v<Result, std::monostate>) {
      deferred.Resolve(env.Undefined());
    } else {
      deferred.Resolve(from(env, std::move(*result)));
    }
  }

  Napi::Promise::Deferred deferred;
  Napi::ObjectReference self, argument;
  std::optional<Result> result;
  std::exception_ptr error;
};

class TrainerObject : public Napi::ObjectWrap<TrainerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Trainer",
                       {InstanceAccessor<&TrainerObject::step>("step"),
                        InstanceMethod<&TrainerObject::ready>("ready"),
                        InstanceMethod<&TrainerObject::train>("train"),
                        InstanceMethod<&TrainerObject::evaluate>("evaluate"),
                        InstanceMethod<&TrainerObject::checkpoint>("checkpoint"),
                        InstanceMethod<&TrainerObject::restore>("restore"),
                        InstanceMethod<&TrainerObject::observe>("observe"),
                        InstanceMethod<&TrainerObject::step_on>("stepOn"),
                        InstanceMethod<&TrainerObject::predict>("predict"),
                        InstanceMethod<&TrainerObject::parameter_names>("parameterNames"),
                        InstanceMethod<&TrainerObject::state_names>("stateNames"),
                        InstanceMethod<&TrainerObject::get_parameter>("getParameter"),
                        InstanceMethod<&TrainerObject::set_parameter>("setParameter"),
                        InstanceMethod<&TrainerObject::get_gradient>("getGradient"),
                        InstanceMethod<&TrainerObject::memory>("memory"),
                        InstanceMethod<&TrainerObject::profile>("profile"),
                        InstanceMethod<&TrainerObject::profile_update>("profileUpdate"),
                        InstanceMethod<&TrainerObject::kernel_name>("kernelName"),
                        InstanceMethod<&TrainerObject::dispose>("dispose")});
  }

  explicit TrainerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TrainerObject>(info) {
    guarded(info.Env(), [&] { trainer_ = std::make_unique<Trainer>(to_options(info[0], data_)); });
  }

  ~TrainerObject() override {
    trainer_.reset();  // before the data it reads
  }

 private:
  using Nothing = std::monostate;

  /// Queues `command(Training&)` and returns a promise of its result.
  template <class Command>
  Napi::Value promise(const Napi::CallbackInfo& info, Command command,
                      const Napi::Value& argument = {}) {
    using Result = std::invoke_result_t<Command, Training&>;
    const Napi::Env env = info.Env();
    auto pending = std::make_shared<Pending<Result>>(info);
    if (!argument.IsEmpty()) pending->argument = Napi::Persistent(argument.As<Napi::Object>());
    auto callback = Napi::ThreadSafeFunction::New(
        env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "optcmp", 0, 1);
    const Napi::Promise result = pending->deferred.Promise();
    trainer_->post([pending = pending.get(), command = std::move(command)](
                       Training& training) mutable { pending->result.emplace(command(training)); },
                   [pending, callback](std::exception_ptr error) mutable {
                     pending->error = error;
                     // The last reference must go on the main thread.
                     auto* owned = new std::shared_ptr<Pending<Result>>(std::move(pending));
                     const auto settle = [](Napi::Env env, Napi::Function,
                                            std::shared_ptr<Pending<Result>>* p) {
                       const std::unique_ptr<std::shared_ptr<Pending<Result>>> released(p);
                       (*p)->settle(env);
                     };
                     callback.BlockingCall(owned, settle);
                     callback.Release();
                   });
    return result;
  }

  /// Runs a short command at once. Refuses while another is under way.
  template <class Command>
  auto now(const Napi::CallbackInfo& info, Command command) {
    return guarded(info.Env(), [&] {
      if (!trainer_->idle()) {
        throw std::runtime_error("the trainer is busy; await its running command first");
      }
      return trainer_->submit(std::move(command)).get();
    });
  }

  /// Stops when the first element of an Int32Array is not 0, or when the trainer is closing.
  StopRequested stop_flag(const Napi::Value& value) const {
    const auto flag = to_ints(value, "the abort flag");
    if (flag.empty()) throw std::invalid_argument("the abort flag is empty");
    return [at = const_cast<std::int32_t*>(flag.data()), trainer = trainer_.get()] {
      return trainer->closing() ||
             std::atomic_ref<std::int32_t>(*at).load(std::memory_order_relaxed) != 0;
    };
  }

  Napi::Value step(const Napi::CallbackInfo& info) {
    return from(info.Env(), static_cast<double>(trainer_->step()));
  }

  Napi::Value ready(const Napi::CallbackInfo& info) {
    return promise(info, [](Training&) { return Nothing(); });
  }

  Napi::Value train(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      return promise(
          info,
          [steps = to_count(info[0], "steps"), stop = stop_flag(info[1])](Training& t) {
            return t.train(steps, stop);
          },
          info[1]);
    });
  }

  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      return promise(
          info,
          [split = to_string(info[0], "split"), stop = stop_flag(info[1])](Training& t) {
            return t.evaluate(split, stop);
          },
          info[1]);
    });
  }

  Napi::Value checkpoint(const Napi::CallbackInfo& info) {
    return guarded(info.Env(),
                   [&] { return promise(info, [](Training& t) { return t.checkpoint(); }); });
  }

  Napi::Value restore(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      const auto view = to_bytes(info[0], "checkpoint");
      return promise(info, [bytes = std::vector(view.begin(), view.end())](Training& t) {
        t.restore(bytes);
        return Nothing();
      });
    });
  }

  void observe(const Napi::CallbackInfo& info) {
    const double value = guarded(info.Env(), [&] { return to_number(info[0], "value"); });
    now(info, [value](Training& t) { t.observe(value); });
  }

  Napi::Value step_on(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      std::optional<OwnedValues> labels;
      if (!info[1].IsUndefined()) labels = to_owned(info[1], "labels");
      const bool update = !info[2].IsBoolean() || info[2].As<Napi::Boolean>().Value();
      return promise(info,
                     [x = to_batch(info[0], "inputs"), y = std::move(labels), update](Training& t) {
                       std::optional<Values> labels;
                       if (y) labels = view(*y);
                       return t.step_on(views(x), labels, update);
                     });
    });
  }

  Napi::Value predict(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      return promise(
          info, [x = to_batch(info[0], "inputs")](Training& t) { return t.predict(views(x)); });
    });
  }

  Napi::Value parameter_names(const Napi::CallbackInfo& info) {
    return from(info.Env(), now(info, [](Training& t) { return t.parameter_names(); }));
  }

  Napi::Value state_names(const Napi::CallbackInfo& info) {
    return from(info.Env(), now(info, [](Training& t) { return t.state_names(); }));
  }

  Napi::Value get_parameter(const Napi::CallbackInfo& info) {
    const std::string name = to_string(info[0], "name");
    return from(info.Env(), now(info, [&](Training& t) { return t.parameter(name); }));
  }

  Napi::Value get_gradient(const Napi::CallbackInfo& info) {
    const std::string name = to_string(info[0], "name");
    return from(info.Env(), now(info, [&](Training& t) { return t.gradient(name); }));
  }

  void set_parameter(const Napi::CallbackInfo& info) {
    const std::string name = to_string(info[0], "name");
    const auto values = to_floats(info[1], "values");
    now(info, [&](Training& t) { t.set_parameter(name, values); });
  }

  Napi::Value profile(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      return promise(info,
                     [runs = to_count(info[0], "runs")](Training& t) { return t.profile(runs); });
    });
  }

  Napi::Value profile_update(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      return promise(
          info, [runs = to_count(info[0], "runs")](Training& t) { return t.profile_update(runs); });
    });
  }

  Napi::Value memory(const Napi::CallbackInfo& info) {
    return from(info.Env(), now(info, [](Training& t) { return t.memory(); }));
  }

  Napi::Value kernel_name(const Napi::CallbackInfo& info) {
    return from(info.Env(), now(info, [](Training& t) { return t.kernel_name(); }));
  }

  void dispose(const Napi::CallbackInfo&) { trainer_->close(); }

  std::vector<Napi::ObjectReference> data_;
  std::unique_ptr<Trainer> trainer_;
};

const char* name(cpu::Bf16 support) {
  switch (support) {
    case cpu::Bf16::Native:
      return "native";
    case cpu::Bf16::Emulated:
      return "emulated";
    case cpu::Bf16::None:
      break;
  }
  return "none";
}

Napi::Value info(const Napi::CallbackInfo& call) {
  auto object = Napi::Object::New(call.Env());
  object["onednn"] = cpu::version();
  object["isa"] = cpu::isa();
  object["bf16"] = name(cpu::bf16_support());
  if (const auto obstacle = cpu::bf16_obstacle()) object["bf16Obstacle"] = *obstacle;
  return object;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports["Trainer"] = TrainerObject::define(env);
  exports["info"] = Napi::Function::New(env, info);
  return exports;
}

}  // namespace

NODE_API_MODULE(optcmp, init)

}  // namespace optcmp::binding
