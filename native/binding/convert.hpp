// JavaScript values to the core's structs. Everything wrong with them becomes a TypeError that says
// where.
#pragma once

#include <napi.h>

#include <variant>
#include <vector>

#include "runtime/training.hpp"

namespace optcmp::binding {

/// A TrainerOptions (src/engine/types.ts). The splits' arrays are referenced, not copied: they are
/// added to `keep_alive`.
TrainingOptions to_options(const Napi::Value& value,
                           std::vector<Napi::ObjectReference>& keep_alive);

/// A copy of values of a batch.
using OwnedValues = std::variant<std::vector<float>, std::vector<std::int32_t>>;

std::string to_string(const Napi::Value& value, const std::string& where);
std::span<const float> to_floats(const Napi::Value& value, const std::string& where);
std::span<const std::int32_t> to_ints(const Napi::Value& value, const std::string& where);
Values to_values(const Napi::Value& value, const std::string& where);
/// A typed array, copied.
OwnedValues to_owned(const Napi::Value& value, const std::string& where);
/// One typed array or an array of them, copied.
std::vector<OwnedValues> to_batch(const Napi::Value& value, const std::string& where);
std::span<const std::byte> to_bytes(const Napi::Value& value, const std::string& where);
double to_number(const Napi::Value& value, const std::string& where);
/// A whole number in [0, 2⁵³).
std::uint64_t to_count(const Napi::Value& value, const std::string& where);

Napi::Value from(Napi::Env env, const TrainResult& result);
Napi::Value from(Napi::Env env, const Metrics& metrics);
Napi::Value from(Napi::Env env, const KernelTime& time);
Napi::Value from(Napi::Env env, const std::vector<KernelTime>& times);
Napi::Value from(Napi::Env env, const MemoryUse& memory);
Napi::Value from(Napi::Env env, const std::vector<float>& values);
/// Takes the bytes over without a copy.
Napi::Value from(Napi::Env env, std::vector<std::byte>&& bytes);
Napi::Value from(Napi::Env env, const std::vector<std::string>& names);
Napi::Value from(Napi::Env env, const std::string& text);
Napi::Value from(Napi::Env env, double number);

}  // namespace optcmp::binding
