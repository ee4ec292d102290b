#include "trainer/data/data_file.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include <zlib.h>

#include "frontend/files/read_file.h"
#include "support/error.h"

namespace lamina::trainer {

namespace {

using Bytes = std::vector<std::byte>;

/// Text data larger than this after unpacking is refused: numbers take about as much again.
constexpr size_t kMostUnpackedBytes = size_t(16) << 30;

bool beginsWith(const Bytes &bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// Unpacks gzip, also several members one after another.
std::string unpackGzip(const std::string &path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file)
    fail("{}: cannot open it to unpack", path);
  std::string text, chunk(size_t(1) << 20, '\0');
  int count = 0;
  while ((count = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0 &&
         text.size() <= kMostUnpackedBytes)
    text.append(chunk.data(), static_cast<size_t>(count));
  // A truncated file reads without error up to its end; closing tells.
  int closed = gzclose_r(file);
  if (count < 0 || closed != Z_OK)
    fail("{}: the gzip data is damaged or cut off", path);
  if (text.size() > kMostUnpackedBytes)
    fail("{}: more than {} bytes after unpacking", path, kMostUnpackedBytes);
  return text;
}

/// Names a file that is no data by what it begins with.
void refuseOtherFormats(const std::string &path, const Bytes &bytes) {
  const char *kind = nullptr;
  if (beginsWith(bytes, "\x89HDF\r\n\x1a\n"))
    kind = "an HDF5 file";
  else if (beginsWith(bytes, "\x89PNG") || beginsWith(bytes, "\xff\xd8\xff"))
    kind = "an image";
  else if (beginsWith(bytes, "PAR1"))
    kind = "a Parquet file";
  else if (beginsWith(bytes, "\x80\x04") || beginsWith(bytes, "\x80\x03") ||
           beginsWith(bytes, "\x80\x05"))
    kind = "a Python pickle";
  else if (beginsWith(bytes, "\xff\xfe") || beginsWith(bytes, "\xfe\xff"))
    kind = "UTF-16 text";
  if (kind)
    fail("{}: this is {}, which is not read as data; give .npz, .npy, CSV or ARFF", path, kind);
}

Table parseText(const std::string &path, std::string_view text, const TextOptions &options) {
  if (text.find('\0') != std::string_view::npos)
    fail("{}: this is neither text nor an array file; give .npz, .npy, CSV or ARFF", path);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    fail("{}: the file is empty", path);
  return looksLikeArff(text) ? parseArff(path, text) : parseDelimitedText(path, text, options);
}

/// An archive that begins like a model is a common mix-up of arguments.
void refuseModel(const std::string &path, const frontend::ZipArchive &archive) {
  if (archive.find("config.json"))
    fail("{}: this is a model, not data", path);
}

} // namespace

frontend::Array *DataFile::find(const std::string &name) {
  auto found = arrays.find(name);
  if (found == arrays.end() && archive && archive->contains(name))
    found = arrays.emplace(name, archive->read(name)).first;
  return found == arrays.end() ? nullptr : &found->second;
}

std::vector<std::string> DataFile::arrayNames() const {
  if (archive)
    return archive->names();
  std::vector<std::string> names;
  for (const auto &[name, array] : arrays)
    names.push_back(name);
  return names;
}

DataFile openDataFile(const std::string &path, const TextOptions &options) {
  DataFile file;
  file.path = path;
  Bytes bytes = frontend::readFile(path);
  if (frontend::looksLikeNpy(bytes)) {
    file.arrays.emplace("x", frontend::parseNpy(path, bytes));
    file.isSingleArray = true;
  } else if (beginsWith(bytes, "PK\x03\x04") || beginsWith(bytes, "PK\x05\x06")) {
    frontend::ZipArchive archive(path, std::move(bytes));
    refuseModel(path, archive);
    file.archive.emplace(path, std::move(archive));
  } else if (beginsWith(bytes, "\x1f\x8b")) {
    file.table = parseText(path, unpackGzip(path), options);
  } else {
    refuseOtherFormats(path, bytes);
    std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    file.table = parseText(path, text, options);
  }
  return file;
}

} // namespace lamina::trainer
