// Damages sound files in many small ways: each must be read or refused with one line, and nothing
// may crash. The sequence is fixed, so that a failure can be repeated.
#include <cstdlib>
#include <random>

#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/arrays/npy.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/json.h"
#include "frontend/files/read_file.h"
#include "test/unit/files/hdf5_builder.h"
#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

using Bytes = std::vector<std::byte>;

/// One to four changes: a byte, a run of equal bytes, an extreme number, a copied piece.
Bytes damaged(Bytes bytes, std::mt19937 &random) {
  auto below = [&](size_t limit) { return random() % limit; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    size_t at = below(bytes.size());
    size_t room = std::min<size_t>(bytes.size() - at, 8);
    switch (below(4)) {
    case 0:
      bytes[at] = static_cast<std::byte>(random());
      break;
    case 1:
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(at), room,
                  below(2) ? std::byte(0xff) : std::byte(0));
      break;
    case 2:
      bytes[at] = static_cast<std::byte>(1 << below(8)) ^ bytes[at];
      break;
    case 3:
      std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(below(bytes.size() - room + 1)), room,
                  bytes.begin() + static_cast<ptrdiff_t>(at));
      break;
    }
  }
  return bytes;
}

/// Rounds of the test; more of them than the default when hunting.
int rounds(int standard) {
  const char *factor = std::getenv("LAMINA_MUTATION_FACTOR");
  return factor ? standard * std::atoi(factor) : standard;
}

template <typename Read> void expectReadOrRefused(const Bytes &sound, int count, Read read) {
  std::mt19937 random(20);
  for (int i = 0; i < count; ++i) {
    Bytes bytes = damaged(sound, random);
    std::string message = errorOf([&] { read(bytes); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(Mutation, Hdf5) {
  Bytes image = buildHdf5([](hid_t file) {
    float values[100] = {1};
    addGroup(file, "layers");
    addGroup(file, "layers/dense");
    Hdf5Handle space = simpleSpace({100});
    addDataset(file, "layers/dense/0", H5T_IEEE_F32LE, space.get(), values);
    Hdf5Handle properties = chunkedBy(30);
    H5Pset_deflate(properties.get(), 6);
    addDataset(file, "layers/dense/1", H5T_IEEE_F32LE, space.get(), values, properties.get());
    Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(text.get(), H5T_VARIABLE);
    Hdf5Handle two = simpleSpace({2});
    const char *texts[] = {"one", "two"};
    Hdf5Handle attribute(H5Acreate2(file, "names", text.get(), two.get(), H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
    H5Awrite(attribute.get(), text.get(), texts);
  });
  expectReadOrRefused(image, rounds(100), [](const Bytes &bytes) { readHdf5("w.h5", bytes); });
}

TEST(Mutation, Zip) {
  TemporaryFolder folder;
  std::string text = "some content";
  for (uint64_t zip64From : {uint64_t(0xffffffff), uint64_t(0)}) {
    writeZipArchive(folder.path("a.zip"),
                    {{"config.json", std::as_bytes(std::span(text))},
                     {"assets/words", std::as_bytes(std::span(text))}},
                    zip64From);
    expectReadOrRefused(readFile(folder.path("a.zip")), rounds(20'000), [](const Bytes &bytes) {
      ZipArchive archive("a.zip", bytes);
      for (const ZipMember &member : archive.members())
        archive.read(member);
    });
  }
}

TEST(Mutation, Npy) {
  Bytes sound = formatNpy(makeArray(ElementType::F32, {2, 3}));
  expectReadOrRefused(sound, rounds(20'000), [](const Bytes &bytes) { parseNpy("a.npy", bytes); });
}

TEST(Mutation, Json) {
  Bytes sound = toBytes(R"({"class_name": "Sequential", "config": {"layers": [1, 2.5e3, NaN]}})");
  expectReadOrRefused(sound, rounds(20'000), [](const Bytes &bytes) {
    std::string text = toText(bytes);
    nlohmann::json value = parseJson("m.json", text);
    EXPECT_EQ(dumpJson(parseJson("m.json", dumpJson(value))), dumpJson(value));
  });
}

} // namespace
} // namespace lamina::frontend
