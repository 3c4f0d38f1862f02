#include "runtime/checkpoint.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/aligned_buffer.hpp"

namespace optcmp {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

constexpr std::uint64_t kMagic = 0x4b43504d4354504f;  // "OPTCMPCK"
constexpr std::uint64_t kVersion = 2;
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLeastBytes = 4 * kWord;  // magic, version, identity, checksum

std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t at = 0; at < bytes.size(); at += kWord) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, kWord);
    hash = hash_words(hash, word);
  }
  return hash;
}

class TextHash {
 public:
  void add(const std::string& text) {
    add(static_cast<std::uint64_t>(text.size()));
    for (const char c : text) add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  }
  void add(std::uint64_t word) { value_ = hash_words(value_, word); }
  void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
  void add(const optim::Operand& operand) {
    add(static_cast<std::uint64_t>(operand.kind));
    add(std::uint64_t{operand.index});
    add(operand.value);
  }
  void add(const optim::Code& code) {
    for (const std::string& input : code.inputs) add(input);
    for (const optim::Instruction& instruction : code.instructions) {
      add(static_cast<std::uint64_t>(instruction.op));
      for (const optim::Operand& operand : instruction.args) add(operand);
    }
    for (const optim::Code::Output& output : code.outputs) {
      add(output.name);
      add(output.from);
    }
  }
  void add(const std::vector<optim::StateSlot>& slots) {
    add(static_cast<std::uint64_t>(slots.size()));
    for (const optim::StateSlot& slot : slots) add(slot.name);
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

std::uint64_t hash_words(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = (std::rotl(a, 23) ^ b) * 0x9e3779b97f4a7c15u;
  return x ^ (x >> 32);
}

std::uint64_t identity_of(const optim::Rule& rule) {
  TextHash hash;
  for (const std::string& name : rule.hyperparameters) hash.add(name);
  hash.add(rule.state);
  hash.add(rule.scalar_state);
  hash.add(rule.scalar);
  hash.add(rule.vector);
  if (rule.sampling) hash.add(*rule.sampling);
  for (const optim::FactorSlot& slot : rule.factors) {
    hash.add(slot.name);
    hash.add(static_cast<std::uint64_t>(slot.rank));
    hash.add(slot.next);
  }
  for (const optim::Section& section : rule.sections) {
    for (const optim::Stage& stage : section.stages) {
      hash.add(static_cast<std::uint64_t>(stage.function));
      for (const std::string& name : stage.args) hash.add(name);
      for (const bool transposed : stage.transposed) hash.add(std::uint64_t{transposed});
      for (const double number : stage.numbers) hash.add(number);
      hash.add(stage.when);
      hash.add(stage.otherwise);
      hash.add(stage.to);
      hash.add(stage.code);
    }
    hash.add(section.scalar);
  }
  return hash.value();
}

std::uint64_t identity_of(const optim::Schedule& schedule) {
  TextHash hash;
  hash.add(schedule.state);
  hash.add(schedule.feedback);
  return hash.value();
}

CheckpointWriter::CheckpointWriter(std::uint64_t identity, std::size_t bytes) {
  bytes_.reserve(bytes);
  number(kMagic);
  number(kVersion);
  number(identity);
}

std::byte* CheckpointWriter::append(std::size_t bytes) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + align_up(bytes, kWord));
  return bytes_.data() + at;
}

void CheckpointWriter::number(std::uint64_t value) {
  std::memcpy(append(sizeof value), &value, sizeof value);
}

void CheckpointWriter::doubles(std::span<const double> values) {
  number(values.size());
  std::byte* to = append(values.size_bytes());
  if (!values.empty()) std::memcpy(to, values.data(), values.size_bytes());
}

float* CheckpointWriter::floats(std::size_t count) {
  number(count);
  return reinterpret_cast<float*>(append(count * sizeof(float)));
}

std::vector<std::byte> CheckpointWriter::finish() && {
  number(checksum(bytes_));
  return std::move(bytes_);
}

CheckpointReader::CheckpointReader(std::span<const std::byte> bytes, std::uint64_t identity)
    : rest_(bytes) {
  const auto require = [](bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(std::string("cannot restore: ") + what);
  };
  require(bytes.size() >= kLeastBytes, "the checkpoint is truncated");
  require(number() == kMagic, "this is not a checkpoint");
  require(number() == kVersion, "the checkpoint is of another version of optcmp");
  const std::uint64_t owner = number();
  require(bytes.size() % kWord == 0, "the checkpoint is truncated");
  const std::size_t body = bytes.size() - kWord;
  std::uint64_t expected;
  std::memcpy(&expected, bytes.data() + body, kWord);
  require(checksum(bytes.first(body)) == expected, "the checkpoint is truncated or damaged");
  require(owner == identity, "the checkpoint belongs to another program or update rule");
  rest_ = rest_.first(rest_.size() - kWord);
}

const std::byte* CheckpointReader::take(std::size_t bytes) {
  if (bytes > rest_.size()) throw std::invalid_argument("cannot restore: the checkpoint is short");
  const std::byte* at = rest_.data();
  rest_ = rest_.subspan(bytes);
  return at;
}

std::uint64_t CheckpointReader::number() {
  std::uint64_t value;
  std::memcpy(&value, take(sizeof value), sizeof value);
  return value;
}

std::vector<double> CheckpointReader::doubles() {
  const std::uint64_t count = number();
  if (count > rest_.size() / sizeof(double)) take(SIZE_MAX);
  std::vector<double> values(count);
  const std::byte* from = take(count * sizeof(double));
  if (count) std::memcpy(values.data(), from, count * sizeof(double));
  return values;
}

const float* CheckpointReader::floats(std::size_t count) {
  if (number() != count) take(SIZE_MAX);
  return reinterpret_cast<const float*>(take(align_up(count * sizeof(float), kWord)));
}

}  // namespace optcmp
