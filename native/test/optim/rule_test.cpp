#include "optim/rule.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <stdexcept>

#include "optim/built_in_rules.hpp"
#include "rule_builder.hpp"

namespace optcmp::optim::test {
namespace {

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

struct Broken {
  std::string message;  ///< Part of what must be said.
  std::function<void(Rule&)> damage;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.message; }

class BrokenRule : public testing::TestWithParam<Broken> {};

TEST_P(BrokenRule, IsRefusedWithTheReason) {
  Rule rule = descent();
  rule.state = {{"v", 0}};
  rule.scalar_state = {{"q", 1}};
  rule.hyperparameters = {"h"};
  rule.vector.outputs.push_back({"v", in(1)});
  rule.scalar.outputs.push_back({"q", in(0)});
  ASSERT_NO_THROW(validate(rule));
  GetParam().damage(rule);
  const std::string error = error_of([&] { validate(rule); });
  EXPECT_NE(error.find("rule 'descent'"), std::string::npos) << error;
  EXPECT_NE(error.find(GetParam().message), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Optim, BrokenRule,
    testing::Values(
        Broken{"instruction 1 (sub), argument 1: refers to the result of instruction 1, which is "
               "not computed yet",
               [](Rule& rule) { rule.vector.instructions[1].args[1] = result(1); }},
        Broken{"instruction 0 (mul), argument 0: refers to input 3, but there are 3",
               [](Rule& rule) { rule.vector.instructions[0].args[0] = in(3); }},
        Broken{"unknown operator",
               [](Rule& rule) { rule.vector.instructions[0].op = static_cast<Operator>(200); }},
        Broken{"unknown kind of operand",
               [](Rule& rule) {
                 rule.vector.instructions[0].args[0].kind = static_cast<Operand::Kind>(9);
               }},
        Broken{"output 'p': refers to the result of instruction 2",
               [](Rule& rule) { rule.vector.outputs[0].from = result(2); }},
        Broken{"has no output 'v'", [](Rule& rule) { rule.vector.outputs.pop_back(); }},
        Broken{"has no output 'q'", [](Rule& rule) { rule.scalar.outputs.pop_back(); }},
        Broken{"unknown output 'w'",
               [](Rule& rule) {
                 rule.vector.outputs.push_back({"w", in(0)});
               }},
        Broken{"output 'p': is named twice",
               [](Rule& rule) {
                 rule.vector.outputs.push_back({"p", in(0)});
               }},
        Broken{"unknown input 'c7'; known are c0, g, p, q, v",
               [](Rule& rule) { rule.vector.inputs[2] = "c7"; }},
        Broken{"unknown input 'x'", [](Rule& rule) { rule.scalar.inputs = {"x"}; }},
        Broken{"input 'p' is named twice", [](Rule& rule) { rule.vector.inputs[2] = "p"; }},
        Broken{"the name 'h' is used twice",
               [](Rule& rule) {
                 rule.hyperparameters = {"h", "h"};
               }},
        Broken{"sampling: must have one output, 'due'",
               [](Rule& rule) {
                 rule.sampling = Code{{"t"}, {}, {{"when", in(0)}}};
               }},
        Broken{"sampling: there is no state 'g_sampled'",
               [](Rule& rule) {
                 rule.sampling = Code{{"t"}, {}, {{"due", in(0)}}};
               }},
        Broken{"sampling: unknown input 'g'; known are h, lr, q, t",
               [](Rule& rule) {
                 rule.sampling = Code{{"g"}, {}, {{"due", in(0)}}};
               }},
        Broken{"the name 'p' is used twice", [](Rule& rule) { rule.state[0].name = "p"; }},
        Broken{"is not that of its vector code", [](Rule& rule) { rule.fingerprint = "0"; }}));

TEST(Schedule, IsRefusedWithTheReason) {
  Schedule schedule = constant_schedule();
  ASSERT_NO_THROW(validate(schedule));
  schedule.code.outputs[0].name = "rate";
  EXPECT_EQ(error_of([&] { validate(schedule); }),
            "schedule 'constant': must have one output, 'lr'");
  schedule.code.inputs = {"beta1"};
  EXPECT_EQ(error_of([&] { validate(schedule); }),
            "schedule 'constant': unknown input 'beta1'; known are lr, t");
  schedule = constant_schedule();
  schedule.state = {{"best", 1}};
  EXPECT_EQ(error_of([&] { validate(schedule); }),
            "schedule 'constant', feedback code: its outputs must be the state, best");
}

TEST(Fingerprint, IsTheOneTheRulesWereCompiledWith) {
  for (const BuiltInRule& built_in : built_in_rules())
    EXPECT_EQ(fingerprint(built_in.rule), built_in.rule.fingerprint) << built_in.rule.name;
}

TEST(Fingerprint, DependsOnTheCodeButNotOnNames) {
  Rule rule = descent();
  const std::string original = fingerprint(rule);
  rule.name = "other";
  rule.vector.inputs[2] = rule.scalar.outputs[0].name = "rate";
  EXPECT_EQ(fingerprint(rule), original);
  rule.vector.instructions[1].op = Operator::Add;
  EXPECT_NE(fingerprint(rule), original);
}

TEST(Fingerprint, TellsZeroFromMinusZero) {
  Rule rule = descent();
  rule.vector.instructions[0].args[0] = constant(0.0);
  const std::string zero = fingerprint(rule);
  rule.vector.instructions[0].args[0] = constant(-0.0);
  EXPECT_NE(fingerprint(rule), zero);
}

}  // namespace
}  // namespace optcmp::optim::test
