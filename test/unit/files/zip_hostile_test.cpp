#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/archive/zip_format.h"
#include "test/unit/files/test_files.h"
#include "test/unit/files/zip_builder.h"

namespace lamina::frontend {
namespace {

std::string refusal(std::vector<std::byte> bytes) {
  return errorOf([&] {
    ZipArchive archive("a.zip", std::move(bytes));
    for (const ZipMember &member : archive.members())
      archive.read(member);
  });
}

std::string refusal(const std::vector<RawMember> &members) {
  return refusal(buildZip(members));
}

TEST(HostileZip, Names) {
  auto named = [](std::string name) { return refusal({{.name = std::move(name)}}); };
  EXPECT_EQ(named("../m"),
            "a.zip: the archive has a member with an unsafe name, '../m': it leaves its folder");
  EXPECT_EQ(named("a/../../m"), "a.zip: the archive has a member with an unsafe name, "
                                "'a/../../m': it leaves its folder");
  EXPECT_EQ(named("/etc/m"),
            "a.zip: the archive has a member with an unsafe name, '/etc/m': it is absolute");
  EXPECT_EQ(named("C:m"),
            "a.zip: the archive has a member with an unsafe name, 'C:m': it is absolute");
  EXPECT_EQ(named("a\\m"),
            "a.zip: the archive has a member with an unsafe name, 'a\\m': it contains a backslash");
  EXPECT_EQ(named("a\nm"), "a.zip: the archive has a member with an unsafe name, 'a\\x0am': it "
                           "contains control characters");
  EXPECT_EQ(named(""), "a.zip: the archive has a member with an unsafe name, '': it is empty");
  EXPECT_EQ(named("a//m"),
            "a.zip: the archive has a member with an unsafe name, 'a//m': it leaves its folder");
  EXPECT_EQ(named("\xff"), "a.zip: the archive has a member whose name is not UTF-8");
}

TEST(HostileZip, DuplicateNames) {
  std::string expected = "a.zip: the archive has two members with the name 'm'";
  EXPECT_EQ(refusal({{.name = "m", .data = "1"}, {.name = "m", .data = "2"}}), expected);
  EXPECT_EQ(refusal({{.name = "m"}, {.name = "m/below"}}), expected);
}

TEST(HostileZip, LocalHeaderDisagrees) {
  RawMember name{.name = "config.json", .data = "{}"};
  name.localName = "another.json";
  EXPECT_EQ(refusal({name}), "a.zip: the archive is damaged: member 'config.json' has one name in "
                             "the directory and another at its data");
  RawMember method{.name = "m", .data = "{}"};
  method.localMethod = zip::deflated;
  EXPECT_EQ(refusal({method}), "a.zip: the archive is damaged: member 'm' has one method in the "
                               "directory and another at its data");
  RawMember size{.name = "m", .data = "{}"};
  size.localSize = 1;
  EXPECT_EQ(refusal({size}), "a.zip: the archive is damaged: member 'm' has one size in the "
                             "directory and another at its data");
  RawMember checksum{.name = "m", .data = "{}"};
  checksum.localCrc = 1;
  EXPECT_EQ(refusal({checksum}), "a.zip: the archive is damaged: member 'm' has one checksum in "
                                 "the directory and another at its data");
  RawMember descriptor{.name = "m", .data = "{}", .flags = zip::flagDescriptor};
  descriptor.localSize = 0;
  descriptor.localCrc = 0;
  descriptor.descriptor = "PK\7\10 another one";
  EXPECT_EQ(refusal({descriptor}), "a.zip: the archive is damaged: member 'm' has one size in the "
                                   "directory and another at its data");
}

TEST(HostileZip, OverlappingMembers) {
  RawMember first{.name = "a", .data = "0123456789"};
  RawMember second{.name = "a", .data = "0123456789"};
  second.name = "b";
  second.localOffset = 0;
  EXPECT_EQ(refusal({first, second}), "a.zip: the archive is damaged: member 'b' has one name in "
                                      "the directory and another at its data");
  // A member whose data is a whole other member.
  std::vector<std::byte> inner = buildZip({{.name = "b", .data = "xyz"}});
  RawMember outer{.name = "a", .data = toText(inner).substr(0, 34)};
  RawMember nested{.name = "b", .data = "xyz"};
  nested.localOffset = 31;
  EXPECT_EQ(refusal({outer, nested}),
            "a.zip: the archive is damaged: member 'a' overlaps what follows it");
}

TEST(HostileZip, EncryptionAndCompression) {
  EXPECT_EQ(refusal({{.name = "m", .flags = zip::flagEncrypted}}),
            "a.zip: the archive has an encrypted member, 'm'; save it without a password");
  EXPECT_EQ(refusal({{.name = "m", .flags = 1 << 5}}),
            "a.zip: the archive is damaged: member 'm' has unknown flags 0x0020");
  EXPECT_EQ(refusal({{.name = "m", .method = 12}}),
            "a.zip: the archive has a member compressed with method 12, 'm'; only stored and "
            "deflated are read");
}

TEST(HostileZip, LinksAndDevices) {
  EXPECT_EQ(refusal({{.name = "m", .data = "/etc/passwd", .attributes = 0120777u << 16}}),
            "a.zip: the archive has a member that is not a regular file but a link or a device, "
            "'m'");
  EXPECT_EQ(refusal({{.name = "m", .attributes = 0020666u << 16}}),
            "a.zip: the archive has a member that is not a regular file but a link or a device, "
            "'m'");
}

TEST(HostileZip, Bombs) {
  std::string zeros(100'000, '\0');
  RawMember member{.name = "m", .data = deflated(zeros), .method = zip::deflated};
  member.size = 0x10000000;
  EXPECT_EQ(refusal({member}),
            fmt::format("a.zip: the archive would unpack to far more than it holds (a bomb): "
                        "member 'm' has 268435456 bytes, {} packed",
                        member.data.size()));
  // Each below the floor, all together far above it.
  std::vector<RawMember> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back({.name = std::to_string(i), .data = "\3", .method = zip::deflated});
    many.back().size = 0x2000000;
  }
  EXPECT_EQ(refusal(many), "a.zip: the archive would unpack to far more than it holds (a bomb): "
                           "member '4' has 33554432 bytes, 1 packed");
}

TEST(HostileZip, DeflateStreamsThatLie) {
  std::string expected =
      "a.zip: the archive is damaged: member 'm' does not unpack; copy or download it again";
  std::string packed = deflated("some text");
  auto with = [&](std::string data, uint32_t size) {
    RawMember member{.name = "m", .data = std::move(data), .method = zip::deflated};
    member.size = size;
    member.crc = crcOf("some text");
    return refusal({member});
  };
  EXPECT_EQ(with(packed, 9), "");
  EXPECT_EQ(with(packed, 8), expected);
  EXPECT_EQ(with(packed, 10), expected);
  EXPECT_EQ(with(packed + "x", 9), expected);
  EXPECT_EQ(with(packed.substr(0, packed.size() - 1), 9), expected);
  EXPECT_EQ(with("\xff\xff", 9), expected);
}

TEST(HostileZip, Checksums) {
  RawMember member{.name = "m", .data = "text"};
  member.crc = 0x12345678;
  EXPECT_EQ(refusal({member}), "a.zip: the archive is damaged: the checksum of member 'm' is "
                               "wrong; copy or download it again");
}

TEST(HostileZip, PlacesThatDoNotFit) {
  RawMember far{.name = "m", .data = "text"};
  far.localOffset = 0x7fffffff;
  EXPECT_EQ(refusal({far}),
            "a.zip: the archive is damaged: member 'm' is not where the directory says");
  std::vector<std::byte> zip = buildZip({{.name = "m", .data = "text"}});
  std::vector<std::byte> prefixed = toBytes("PK\3\4");
  prefixed.insert(prefixed.end(), zip.begin(), zip.end());
  EXPECT_EQ(refusal(prefixed),
            "a.zip: the archive is damaged: its directory does not stand where the end record "
            "says; nothing may precede or follow the archive in the file");
  zip.push_back(std::byte(0));
  EXPECT_EQ(refusal(zip),
            "a.zip: the archive is damaged: its end record does not stand at the end of the file");
}

TEST(HostileZip, TwoEndRecords) {
  std::string end = toText(buildZip({}));
  EXPECT_EQ(refusal(buildZip({{.name = "m"}}, "hidden " + end + "x")),
            "a.zip: the archive is damaged: its end record does not stand at the end of the file");
}

TEST(HostileZip, Truncated) {
  std::vector<std::byte> whole =
      buildZip({{.name = "config.json", .data = "{}"}, {.name = "m", .data = "text"}});
  for (size_t size = 4; size < whole.size(); ++size) {
    std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(refusal(part), "a.zip: the archive is cut short: its directory is missing; copy or "
                             "download it again");
  }
  EXPECT_EQ(refusal(toBytes("PK")), "a.zip: is not a zip archive");
}

TEST(HostileZip, TooManyMembers) {
  std::vector<RawMember> members(10'001);
  for (size_t i = 0; i < members.size(); ++i)
    members[i].name = std::to_string(i);
  EXPECT_EQ(refusal(members), "a.zip: the archive has 10001 members, more than 10000");
}

} // namespace
} // namespace lamina::frontend
