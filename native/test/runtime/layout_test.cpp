#include "runtime/layout.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace optcmp {
namespace {

using dnnl::memory;

// oneDNN's own reorder is the judge of where elements lie.
void expect_same_as_onednn(const cpu::Dims& dims, cpu::Tag tag) {
  const cpu::Desc plain = cpu::row_major(dims), blocked(dims, memory::data_type::f32, tag);
  std::vector<float> values(plain.get_size() / sizeof(float));
  std::iota(values.begin(), values.end(), 1.0f);
  std::vector<float> expected(blocked.get_size() / sizeof(float)), ours(expected.size(), 0.0f);
  memory from(plain, cpu::engine(), values.data()), to(blocked, cpu::engine(), expected.data());
  dnnl::stream stream(cpu::engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  from_row_major(blocked, values.data(), ours.data());
  EXPECT_EQ(ours, expected);

  std::vector<float> back(values.size());
  to_row_major(blocked, ours.data(), back.data());
  EXPECT_EQ(back, values);
  std::size_t padded = 0;
  for (const PaddingRun& run : padding_of(blocked)) {
    padded += run.size;
    for (std::size_t i = 0; i < run.size; ++i) EXPECT_EQ(expected[run.offset + i], 0.0f);
  }
  EXPECT_EQ(padded, ours.size() - values.size());
}

TEST(Layout, AgreesWithOneDnn) {
  expect_same_as_onednn({3, 5}, cpu::Tag::ab);
  expect_same_as_onednn({3, 5}, cpu::Tag::ba);
  expect_same_as_onednn({2, 20, 3, 4}, cpu::Tag::nChw16c);
  expect_same_as_onednn({2, 20, 3, 4}, cpu::Tag::nhwc);
  expect_same_as_onednn({33, 18, 3, 3}, cpu::Tag::OIhw16i16o);
  expect_same_as_onednn({33, 1, 5, 5}, cpu::Tag::Oihw16o);
  expect_same_as_onednn({100, 37}, cpu::Tag::AB16b64a);
}

}  // namespace
}  // namespace optcmp
