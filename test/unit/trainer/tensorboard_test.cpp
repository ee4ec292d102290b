#include "trainer/callbacks/tensorboard.h"

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

/// The payloads of a TFRecord file; checks every CRC.
std::vector<std::string> records(const std::string &bytes) {
  std::vector<std::string> result;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::string data = bytes.substr(at + 12, length);
    EXPECT_EQ(bytes.substr(at, 16 + length), tfRecord(data));
    result.push_back(data);
    at += 16 + length;
  }
  return result;
}

std::vector<std::string> eventsBelow(const std::string &folder) {
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_NE(entry.path().filename().string().find("tfevents"), std::string::npos);
    return records(readText(entry.path().string()));
  }
  return {};
}

} // namespace

TEST(TensorBoard, ChecksumsOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(TensorBoard, AScalarEventInWireFormat) {
  std::string event = scalarEvent(1.0, 300, "epoch_loss", 0.5f);
  std::string expected("\x09\x00\x00\x00\x00\x00\x00\xf0\x3f" // wall_time: 1.0
                       "\x10\xac\x02"                         // step: 300
                       "\x2a\x13\x0a\x11"                     // summary { value {
                       "\x0a\x0a"
                       "epoch_loss"            // tag
                       "\x15\x00\x00\x00\x3f", // simple_value: 0.5
                       9 + 3 + 4 + 12 + 5);
  EXPECT_EQ(event, expected);
}

TEST(TensorBoard, TrainingAndValidationHaveFilesOfTheirOwn) {
  TemporaryFolder folder;
  {
    TensorBoardLog log(folder / "logs");
    log.onEpochEnd(0, {{"loss", 1}, {"val_loss", 2}, {"accuracy", 0.5}});
  }
  auto train = eventsBelow(folder / "logs/train");
  ASSERT_EQ(train.size(), 3u);
  EXPECT_THAT(train[0], testing::HasSubstr("brain.Event:2"));
  EXPECT_THAT(train[1], testing::HasSubstr("epoch_accuracy"));
  EXPECT_THAT(train[2], testing::HasSubstr("epoch_loss"));
  auto validation = eventsBelow(folder / "logs/validation");
  ASSERT_EQ(validation.size(), 2u);
  EXPECT_THAT(validation[1], testing::HasSubstr("epoch_loss"));
}

TEST(TensorBoard, UnwritableFolder) {
  EXPECT_EQ(errorOf([] { TensorBoardLog log("/proc/lamina"); }),
            "cannot write /proc/lamina/train: No such file or directory");
}
