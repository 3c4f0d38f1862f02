#include "binding/convert.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "ops/registry.hpp"

namespace optcmp::binding {
namespace {

constexpr std::uint32_t kMostEntries = 1u << 24;
constexpr double kMostExact = 9007199254740992.0;

[[noreturn]] void fail(const Napi::Value& value, const std::string& where, const char* expected) {
  throw Napi::TypeError::New(value.Env(), where + " must be " + expected);
}

Napi::Object to_object(const Napi::Value& value, const std::string& where) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray()) {
    fail(value, where, "an object");
  }
  return value.As<Napi::Object>();
}

bool to_bool(const Napi::Value& value, const std::string& where) {
  if (!value.IsBoolean()) fail(value, where, "true or false");
  return value.As<Napi::Boolean>().Value();
}

std::int64_t to_integer(const Napi::Value& value, const std::string& where) {
  const double number = to_number(value, where);
  if (std::trunc(number) != number || std::abs(number) >= kMostExact) {
    fail(value, where, "a whole number");
  }
  return static_cast<std::int64_t>(number);
}

std::uint32_t to_index(const Napi::Value& value, const std::string& where) {
  const std::int64_t number = to_integer(value, where);
  if (number < 0 || number > UINT32_MAX) fail(value, where, "a whole number of at least 0");
  return static_cast<std::uint32_t>(number);
}

/// Calls `each(element, where)` for every element of an array.
template <class Each>
void for_each(const Napi::Value& value, const std::string& where, const Each& each) {
  if (!value.IsArray()) fail(value, where, "an array");
  const auto array = value.As<Napi::Array>();
  const std::uint32_t length = array.Length();
  if (length > kMostEntries) fail(value, where, "an array of at most 2^24 entries");
  for (std::uint32_t k = 0; k < length; ++k) {
    const Napi::HandleScope scope(value.Env());
    each(array.Get(k), where + "[" + std::to_string(k) + "]");
  }
}

template <class T, class Convert>
std::vector<T> to_list(const Napi::Value& value, const std::string& where, const Convert& convert) {
  std::vector<T> list;
  for_each(value, where, [&](const Napi::Value& element, const std::string& at) {
    list.push_back(convert(element, at));
  });
  return list;
}

/// Calls `each(name, value, where)` for every own property.
template <class Each>
void for_each_entry(const Napi::Value& value, const std::string& where, const Each& each) {
  const Napi::Object object = to_object(value, where);
  const Napi::Array names = object.GetPropertyNames();
  for (std::uint32_t k = 0; k < names.Length(); ++k) {
    const std::string name = names.Get(k).ToString();
    each(name, object.Get(name), where + "." + name);
  }
}

bool is_array_of(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

template <class View, napi_typedarray_type Type>
View to_view(const Napi::Value& value, const std::string& where, const char* expected) {
  if (!is_array_of(value, Type)) fail(value, where, expected);
  using Element = std::remove_const_t<typename View::element_type>;
  const auto array = value.As<Napi::TypedArrayOf<Element>>();
  return {array.Data(), array.ElementLength()};
}

/// A value with its property, and where it is, for messages.
struct Field {
  Napi::Object object;
  std::string where;

  Napi::Value get(const char* name) const { return object.Get(name); }
  std::string at(const char* name) const { return where + "." + name; }
  bool has(const char* name) const { return !get(name).IsUndefined(); }
  double number(const char* name) const { return to_number(get(name), at(name)); }
  double number(const char* name, double otherwise) const {
    return has(name) ? number(name) : otherwise;
  }
  std::string text(const char* name) const { return binding::to_string(get(name), at(name)); }
};

Field to_field(const Napi::Value& value, const std::string& where) {
  return {to_object(value, where), where};
}

std::vector<float> to_data(const Napi::Value& value, const std::string& where) {
  if (is_array_of(value, napi_int32_array)) {
    const auto view = to_ints(value, where);
    return {view.begin(), view.end()};
  }
  if (value.IsTypedArray()) {
    const auto view = to_floats(value, where);
    return {view.begin(), view.end()};
  }
  return to_list<float>(value, where, [](const Napi::Value& v, const std::string& at) {
    return static_cast<float>(to_number(v, at));
  });
}

Initializer to_initializer(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  Initializer init;
  init.kind = parse_initializer_kind(field.text("kind"));
  using Kind = Initializer::Kind;
  switch (init.kind) {
    case Kind::Zeros:
    case Kind::Ones:
      break;
    case Kind::Constant:
      init.value = field.number("value");
      break;
    case Kind::Uniform:
      init.low = field.number("low");
      init.high = field.number("high");
      break;
    case Kind::Normal:
    case Kind::TruncatedNormal:
      init.mean = field.number("mean");
      init.stddev = field.number("stddev");
      break;
    default:
      init.fan_in = field.number("fanIn");
      init.fan_out = field.number("fanOut");
  }
  return init;
}

Tensor to_tensor(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  Tensor tensor;
  tensor.name = field.text("name");
  const std::string dtype = field.text("dtype");
  if (dtype != "f32" && dtype != "i32") fail(value, field.at("dtype"), "'f32' or 'i32'");
  tensor.dtype = dtype == "f32" ? DataType::F32 : DataType::I32;
  tensor.shape = to_list<std::int64_t>(field.get("shape"), field.at("shape"), to_integer);
  tensor.role = parse_role(field.text("role"));
  if (field.has("parameter")) {
    tensor.parameter = to_index(field.get("parameter"), field.at("parameter"));
  }
  if (field.has("initializer")) {
    tensor.initializer = to_initializer(field.get("initializer"), field.at("initializer"));
  }
  if (field.has("decay")) tensor.decay = to_bool(field.get("decay"), field.at("decay"));
  if (field.has("evaluation")) {
    const std::string evaluation = field.text("evaluation");
    tensor.reset = evaluation == "reset";
    if (!tensor.reset && evaluation != "keep") {
      fail(value, field.at("evaluation"), "'keep' or 'reset'");
    }
  }
  if (field.has("limit")) tensor.limit = to_integer(field.get("limit"), field.at("limit"));
  if (field.has("data")) tensor.data = to_data(field.get("data"), field.at("data"));
  return tensor;
}

expression::Operand to_operand(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  expression::Operand operand;
  if (field.has("in")) {
    operand.kind = expression::Operand::Kind::Input;
    operand.index = to_index(field.get("in"), field.at("in"));
  } else if (field.has("op")) {
    operand.kind = expression::Operand::Kind::Result;
    operand.index = to_index(field.get("op"), field.at("op"));
  } else {
    operand.value = field.number("const");
  }
  return operand;
}

expression::Instruction to_instruction(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  const std::string name = field.text("op");
  const auto known =
      std::find_if(std::begin(expression::kOperators), std::end(expression::kOperators),
                   [&](const auto& info) { return info.name == name; });
  if (known == std::end(expression::kOperators)) fail(value, field.at("op"), "a known operator");
  const auto args = to_list<expression::Operand>(field.get("args"), field.at("args"), to_operand);
  if (args.size() != known->arity) {
    const std::string expected = "an array of " + std::to_string(known->arity);
    fail(value, field.at("args"), expected.c_str());
  }
  expression::Instruction instruction;
  instruction.op = static_cast<expression::Operator>(known - std::begin(expression::kOperators));
  std::copy(args.begin(), args.end(), instruction.args.begin());
  return instruction;
}

expression::Code to_code(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  expression::Code code;
  code.inputs = to_list<std::string>(field.get("inputs"), field.at("inputs"), binding::to_string);
  code.instructions = to_list<expression::Instruction>(field.get("instructions"),
                                                       field.at("instructions"), to_instruction);
  code.outputs = to_list<expression::Code::Output>(
      field.get("outputs"), field.at("outputs"),
      [](const Napi::Value& output, const std::string& at) {
        const Field out = to_field(output, at);
        return expression::Code::Output{out.text("name"),
                                        to_operand(out.get("from"), out.at("from"))};
      });
  return code;
}

Attribute to_attribute(const Napi::Value& value, const std::string& where) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (value.IsArray()) return to_list<double>(value, where, to_number);
  return std::make_shared<const expression::Code>(to_code(value, where));
}

Op to_op(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  Op op;
  op.definition = &find_op(field.text("kind"));
  op.name = field.text("name");
  op.inputs = to_list<TensorId>(field.get("inputs"), field.at("inputs"), to_index);
  op.outputs = to_list<TensorId>(field.get("outputs"), field.at("outputs"), to_index);
  for_each_entry(field.get("attributes"), field.at("attributes"),
                 [&](const std::string& name, const Napi::Value& attribute, const std::string& at) {
                   op.attributes.emplace(name, to_attribute(attribute, at));
                 });
  return op;
}

Program to_program(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  Program program;
  program.name = field.text("name");
  const std::string mode = field.text("mode");
  if (mode != "train" && mode != "evaluate") {
    fail(value, field.at("mode"), "'train' or 'evaluate'");
  }
  program.mode = mode == "train" ? Mode::Train : Mode::Evaluate;
  program.batch_size = to_integer(field.get("batchSize"), field.at("batchSize"));
  program.tensors = to_list<Tensor>(field.get("tensors"), field.at("tensors"), to_tensor);
  program.ops = to_list<Op>(field.get("ops"), field.at("ops"), to_op);
  return program;
}

FieldData to_field_data(const Napi::Value& value, const std::string& where,
                        std::vector<Napi::ObjectReference>& keep_alive) {
  const Field field = to_field(value, where);
  FieldData data;
  const Napi::Value values = field.get("values");
  data.values = to_values(values, field.at("values"));
  data.shape = to_list<std::int64_t>(field.get("shape"), field.at("shape"), to_integer);
  if (field.has("mean")) {
    data.mean = to_list<double>(field.get("mean"), field.at("mean"), to_number);
  }
  if (field.has("stddev")) {
    data.stddev = to_list<double>(field.get("stddev"), field.at("stddev"), to_number);
  }
  keep_alive.push_back(Napi::Persistent(values.As<Napi::Object>()));
  return data;
}

SplitData to_split(const Napi::Value& value, const std::string& where,
                   std::vector<Napi::ObjectReference>& keep_alive) {
  const Field field = to_field(value, where);
  const auto convert = [&](const Napi::Value& v, const std::string& at) {
    return to_field_data(v, at, keep_alive);
  };
  SplitData split;
  split.inputs = to_list<FieldData>(field.get("inputs"), field.at("inputs"), convert);
  if (field.has("labels")) split.labels = convert(field.get("labels"), field.at("labels"));
  return split;
}

Order to_order(const Napi::Value& value, const std::string& where) {
  const std::string name = binding::to_string(value, where);
  if (name == "shuffled") return Order::Shuffled;
  if (name == "sequential") return Order::Sequential;
  fail(value, where, "'shuffled' or 'sequential'");
}

cpu::Precision to_precision(const Napi::Value& value, const std::string& where) {
  const std::string name = binding::to_string(value, where);
  if (name == "f32") return cpu::Precision::F32;
  if (name == "bf16") return cpu::Precision::Bf16;
  fail(value, where, "'f32' or 'bf16'");
}

std::vector<optim::StateSlot> to_slots(const Napi::Value& value, const std::string& where) {
  return to_list<optim::StateSlot>(value, where, [](const Napi::Value& v, const std::string& at) {
    const Field slot = to_field(v, at);
    return optim::StateSlot{slot.text("name"), slot.number("init")};
  });
}

/// The position of a name in a list; `what` is said when it is in none.
template <class Enum, std::size_t N>
Enum to_enum(const Napi::Value& value, const std::string& where, const char* const (&names)[N]) {
  const std::string text = binding::to_string(value, where);
  std::string allowed;
  for (std::size_t k = 0; k < N; ++k) {
    if (text == names[k]) return static_cast<Enum>(k);
    allowed += (k == 0 ? "" : ", ") + std::string(names[k]);
  }
  fail(value, where, ("one of " + allowed).c_str());
}

optim::Stage to_stage(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  optim::Stage stage;
  if (field.text("kind") == "pass") {
    stage.rank = to_enum<optim::Rank>(field.get("rank"), field.at("rank"), optim::kRankNames);
    stage.code = to_code(field.get("code"), field.at("code"));
    return stage;
  }
  stage.function =
      to_enum<optim::MatrixFunction>(field.get("op"), field.at("op"), optim::kMatrixFunctionNames);
  stage.args = to_list<std::string>(field.get("args"), field.at("args"), binding::to_string);
  for (const int flag : to_list<int>(field.get("transposed"), field.at("transposed"),
                                     [](const Napi::Value&v, const std::string&at) {
                                       return static_cast<int>(to_bool(v, at));
                                     })) {
    stage.transposed.push_back(flag != 0);
  }
  stage.numbers = to_list<double>(field.get("numbers"), field.at("numbers"), to_number);
  if (field.has("when")) {
    const Field when = to_field(field.get("when"), field.at("when"));
    stage.when = when.text("condition");
    stage.otherwise = when.text("otherwise");
  }
  stage.to = field.text("to");
  if (stage.to.empty()) fail(field.get("to"), field.at("to"), "a name");
  return stage;
}

optim::Section to_section(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  optim::Section section;
  section.values = to_list<optim::Value>(
      field.get("values"), field.at("values"), [](const Napi::Value& v, const std::string& at) {
        const Field value = to_field(v, at);
        return optim::Value{
            value.text("name"),
            to_enum<optim::Rank>(value.get("rank"), value.at("rank"), optim::kRankNames)};
      });
  section.stages = to_list<optim::Stage>(field.get("stages"), field.at("stages"), to_stage);
  section.scalar = to_code(field.get("scalar"), field.at("scalar"));
  return section;
}

/// Slots of elements go to `state`, the others to `factors`.
void to_state(const Napi::Value& value, const std::string& where, optim::Rule& rule) {
  to_list<int>(value, where, [&](const Napi::Value& v, const std::string& at) {
    const Field slot = to_field(v, at);
    if (slot.has("rank")) {
      rule.factors.push_back(
          {slot.text("name"),
           to_enum<optim::Rank>(slot.get("rank"), slot.at("rank"), optim::kRankNames),
           slot.number("init"), slot.text("next")});
    } else {
      rule.state.push_back({slot.text("name"), slot.number("init")});
    }
    return 0;
  });
}

optim::Rule to_rule(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  optim::Rule rule;
  rule.name = field.text("name");
  rule.fingerprint = field.text("fingerprint");
  rule.hyperparameters = to_list<std::string>(field.get("hyperparameters"),
                                              field.at("hyperparameters"), binding::to_string);
  to_state(field.get("state"), field.at("state"), rule);
  rule.scalar_state = to_slots(field.get("scalarState"), field.at("scalarState"));
  rule.scalar = to_code(field.get("scalar"), field.at("scalar"));
  rule.vector = to_code(field.get("vector"), field.at("vector"));
  if (field.has("sections")) {
    rule.sections =
        to_list<optim::Section>(field.get("sections"), field.at("sections"), to_section);
  }
  if (field.has("sampling")) rule.sampling = to_code(field.get("sampling"), field.at("sampling"));
  if (field.has("evaluation")) {
    const Field evaluation = to_field(field.get("evaluation"), field.at("evaluation"));
    rule.evaluation = {to_code(evaluation.get("scalar"), evaluation.at("scalar")),
                       to_code(evaluation.get("vector"), evaluation.at("vector"))};
  }
  return rule;
}

optim::Schedule to_schedule(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  optim::Schedule schedule;
  schedule.name = field.text("name");
  schedule.code = to_code(field.get("code"), field.at("code"));
  if (!field.has("feedback")) return schedule;
  const Field feedback = to_field(field.get("feedback"), field.at("feedback"));
  schedule.state = to_slots(feedback.get("state"), feedback.at("state"));
  schedule.feedback = to_code(feedback.get("code"), feedback.at("code"));
  return schedule;
}

std::uint64_t to_seed(const Napi::Value& value, const std::string& where) {
  bool lossless = false;
  if (value.IsBigInt()) {
    const std::uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (lossless) return seed;
  }
  fail(value, where, "a bigint in [0, 2^64)");
}

int to_threads(const Napi::Value& value, const std::string& where) {
  const std::int64_t threads = to_integer(value, where);
  if (threads < 1 || threads > 1024) fail(value, where, "a whole number in 1 … 1024");
  return static_cast<int>(threads);
}

template <class T>
Napi::Value copy_of(Napi::Env env, const std::vector<T>& values, napi_typedarray_type type) {
  auto array = Napi::TypedArrayOf<T>::New(env, values.size(), type);
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

}  // namespace

std::string to_string(const Napi::Value& value, const std::string& where) {
  if (!value.IsString()) fail(value, where, "a string");
  return value.As<Napi::String>();
}

std::span<const float> to_floats(const Napi::Value& value, const std::string& where) {
  return to_view<std::span<const float>, napi_float32_array>(value, where, "a Float32Array");
}

std::span<const std::int32_t> to_ints(const Napi::Value& value, const std::string& where) {
  return to_view<std::span<const std::int32_t>, napi_int32_array>(value, where, "an Int32Array");
}

Values to_values(const Napi::Value& value, const std::string& where) {
  constexpr const char* kExpected = "a Uint8Array, Float32Array or Int32Array";
  if (is_array_of(value, napi_float32_array)) return to_floats(value, where);
  if (is_array_of(value, napi_int32_array)) return to_ints(value, where);
  return to_view<std::span<const std::uint8_t>, napi_uint8_array>(value, where, kExpected);
}

OwnedValues to_owned(const Napi::Value& value, const std::string& where) {
  if (is_array_of(value, napi_int32_array)) {
    const auto view = to_ints(value, where);
    return std::vector(view.begin(), view.end());
  }
  const auto view = to_view<std::span<const float>, napi_float32_array>(
      value, where, "a Float32Array or Int32Array");
  return std::vector(view.begin(), view.end());
}

std::vector<OwnedValues> to_batch(const Napi::Value& value, const std::string& where) {
  if (!value.IsArray()) return {to_owned(value, where)};
  return to_list<OwnedValues>(value, where, to_owned);
}

std::span<const std::byte> to_bytes(const Napi::Value& value, const std::string& where) {
  return std::as_bytes(
      to_view<std::span<const std::uint8_t>, napi_uint8_array>(value, where, "a Uint8Array"));
}

std::uint64_t to_count(const Napi::Value& value, const std::string& where) {
  const std::int64_t count = to_integer(value, where);
  if (count < 0) fail(value, where, "at least 0");
  return static_cast<std::uint64_t>(count);
}

double to_number(const Napi::Value& value, const std::string& where) {
  if (!value.IsNumber()) fail(value, where, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

std::map<std::string, double> to_numbers(const Napi::Value& value, const std::string& where) {
  std::map<std::string, double> numbers;
  for_each_entry(value, where,
                 [&](const std::string& name, const Napi::Value& number, const std::string& at) {
                   numbers.emplace(name, to_number(number, at));
                 });
  return numbers;
}

GroupOptions to_group(const Napi::Value& value, const std::string& where) {
  const Field field = to_field(value, where);
  GroupOptions group;
  group.parameters =
      to_list<std::string>(field.get("parameters"), field.at("parameters"), binding::to_string);
  group.rule = to_rule(field.get("rule"), field.at("rule"));
  group.hyperparameters = to_numbers(field.get("hyperparameters"), field.at("hyperparameters"));
  group.lr = field.number("lr");
  group.l2 = field.number("l2");
  group.weight_decay = field.number("weightDecay");
  group.all_decay = to_bool(field.get("allDecay"), field.at("allDecay"));
  return group;
}

TrainingOptions to_options(const Napi::Value& value,
                           std::vector<Napi::ObjectReference>& keep_alive) {
  const Field field = to_field(value, "options");
  TrainingOptions options;
  options.train = to_program(field.get("train"), field.at("train"));
  options.evaluate = to_program(field.get("evaluate"), field.at("evaluate"));
  for_each_entry(field.get("splits"), field.at("splits"),
                 [&](const std::string& name, const Napi::Value& split, const std::string& at) {
                   if (split.IsUndefined()) return;
                   options.splits.emplace(name, to_split(split, at, keep_alive));
                 });
  options.rule = to_rule(field.get("rule"), field.at("rule"));
  options.hyperparameters = to_numbers(field.get("hyperparameters"), field.at("hyperparameters"));
  if (field.has("groups"))
    options.groups = to_list<GroupOptions>(field.get("groups"), field.at("groups"), to_group);
  options.lr = field.number("lr");
  options.schedule = to_schedule(field.get("schedule"), field.at("schedule"));
  options.l2 = field.number("l2", 0);
  options.weight_decay = field.number("weightDecay", 0);
  if (field.has("clipNorm")) options.clip_norm = field.number("clipNorm");
  if (field.has("clipValue")) options.clip_value = field.number("clipValue");
  if (field.has("clipAdaptive")) options.filter.clip_adaptive = field.number("clipAdaptive");
  options.filter.noise = field.number("gradientNoise", 0);
  options.sam_rho = field.number("samRho", 0);
  if (field.has("batchSize")) {
    options.batch_size = to_integer(field.get("batchSize"), field.at("batchSize"));
    if (options.batch_size < 1) fail(value, field.at("batchSize"), "at least 1");
  }
  if (field.has("order")) options.order = to_order(field.get("order"), field.at("order"));
  options.seed = to_seed(field.get("seed"), field.at("seed"));
  options.threads = to_threads(field.get("threads"), field.at("threads"));
  if (field.has("precision")) {
    options.precision = to_precision(field.get("precision"), field.at("precision"));
  }
  return options;
}

Napi::Value from(Napi::Env env, const TrainResult& result) {
  auto object = Napi::Object::New(env);
  object["step"] = static_cast<double>(result.step);
  object["losses"] = copy_of(env, result.losses, napi_float64_array);
  object["diverged"] = result.diverged;
  object["aborted"] = result.aborted;
  object["seconds"] = result.seconds;
  return object;
}

Napi::Value from(Napi::Env env, const Metrics& metrics) {
  auto object = Napi::Object::New(env);
  object["examples"] = static_cast<double>(metrics.examples);
  auto values = Napi::Object::New(env);
  for (const auto& [name, value] : metrics.values) values[name] = value;
  object["values"] = values;
  return object;
}

Napi::Value from(Napi::Env env, const KernelTime& time) {
  auto object = Napi::Object::New(env);
  object["name"] = time.name;
  object["compute"] = time.compute;
  object["implementation"] = time.implementation;
  object["seconds"] = time.seconds;
  return object;
}

Napi::Value from(Napi::Env env, const std::vector<KernelTime>& times) {
  auto list = Napi::Array::New(env, times.size());
  for (std::uint32_t k = 0; k < times.size(); ++k) list[k] = from(env, times[k]);
  return list;
}

Napi::Value from(Napi::Env env, const MemoryUse& memory) {
  auto object = Napi::Object::New(env);
  object["arenaBytes"] = static_cast<double>(memory.arena_bytes);
  object["liveTensorBytes"] = static_cast<double>(memory.live_tensor_bytes);
  object["totalTensorBytes"] = static_cast<double>(memory.total_tensor_bytes);
  object["parameterBytes"] = static_cast<double>(memory.parameter_bytes);
  object["stateBytes"] = static_cast<double>(memory.state_bytes);
  return object;
}

Napi::Value from(Napi::Env env, const std::vector<float>& values) {
  return copy_of(env, values, napi_float32_array);
}

Napi::Value from(Napi::Env env, std::vector<std::byte>&& bytes) {
  auto owned = std::make_unique<std::vector<std::byte>>(std::move(bytes));
  const auto buffer = Napi::ArrayBuffer::New(
      env, owned->data(), owned->size(),
      [](Napi::Env, void*, std::vector<std::byte>* done) { delete done; }, owned.get());
  const std::size_t size = owned.release()->size();
  return Napi::Uint8Array::New(env, size, buffer, 0);
}

Napi::Value from(Napi::Env env, const std::vector<std::string>& names) {
  auto array = Napi::Array::New(env, names.size());
  for (std::uint32_t k = 0; k < names.size(); ++k) array[k] = names[k];
  return array;
}

Napi::Value from(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

Napi::Value from(Napi::Env env, double number) { return Napi::Number::New(env, number); }

}  // namespace optcmp::binding
