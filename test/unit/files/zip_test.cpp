#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/archive/zip_format.h"
#include "frontend/files/read_file.h"
#include "test/unit/files/test_files.h"
#include "test/unit/files/zip_builder.h"

namespace lamina::frontend {
namespace {

std::string content(ZipArchive &archive, std::string_view name) {
  const ZipMember *member = archive.find(name);
  return member ? toText(archive.read(*member)) : "(missing)";
}

void expectRoundTrip(uint64_t zip64From) {
  TemporaryFolder folder;
  std::string small = "a few bytes", large(100'000, 'l');
  std::vector<ZipEntry> entries = {{"config.json", std::as_bytes(std::span(small))},
                                   {"assets/größe.txt", {}},
                                   {"model.weights.h5", std::as_bytes(std::span(large))}};
  writeZipArchive(folder.path("a.zip"), entries, zip64From);
  ZipArchive archive("a.zip", readFile(folder.path("a.zip")));
  ASSERT_EQ(archive.members().size(), 3u);
  EXPECT_EQ(archive.members()[1].name, "assets/größe.txt");
  EXPECT_EQ(content(archive, "config.json"), small);
  EXPECT_EQ(content(archive, "assets/größe.txt"), "");
  EXPECT_EQ(content(archive, "model.weights.h5"), large);
  EXPECT_EQ(archive.find("missing"), nullptr);
}

TEST(Zip, ReadsWhatItWrote) {
  expectRoundTrip(0xffffffff);
}

TEST(Zip, ReadsWhatItWroteWithZip64Fields) {
  expectRoundTrip(0);
  expectRoundTrip(1000);
}

TEST(Zip, WritesTheSameBytesEachTime) {
  TemporaryFolder folder;
  std::string text = "text";
  for (const char *name : {"a", "b"})
    writeZipArchive(folder.path(name), {{"m", std::as_bytes(std::span(text))}});
  EXPECT_EQ(folder.read("a"), folder.read("b"));
}

TEST(Zip, ReadsDeflatedMembersAndSkipsFolders) {
  std::string text(10'000, 'x');
  RawMember packed{.name = "dir/m", .data = deflated(text), .method = zip::deflated};
  packed.size = 10'000;
  packed.crc = crcOf(text);
  ZipArchive archive("a.zip", buildZip({{.name = "dir/"}, packed}, "a comment"));
  ASSERT_EQ(archive.members().size(), 1u);
  EXPECT_EQ(content(archive, "dir/m"), text);
  EXPECT_EQ(content(archive, "dir/m"), text);
}

TEST(Zip, ReadsDataDescriptors) {
  std::string numbers = field32(crcOf("abc")) + field32(3) + field32(3);
  for (const std::string &descriptor : {numbers, "PK\7\10" + numbers}) {
    RawMember member{.name = "m", .data = "abc", .flags = zip::flagDescriptor};
    member.localSize = 0;
    member.localCrc = 0;
    member.descriptor = descriptor;
    ZipArchive archive("a.zip", buildZip({member, {.name = "next", .data = "n"}}));
    EXPECT_EQ(content(archive, "m"), "abc");
    EXPECT_EQ(content(archive, "next"), "n");
  }
}

TEST(Zip, StaysReadableAfterAMove) {
  ZipArchive first("a.zip", buildZip({{.name = "m", .data = "abc"}}));
  ZipArchive second(std::move(first));
  EXPECT_EQ(content(second, "m"), "abc");
}

TEST(Zip, ReadsAnEmptyArchive) {
  EXPECT_TRUE(ZipArchive("a.zip", buildZip({})).members().empty());
}

} // namespace
} // namespace lamina::frontend
