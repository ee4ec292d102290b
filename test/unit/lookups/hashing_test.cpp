// Values that TensorFlow gives: tf.strings.to_hash_bucket_fast and _strong, tf.sparse.cross_hashed.
#include <gtest/gtest.h>

#include "frontend/lookups/hash_lookups.h"
#include "frontend/lookups/vocabulary.h"

namespace lamina::frontend {
namespace {

constexpr int64_t kBuckets = (int64_t(1) << 62) + 57;

/// The start of a text, as long as each way to hash one has it.
std::string start(size_t length) {
  std::string text =
      "The quick brown fox jumps over the lazy dog, and then it does so again, for as "
      "long as it likes; ";
  return (text + text).substr(0, length);
}

TEST(Hashing, FingerprintsAreThoseOfFarmHash) {
  auto bucket = [](size_t length) { return bucketOf(start(length), kBuckets, std::nullopt); };
  EXPECT_EQ(bucket(0), 1936946117179621341);
  EXPECT_EQ(bucket(1), 1366698271136253306);
  EXPECT_EQ(bucket(3), 398699863598723979);
  EXPECT_EQ(bucket(4), 3813857490243171834);
  EXPECT_EQ(bucket(7), 4268079096047479516);
  EXPECT_EQ(bucket(8), 491173507650915278);
  EXPECT_EQ(bucket(16), 4320848957565769301);
  EXPECT_EQ(bucket(17), 550333784831044882);
  EXPECT_EQ(bucket(32), 3916272259504148976);
  EXPECT_EQ(bucket(33), 3629877152734163755);
  EXPECT_EQ(bucket(64), 1310810366375205604);
  EXPECT_EQ(bucket(65), 1322458323695966147);
  EXPECT_EQ(bucket(150), 396740963478781457);
}

TEST(Hashing, SaltedHashesAreThoseOfSipHash) {
  SipKey key = {7, static_cast<uint64_t>(-9)};
  auto bucket = [&](size_t length) { return bucketOf(start(length), kBuckets, key); };
  EXPECT_EQ(bucket(0), 1542903202075161811);
  EXPECT_EQ(bucket(1), 1118825722382775555);
  EXPECT_EQ(bucket(3), 4604628680094248104);
  EXPECT_EQ(bucket(4), 589761019748590240);
  EXPECT_EQ(bucket(7), 3909694825109322849);
  EXPECT_EQ(bucket(8), 2962523126400666842);
  EXPECT_EQ(bucket(16), 1137133627872702621);
  EXPECT_EQ(bucket(17), 2261365652687219547);
  EXPECT_EQ(bucket(32), 1692957612254205262);
  EXPECT_EQ(bucket(33), 334568485336152632);
  EXPECT_EQ(bucket(64), 2999153090870318763);
  EXPECT_EQ(bucket(65), 100450544174422228);
  EXPECT_EQ(bucket(150), 533116884940540105);
}

/// The example of the SipHash paper: the bytes 0 to 14 under the key of the bytes 0 to 15.
TEST(Hashing, SipHashIsThatOfThePaper) {
  SipKey key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string bytes;
  for (char byte = 0; byte < 15; ++byte)
    bytes += byte;
  EXPECT_EQ(sipHash(key, bytes), 0xa129ca6149be45e5);
}

TEST(Hashing, CrossesAreThoseOfTensorFlow) {
  auto crossing = makeHashedCrossing(int64_t(1) << 62, CategoryEncoding());
  Column text = Texts{{1, 1}, {"A"}};
  Array number = makeArray(ElementType::I64, {1, 1});
  number.values<int64_t>()[0] = 101;
  Column other = number;
  Array result = crossing->apply({&text, &other}, {});
  EXPECT_EQ(result.values<int64_t>()[0], 1126068114334019083);
}

} // namespace
} // namespace lamina::frontend
