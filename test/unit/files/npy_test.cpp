#include "frontend/files/arrays/npy.h"

#include "frontend/files/archive/zip_format.h"
#include "frontend/files/arrays/byte_order.h"
#include "frontend/files/read_file.h"
#include "test/unit/files/test_files.h"
#include "test/unit/files/zip_builder.h"

namespace lamina::frontend {
namespace {

using namespace std::string_literals;

/// A .npy file with this header, as version 1 or a later one.
std::string npy(std::string header, std::string_view data, char version = 1) {
  std::vector<std::byte> size;
  if (version == 1)
    appendLittle<uint16_t>(size, static_cast<uint16_t>(header.size()));
  else
    appendLittle<uint32_t>(size, static_cast<uint32_t>(header.size()));
  return "\x93NUMPY" + std::string{version, '\0'} + toText(size) + header + std::string(data);
}

std::string dictionary(const std::string &descr, const std::string &shape,
                       const std::string &fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

Array parse(const std::string &text) {
  return parseNpy("a.npy", toBytes(text));
}
std::string refusalOf(const std::string &text) {
  return errorOf([&] { parse(text); });
}

TEST(Npy, ReadsWhatItWrote) {
  TemporaryFolder folder;
  const Array arrays[] = {arrayOf<float>(ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6}),
                          arrayOf<double>(ElementType::F64, {}, {0.5}),
                          arrayOf<int64_t>(ElementType::I64, {2}, {-1, 1}),
                          arrayOf<int32_t>(ElementType::I32, {1, 1}, {-5}),
                          arrayOf<int8_t>(ElementType::I8, {2}, {-1, 1}),
                          arrayOf<uint8_t>(ElementType::U8, {2}, {0, 255}),
                          arrayOf<uint8_t>(ElementType::I1, {2}, {0, 1}),
                          makeArray(ElementType::F32, {0, 3})};
  for (const Array &array : arrays) {
    writeNpy(folder.path("a.npy"), array);
    Array read = readNpy(folder.path("a.npy"));
    EXPECT_EQ(describe(read), describe(array));
    EXPECT_EQ(read.bytes, array.bytes);
  }
}

TEST(Npy, WritesAsNumPyDoes) {
  std::string text = toText(formatNpy(arrayOf<float>(ElementType::F32, {3}, {0, 0, 0})));
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  EXPECT_EQ(text.substr(0, 10), std::string("\x93NUMPY\1\0v\0", 10));
  EXPECT_EQ(text.substr(10, header.size()), header);
  EXPECT_EQ(text.size(), 128u + 12u);
  EXPECT_EQ(text[127], '\n');
}

TEST(Npy, ReadsAllVersionsAndSpellings) {
  for (char version : {1, 2, 3})
    EXPECT_EQ(parse(npy(dictionary("|u1", "(2,)"), "ab", version)).shape, std::vector<int64_t>{2});
  Array array = parse(npy("{\"shape\": (2L, 1), 'fortran_order':False,'descr':'|i1'}", "ab"));
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(array.type, ElementType::I8);
}

TEST(Npy, SwapsBigEndian) {
  Array array =
      parse(npy(dictionary(">i4", "(2,)"), std::string_view("\0\0\1\0\xff\xff\xff\xfe", 8)));
  EXPECT_EQ(array.values<int32_t>()[0], 256);
  EXPECT_EQ(array.values<int32_t>()[1], -2);
}

TEST(Npy, TransposesFortranOrder) {
  // [[a, b, c], [d, e, f]] column by column.
  Array array = parse(npy(dictionary("|u1", "(2, 3)", "True"), "adbecf"));
  EXPECT_EQ(toText(array.bytes), "abcdef");
  Array cube = parse(npy(dictionary("|u1", "(2, 2, 2)", "True"), "aebfcgdh"));
  EXPECT_EQ(toText(cube.bytes).substr(0, 2), "ac");
}

TEST(Npy, WidensIntegersAndNormalizesBools) {
  Array words = parse(npy(dictionary("<u2", "(2,)"), std::string_view("\xff\xff\1\0", 4)));
  EXPECT_EQ(words.type, ElementType::I64);
  EXPECT_EQ(words.values<int64_t>()[0], 65535);
  Array shorts = parse(npy(dictionary("<i2", "(1,)"), "\xfe\xff"));
  EXPECT_EQ(shorts.values<int64_t>()[0], -2);
  Array flags = parse(npy(dictionary("|b1", "(3,)"), std::string_view("\0\1\7", 3)));
  EXPECT_EQ(toText(flags.bytes), std::string("\0\1\1", 3));
  EXPECT_EQ(refusalOf(npy(dictionary("<u8", "(1,)"), "\xff\xff\xff\xff\xff\xff\xff\xff")),
            "a.npy: the value 18446744073709551615 does not fit int64; store it as int64 or a "
            "floating-point number");
}

TEST(Npy, RefusesPicklesAndOtherTypes) {
  EXPECT_EQ(refusalOf(npy(dictionary("|O", "(1,)"), "\x80\4")),
            "a.npy: holds pickled Python objects, which are never loaded; convert the array to "
            "numbers, or texts with astype(str), and save it again");
  for (std::string type : {"<f16", "<c8", "<U5", "|S3", "<M8[s]", "<f04", "<f", "f4", "<i3"})
    EXPECT_EQ(refusalOf(npy(dictionary(type, "(1,)"), "12345678")),
              "a.npy: has elements of type '" + type +
                  "', which is not supported; convert them to float32");
  EXPECT_EQ(
      refusalOf(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "")),
      "a.npy: is an array of records; save its columns as one plain array");
}

TEST(Npy, RefusesMalformedHeaders) {
  std::string expected = "a.npy: is damaged: its NumPy header is malformed; save the array again";
  for (std::string header :
       {std::string("{}"), std::string("__import__('os')"), dictionary("|u1", "(1,)") + "x",
        dictionary("|u1", "(-1,)"), dictionary("|u1", "(1.5,)"), dictionary("|u1", "1"),
        dictionary("|u1", "(99999999999999999999,)"), dictionary("|u1", "(1,)", "0"),
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"s,
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}"s, "{'descr': '|u1"s})
    EXPECT_EQ(refusalOf(npy(header, "a")), expected) << header;
}

TEST(Npy, RefusesSizesThatDoNotMatch) {
  EXPECT_EQ(refusalOf(npy(dictionary("<f4", "(2, 3)"), "1234")),
            "a.npy: is damaged: shape (2, 3) with elements of 4 bytes does not match the 4 bytes "
            "that follow; save the array again");
  EXPECT_EQ(refusalOf(npy(dictionary("|u1", "(2,)"), "123")),
            "a.npy: is damaged: shape (2,) with elements of 1 bytes does not match the 3 bytes "
            "that follow; save the array again");
  EXPECT_EQ(refusalOf(npy(dictionary("<f8", "(9223372036854775807, 9223372036854775807)"), "")),
            "a.npy: is damaged: shape (9223372036854775807, 9223372036854775807) with elements of "
            "8 bytes does not match the 0 bytes that follow; save the array again");
}

TEST(Npy, RefusesTruncatedFiles) {
  std::string whole = npy(dictionary("|u1", "(1,)"), "a");
  EXPECT_EQ(refusalOf(whole.substr(0, 5)), "a.npy: is not a NumPy array: the signature is missing");
  for (size_t size : {size_t(6), size_t(9), size_t(10), whole.size() - 2})
    EXPECT_EQ(refusalOf(whole.substr(0, size)),
              "a.npy: is damaged: it ends inside its header; copy it again");
  EXPECT_EQ(refusalOf(npy(dictionary("|u1", "(1,)"), "a", 9)),
            "a.npy: has version 9 of NumPy's format, only 1 to 3 are read");
  EXPECT_EQ(refusalOf("\x93NUMPY\2"s + "\0\xff\xff\xff\xff"s),
            "a.npy: is damaged: its header says that it has 4294967295 bytes; save the array "
            "again");
}

TEST(Npz, ReadsWhatItWrote) {
  TemporaryFolder folder;
  std::map<std::string, Array> arrays = {{"x", arrayOf<float>(ElementType::F32, {2}, {1, 2})},
                                         {"y", arrayOf<int64_t>(ElementType::I64, {2}, {0, 1})}};
  writeNpz(folder.path("d.npz"), arrays);
  NpzFile file(folder.path("d.npz"));
  EXPECT_EQ(file.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(file.contains("x"));
  EXPECT_FALSE(file.contains("x.npy"));
  EXPECT_EQ(file.read("x").bytes, arrays["x"].bytes);
  EXPECT_EQ(file.read("y").bytes, arrays["y"].bytes);
}

NpzFile npz(const std::vector<RawMember> &members) {
  return NpzFile("d.npz", ZipArchive("d.npz", buildZip(members)));
}

TEST(Npz, ReadsCompressedArraysAndOnlyThoseAskedFor) {
  std::string array = npy(dictionary("|u1", "(4,)"), "aaaa");
  RawMember packed{.name = "x.npy", .data = deflated(array), .method = zip::deflated};
  packed.size = static_cast<uint32_t>(array.size());
  packed.crc = crcOf(array);
  RawMember pickle{.name = "names.npy", .data = npy(dictionary("|O", "(1,)"), "\x80\4")};
  NpzFile file = npz({packed, pickle});
  EXPECT_EQ(toText(file.read("x").bytes), "aaaa");
  EXPECT_EQ(errorOf([&] { file.read("names"); }),
            "d.npz: 'names': holds pickled Python objects, which are never loaded; convert the "
            "array to numbers, or texts with astype(str), and save it again");
}

TEST(Npz, SaysWhatIsMissing) {
  NpzFile file = npz({{.name = "x.npy"}, {.name = "y.npy"}});
  EXPECT_EQ(errorOf([&] { file.read("z"); }), "d.npz: has no array 'z'; it holds x, y");
  EXPECT_EQ(errorOf([&] { npz({{.name = "config.json"}}); }),
            "d.npz: is not a .npz file: member 'config.json' is not an array");
  TemporaryFolder folder;
  folder.write("d.npz", "some text");
  EXPECT_EQ(errorOf([&] { NpzFile(folder.path("d.npz")); }),
            folder.path("d.npz") + ": is not a zip archive");
}

TEST(ReadFile, SaysWhyItCannotRead) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf([&] { readFile(folder.path("none")); }),
            folder.path("none") + ": cannot be read: No such file or directory; check the path");
  EXPECT_EQ(errorOf([&] { readFile(folder.path("")); }),
            folder.path("") + ": is a folder; give a file");
  EXPECT_EQ(errorOf([&] { readFile("/dev/zero"); }),
            "/dev/zero: is not a regular file; copy its content to one first");
}

} // namespace
} // namespace lamina::frontend
