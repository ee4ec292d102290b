#include "frontend/files/hdf5/hdf5.h"

#include "frontend/files/hdf5/hdf5_handle.h"
#include "frontend/files/hdf5/hdf5_lzf.h"
#include "test/unit/files/hdf5_builder.h"
#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

TEST(Hdf5, ReadsWhatItWrote) {
  Hdf5Content content;
  content.datasets["layers/dense/vars/0"] =
      arrayOf<float>(ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6.5f});
  content.datasets["layers/dense/vars/1"] = arrayOf<double>(ElementType::F64, {1}, {0.1});
  content.datasets["optimizer/vars/0"] = arrayOf<int64_t>(ElementType::I64, {}, {-7});
  content.datasets["i32"] = arrayOf<int32_t>(ElementType::I32, {2}, {-1, 1});
  content.datasets["i8"] = arrayOf<int8_t>(ElementType::I8, {2}, {-1, 1});
  content.datasets["u8"] = arrayOf<uint8_t>(ElementType::U8, {2}, {0, 255});
  content.datasets["bool"] = arrayOf<uint8_t>(ElementType::I1, {2}, {0, 1});
  content.datasets["empty"] = makeArray(ElementType::F32, {0, 4});
  content.groups = {"layers/dropout/vars", "vars"};
  content.attributes["layers/dense/vars"]["name"] = "dense";
  content.attributes[""]["names"] = std::vector<std::string>{"a", "größe", ""};
  content.attributes[""]["none"] = std::vector<std::string>{};
  content.attributes["i32"]["scale"] = arrayOf<float>(ElementType::F32, {2}, {1, 2});

  Hdf5Content read = readHdf5("w.h5", writeHdf5(content));
  ASSERT_EQ(read.datasets.size(), content.datasets.size());
  for (const auto &[path, array] : content.datasets) {
    EXPECT_EQ(describe(read.datasets[path]), describe(array)) << path;
    EXPECT_EQ(read.datasets[path].bytes, array.bytes) << path;
  }
  EXPECT_EQ(read.groups,
            (std::set<std::string>{"layers", "layers/dense", "layers/dense/vars", "layers/dropout",
                                   "layers/dropout/vars", "optimizer", "optimizer/vars", "vars"}));
  EXPECT_EQ(std::get<std::string>(read.attributes["layers/dense/vars"]["name"]), "dense");
  EXPECT_EQ(std::get<std::vector<std::string>>(read.attributes[""]["names"]),
            (std::vector<std::string>{"a", "größe", ""}));
  EXPECT_TRUE(std::get<std::vector<std::string>>(read.attributes[""]["none"]).empty());
  EXPECT_EQ(std::get<Array>(read.attributes["i32"]["scale"]).values<float>()[1], 2);
}

TEST(Hdf5, WritesTheSameBytesEachTime) {
  Hdf5Content content;
  content.datasets["a/b"] = arrayOf<float>(ElementType::F32, {2}, {1, 2});
  content.attributes["a"]["name"] = "a";
  EXPECT_EQ(writeHdf5(content), writeHdf5(content));
}

TEST(Hdf5, RefusesToWriteWhatDoesNotFit) {
  Hdf5Content content;
  content.datasets["a"] = Array{ElementType::F32, {3}, std::vector<std::byte>(8)};
  EXPECT_THROW(writeHdf5(content), std::runtime_error);
  Hdf5Content twice;
  twice.datasets["a"] = makeArray(ElementType::F32, {1});
  twice.datasets["a/b"] = makeArray(ElementType::F32, {1});
  EXPECT_THROW(writeHdf5(twice), std::runtime_error);
}

template <typename T>
void expectInts(hid_t type, const std::vector<T> &stored, const std::vector<int64_t> &expected) {
  std::vector<std::byte> image = buildHdf5([&](hid_t file) {
    Hdf5Handle space = simpleSpace({stored.size()});
    addDataset(file, "d", type, space.get(), stored.data());
  });
  Array read = readHdf5("w.h5", image).datasets["d"];
  EXPECT_EQ(read.type, ElementType::I64);
  EXPECT_EQ(std::vector(read.values<int64_t>().begin(), read.values<int64_t>().end()), expected);
}

TEST(Hdf5, WidensIntegers) {
  expectInts<uint32_t>(H5T_STD_U32LE, {0, 4294967295u}, {0, 4294967295});
  expectInts<uint16_t>(H5T_STD_U16LE, {65535}, {65535});
  expectInts<int16_t>(H5T_STD_I16LE, {-2}, {-2});
  expectInts<uint64_t>(H5T_STD_U64LE, {7}, {7});
  expectInts<uint64_t>(H5T_STD_I64BE, {uint64_t(1) << 56}, {1});
}

TEST(Hdf5, ReadsChunkedAndCompressedDatasets) {
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  for (bool compressed : {false, true}) {
    std::vector<std::byte> image = buildHdf5([&](hid_t file) {
      Hdf5Handle properties = chunkedBy(100);
      if (compressed) {
        H5Pset_shuffle(properties.get());
        H5Pset_deflate(properties.get(), 6);
        H5Pset_fletcher32(properties.get());
      }
      Hdf5Handle space = simpleSpace({values.size()});
      addDataset(file, "d", H5T_IEEE_F32LE, space.get(), values.data(), properties.get());
    });
    Array read = readHdf5("w.h5", image).datasets["d"];
    EXPECT_TRUE(std::ranges::equal(read.values<float>(), values));
  }
}

TEST(Hdf5, ReadsCompactAndUnwrittenDatasets) {
  std::vector<float> values = {1, 2};
  std::vector<std::byte> image = buildHdf5([&](hid_t file) {
    Hdf5Handle compact(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_layout(compact.get(), H5D_COMPACT);
    Hdf5Handle space = simpleSpace({2});
    addDataset(file, "compact", H5T_IEEE_F32LE, space.get(), values.data(), compact.get());
    addDataset(file, "unwritten", H5T_IEEE_F32LE, space.get(), nullptr);
  });
  Hdf5Content read = readHdf5("w.h5", image);
  EXPECT_EQ(read.datasets["compact"].values<float>()[1], 2);
  EXPECT_EQ(read.datasets["unwritten"].values<float>()[1], 0);
}

TEST(Hdf5, ReadsFixedStrings) {
  std::vector<std::byte> image = buildHdf5([](hid_t file) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), 4);
    Hdf5Handle space = simpleSpace({2});
    Hdf5Handle attribute(
        H5Acreate2(file, "names", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    H5Awrite(attribute.get(), type.get(), "a\0\0\0abcd");
  });
  EXPECT_EQ(std::get<std::vector<std::string>>(readHdf5("w.h5", image).attributes[""]["names"]),
            (std::vector<std::string>{"a", "abcd"}));
}

std::vector<std::byte> bytesOf(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (int value : values)
    bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(Lzf, literalsAndRepetitions) {
  // "ab", then 3 bytes from 2 back, which reach into themselves; then 7 + 1 + 2 of the last byte.
  auto packed = bytesOf({1, 'a', 'b', 1 << 5, 1, 7 << 5, 1, 0});
  EXPECT_EQ(unpackLzf(packed, 100),
            bytesOf({'a', 'b', 'a', 'b', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'}));
  EXPECT_EQ(unpackLzf(packed, 14), std::nullopt);
}

TEST(Lzf, damagedData) {
  EXPECT_EQ(unpackLzf(bytesOf({2, 'a'}), 100), std::nullopt) << "literals end early";
  EXPECT_EQ(unpackLzf(bytesOf({0, 'a', 1 << 5}), 100), std::nullopt) << "no distance";
  EXPECT_EQ(unpackLzf(bytesOf({0, 'a', 7 << 5, 9}), 100), std::nullopt) << "no distance";
  EXPECT_EQ(unpackLzf(bytesOf({0, 'a', 1 << 5, 1}), 100), std::nullopt) << "before the beginning";
}

} // namespace
} // namespace lamina::frontend
