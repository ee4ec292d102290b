#include "trainer/callbacks/tensorboard.h"

#include <array>
#include <bit>
#include <chrono>
#include <filesystem>

#include <unistd.h>

#include "support/append_file.h"
#include "support/error.h"

namespace lamina::trainer {

namespace {

constexpr std::array<uint32_t, 256> makeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

template <typename Integer> std::string littleEndian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i)
    bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
}

// Protobuf's wire types.
enum WireType { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(uint32_t field, WireType type) {
  return varint(field << 3 | type);
}

std::string delimited(uint32_t field, std::string_view content) {
  return key(field, Delimited) + varint(content.size()) + std::string(content);
}

std::string fixed64(uint32_t field, double value) {
  return key(field, Fixed64) + littleEndian(std::bit_cast<uint64_t>(value));
}

double secondsSinceEpoch() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

} // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = makeCrcTable();
  uint32_t crc = ~0u;
  for (char c : bytes)
    crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

uint32_t maskedCrc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string tfRecord(std::string_view data) {
  std::string length = littleEndian(static_cast<uint64_t>(data.size()));
  return length + littleEndian(maskedCrc32c(length)) + std::string(data) +
         littleEndian(maskedCrc32c(data));
}

std::string versionEvent(double wallTime) {
  return fixed64(1, wallTime) + delimited(3, "brain.Event:2");
}

/// Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }.
std::string scalarEvent(double wallTime, int64_t step, std::string_view tag, float value) {
  std::string scalar =
      delimited(1, tag) + key(2, Fixed32) + littleEndian(std::bit_cast<uint32_t>(value));
  return fixed64(1, wallTime) + key(2, Varint) + varint(static_cast<uint64_t>(step)) +
         delimited(5, delimited(1, scalar));
}

/// One event file. TensorBoard finds it by "tfevents" in its name.
class TensorBoardLog::EventFile {
public:
  explicit EventFile(const std::string &directory)
      : file_(newPath(directory), AppendFile::Content::Kept) {
    append(tfRecord(versionEvent(secondsSinceEpoch())));
  }

  void append(const std::string &records) { file_.append(records); }

private:
  static std::string newPath(const std::string &directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error)
      fail("cannot write {}: {}", printable(directory, 4096), error.message());
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    return fmt::format("{}/events.out.tfevents.{}.{}.{}.0.v2", directory,
                       static_cast<int64_t>(secondsSinceEpoch()), host, getpid());
  }

  AppendFile file_;
};

TensorBoardLog::TensorBoardLog(std::string directory) : directory_(std::move(directory)) {
  file(training_, "train");
}

TensorBoardLog::~TensorBoardLog() = default;

TensorBoardLog::EventFile &TensorBoardLog::file(std::unique_ptr<EventFile> &slot,
                                                const char *part) {
  if (!slot)
    slot = std::make_unique<EventFile>(directory_ + "/" + part);
  return *slot;
}

void TensorBoardLog::onEpochEnd(int64_t epoch, const Logs &logs) {
  failure_.attempt([&] { writeEpoch(epoch, logs); });
}

void TensorBoardLog::writeEpoch(int64_t epoch, const Logs &logs) {
  double now = secondsSinceEpoch();
  std::string training, validation;
  for (const auto &[name, value] : logs) {
    bool validated = name.starts_with("val_");
    std::string tag = "epoch_" + (validated ? name.substr(4) : name);
    (validated ? validation : training) +=
        tfRecord(scalarEvent(now, epoch, tag, static_cast<float>(value)));
  }
  file(training_, "train").append(training);
  if (!validation.empty())
    file(validation_, "validation").append(validation);
}

} // namespace lamina::trainer
