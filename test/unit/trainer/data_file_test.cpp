#include "trainer/data/data_file.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

void writeGzip(const std::string &path, const std::string &text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

} // namespace

TEST(DataFile, TheContentDecidesAboutTheFormat) {
  TemporaryFolder folder;
  lamina::frontend::writeNpy(folder / "a.csv", floats({2}, {1, 2}));
  DataFile npy = openDataFile(folder / "a.csv");
  EXPECT_TRUE(npy.find("x"));
  lamina::frontend::writeNpz(folder / "a.txt", {{"x", floats({1}, {1})}, {"y", floats({1}, {2})}});
  DataFile npz = openDataFile(folder / "a.txt");
  EXPECT_EQ(npz.arrayNames().size(), 2u);
  EXPECT_TRUE(npz.find("y"));
  EXPECT_FALSE(npz.find("z"));
  EXPECT_TRUE(openDataFile(folder.write("a.npz", "1,2\n3,4\n")).table);
  EXPECT_EQ(
      openDataFile(folder.write("b", "@relation r\n@attribute a real\n@data\n1\n")).table->names[0],
      "a");
}

TEST(DataFile, GzippedText) {
  TemporaryFolder folder;
  writeGzip(folder / "a.csv.gz", "a,b\n1,2\n");
  EXPECT_EQ(openDataFile(folder / "a.csv.gz").table->rows(), 1u);
}

TEST(DataFile, DamagedGzip) {
  TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += std::to_string(i * 7919 % 1000) + ",";
  writeGzip(folder / "whole.gz", text);
  std::string cut = readText(folder / "whole.gz");
  std::string path = folder.write("cut.gz", cut.substr(0, cut.size() / 2));
  EXPECT_EQ(errorOf([&] { openDataFile(path); }), path + ": the gzip data is damaged or cut off");
}

TEST(DataFile, OtherFormatsAreNamed) {
  TemporaryFolder folder;
  auto error = [&](const std::string &content) {
    std::string path = folder.write("file", content);
    return errorOf([&] { openDataFile(path); }).substr(path.size());
  };
  EXPECT_EQ(error("\x89PNG\r\n"),
            ": this is an image, which is not read as data; give .npz, .npy, CSV or ARFF");
  EXPECT_EQ(error("\x80\x04\x95"),
            ": this is a Python pickle, which is not read as data; give .npz, .npy, CSV or ARFF");
  EXPECT_EQ(error(std::string("ab\0cd", 5)),
            ": this is neither text nor an array file; give .npz, .npy, CSV or ARFF");
  EXPECT_EQ(error(" \n\n"), ": the file is empty");
  EXPECT_EQ(error(""), ": the file is empty");
}

TEST(DataFile, MissingFilesAndFoldersAreErrors) {
  TemporaryFolder folder;
  EXPECT_NE(errorOf([&] { openDataFile(folder / "absent.csv"); }), "(no error)");
  EXPECT_NE(errorOf([&] { openDataFile(folder / ""); }), "(no error)");
}
