#include <algorithm>
#include <cstring>

#include "frontend/files/hdf5/hdf5.h"
#include "test/unit/files/hdf5_builder.h"
#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

std::string refusal(const std::vector<std::byte> &image) {
  return errorOf([&] { readHdf5("w.h5", image); });
}

std::string refusal(const std::function<void(hid_t)> &fill) {
  return refusal(buildHdf5(fill));
}

const float oneValue[] = {1};

void addFloat(hid_t file, const char *path) {
  Hdf5Handle space = simpleSpace({1});
  addDataset(file, path, H5T_IEEE_F32LE, space.get(), oneValue);
}

TEST(HostileHdf5, Links) {
  EXPECT_EQ(refusal([](hid_t file) {
              H5Lcreate_soft("/elsewhere", file, "link", H5P_DEFAULT, H5P_DEFAULT);
            }),
            "w.h5: 'link' is a soft link; only hard links are followed");
  EXPECT_EQ(refusal([](hid_t file) {
              H5Lcreate_external("/etc/passwd", "/", file, "link", H5P_DEFAULT, H5P_DEFAULT);
            }),
            "w.h5: 'link' is a link into another file; only hard links are followed");
}

TEST(HostileHdf5, CyclesAndSecondPaths) {
  EXPECT_EQ(refusal([](hid_t file) {
              addGroup(file, "a");
              H5Lcreate_hard(file, "/", file, "a/root", H5P_DEFAULT, H5P_DEFAULT);
            }),
            "w.h5: 'a/root' is another path to an object seen before");
  EXPECT_EQ(refusal([](hid_t file) {
              addFloat(file, "a");
              H5Lcreate_hard(file, "a", file, "b", H5P_DEFAULT, H5P_DEFAULT);
            }),
            "w.h5: 'b' is another path to an object seen before");
}

TEST(HostileHdf5, DeepNesting) {
  EXPECT_EQ(refusal([](hid_t file) {
              std::string path = "g";
              for (int i = 0; i < 70; ++i, path += "/g")
                addGroup(file, path.c_str());
            }),
            "w.h5: its groups are nested deeper than 64 levels");
}

TEST(HostileHdf5, StorageElsewhere) {
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
              H5Pset_external(properties.get(), "/etc/passwd", 0, 4);
              Hdf5Handle space = simpleSpace({1});
              addDataset(file, "d", H5T_IEEE_F32LE, space.get(), nullptr, properties.get());
            }),
            "w.h5: 'd' keeps its values in another file; store them in this one");
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
              Hdf5Handle space = simpleSpace({1});
              H5Pset_virtual(properties.get(), space.get(), "/etc/passwd", "/d", space.get());
              addDataset(file, "d", H5T_IEEE_F32LE, space.get(), nullptr, properties.get());
            }),
            "w.h5: 'd' is a virtual dataset; store the values themselves");
}

TEST(HostileHdf5, Filters) {
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle properties = chunkedBy(10);
              H5Pset_nbit(properties.get());
              Hdf5Handle space = simpleSpace({10});
              addDataset(file, "d", H5T_IEEE_F32LE, space.get(), nullptr, properties.get());
            }),
            "w.h5: 'd' is compressed with filter 5; gzip, LZF and scale-offset are read");
}

void expectTypeRefused(hid_t type, const std::string &reason) {
  EXPECT_EQ(refusal([&](hid_t file) {
              Hdf5Handle space = simpleSpace({1});
              addDataset(file, "d", type, space.get(), nullptr);
            }),
            "w.h5: 'd' " + reason);
}

TEST(HostileHdf5, ElementTypes) {
  // A float16 whose exponents mean something else.
  Hdf5Handle half(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
  H5Tset_size(half.get(), 2);
  H5Tset_ebias(half.get(), 7);
  expectTypeRefused(half.get(), "has an unusual floating-point type; convert it to float32");
  Hdf5Handle brain(H5Tcreate(H5T_OPAQUE, 2), H5Tclose);
  expectTypeRefused(brain.get(),
                    "is bfloat16, which is not supported yet; convert the model to float32");
  Hdf5Handle biased(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_ebias(biased.get(), 100);
  expectTypeRefused(biased.get(), "has an unusual floating-point type; convert it to float32");
  Hdf5Handle narrow(H5Tcopy(H5T_STD_I32LE), H5Tclose);
  H5Tset_precision(narrow.get(), 20);
  expectTypeRefused(narrow.get(), "has an unusual integer type; convert it to int64");
  Hdf5Handle record(H5Tcreate(H5T_COMPOUND, 4), H5Tclose);
  H5Tinsert(record.get(), "x", 0, H5T_IEEE_F32LE);
  expectTypeRefused(record.get(), "is of a compound type, not a number");
  Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
  expectTypeRefused(text.get(), "holds strings, not numbers");
  Hdf5Handle list(H5Tvlen_create(H5T_IEEE_F32LE), H5Tclose);
  expectTypeRefused(list.get(), "is of a type that holds no plain numbers");
  Hdf5Handle colours(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  signed char red = 0;
  H5Tenum_insert(colours.get(), "RED", &red);
  expectTypeRefused(colours.get(), "is an enumeration, not a number");
}

TEST(HostileHdf5, ValuesThatDoNotFit) {
  uint64_t large = uint64_t(1) << 63;
  EXPECT_EQ(refusal([&](hid_t file) {
              Hdf5Handle space = simpleSpace({1});
              addDataset(file, "d", H5T_STD_U64LE, space.get(), &large);
            }),
            "w.h5: 'd': the value 9223372036854775808 does not fit int64; store it as int64 or a "
            "floating-point number");
}

TEST(HostileHdf5, NamedTypes) {
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
              H5Tcommit2(file, "t", type.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            }),
            "w.h5: 't' is neither a group nor a dataset");
}

TEST(HostileHdf5, ShapeBombs) {
  // Terabytes of fill value, of which nothing is stored.
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle properties = chunkedBy(1 << 20);
              H5Pset_deflate(properties.get(), 9);
              Hdf5Handle space = simpleSpace({hsize_t(1) << 40});
              addDataset(file, "d", H5T_IEEE_F32LE, space.get(), nullptr, properties.get());
            }),
            "w.h5: 'd' would take far more memory than the file itself");
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle space = simpleSpace({hsize_t(1) << 35});
              addDataset(file, "d", H5T_IEEE_F32LE, space.get(), nullptr);
            }),
            "w.h5: 'd' would take far more memory than the file itself");
  // Each small enough, all together not.
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle space = simpleSpace({hsize_t(1) << 21});
              for (const char *path : {"a", "b", "c", "d", "e"})
                addDataset(file, path, H5T_IEEE_F32LE, space.get(), nullptr);
            }),
            "w.h5: 'e' would take far more memory than the file itself");
}

/// Replaces the first occurrence of an 8-byte number in the image.
void replaceNumber(std::vector<std::byte> &image, uint64_t from, uint64_t to) {
  std::byte wanted[8];
  std::memcpy(wanted, &from, 8);
  auto found = std::search(image.begin(), image.end(), std::begin(wanted), std::end(wanted));
  ASSERT_NE(found, image.end());
  std::memcpy(&*found, &to, 8);
}

TEST(HostileHdf5, DatasetsPastTheEndOrShared) {
  // Two datasets of which each takes more than half of the file, once they lie on one another.
  uint64_t offsets[2] = {};
  std::vector<std::byte> image = buildHdf5([&](hid_t file) {
    std::vector<float> values(20'000, 1);
    Hdf5Handle space = simpleSpace({values.size()});
    for (int i = 0; i < 2; ++i) {
      const char *path = i == 0 ? "a" : "b";
      addDataset(file, path, H5T_IEEE_F32LE, space.get(), values.data());
      Hdf5Handle dataset(H5Dopen2(file, path, H5P_DEFAULT), H5Dclose);
      offsets[i] = H5Dget_offset(dataset.get());
    }
  });
  EXPECT_EQ(refusal(image), "");
  std::vector<std::byte> far = image;
  replaceNumber(far, offsets[1], image.size() - 100);
  EXPECT_EQ(refusal(far), "w.h5: is damaged: the values of 'b' reach past the end of the file; "
                          "copy or download it again");
  // Longer than before: now both together are more than the file holds.
  for (uint64_t bytes : {80'000, 80'000})
    replaceNumber(image, bytes, 160'000);
  for (uint64_t values : {20'000, 20'000, 20'000, 20'000})
    replaceNumber(image, values, 40'000);
  replaceNumber(image, offsets[1], offsets[0]);
  EXPECT_EQ(refusal(image), "w.h5: is damaged: datasets in it share the same bytes; copy or "
                            "download it again");
}

TEST(HostileHdf5, Truncated) {
  std::vector<std::byte> image = buildHdf5([](hid_t file) { addFloat(file, "d"); });
  for (size_t size : {size_t(8), size_t(50), size_t(96), image.size() / 2, image.size() - 1}) {
    std::vector<std::byte> part(image.begin(), image.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(refusal(part), "w.h5: is damaged: its HDF5 structure cannot be opened; copy or "
                             "download it again");
  }
  EXPECT_EQ(refusal(std::vector<std::byte>(4)), "w.h5: is damaged: it does not start as an HDF5 "
                                                "file does; copy or download it again");
}

TEST(HostileHdf5, AttributesThatAreNoTextsOrNumbers) {
  EXPECT_EQ(refusal([](hid_t file) {
              Hdf5Handle type(H5Tcreate(H5T_OPAQUE, 3), H5Tclose);
              Hdf5Handle space = simpleSpace({1});
              Hdf5Handle attribute(
                  H5Acreate2(file, "x", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                  H5Aclose);
              H5Awrite(attribute.get(), type.get(), "abc");
            }),
            "w.h5: attribute 'x' of the root is of an opaque type, not a number");
}

} // namespace
} // namespace lamina::frontend
