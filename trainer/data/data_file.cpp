#include "trainer/data/data_file.h"

#include <algorithm>
#include <cctype>

#include <unistd.h>

#include "frontend/files/bytes.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/read_file.h"
#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

namespace {

using Bytes = std::vector<std::byte>;

/// Names a file that is no data by what it begins with.
void refuseOtherFormats(const std::string &path, std::string_view text) {
  const char *kind = nullptr;
  if (text.starts_with("\x89PNG") || text.starts_with("\xff\xd8\xff"))
    kind = "an image";
  else if (text.starts_with("PAR1"))
    kind = "a Parquet file";
  else if (text.starts_with("\x80\x04") || text.starts_with("\x80\x03") ||
           text.starts_with("\x80\x05"))
    kind = "a Python pickle";
  else if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    kind = "UTF-16 text";
  if (kind)
    fail("{}: this is {}, which is not read as data; give .npz, .npy, CSV or ARFF", path, kind);
}

Table parseText(const std::string &path, std::string_view text, const TextOptions &options) {
  if (text.find('\0') != std::string_view::npos)
    fail("{}: this is neither text nor an array file; give .npz, .npy, CSV or ARFF", path);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    fail("{}: the file is empty", path);
  if (looksLikeArff(text))
    return parseArff(path, text, options);
  if (looksLikeJsonLines(text))
    return parseJsonLines(path, text, options);
  bool isGiven = options.delimiter || options.header;
  return !isGiven && looksLikeLibsvm(text) ? parseLibsvm(path, text)
                                           : parseDelimitedText(path, text, options);
}

/// An archive that begins like a model is a common mix-up of arguments.
void refuseModel(const std::string &path, const frontend::ZipArchive &archive) {
  if (archive.find("config.json"))
    fail("{}: this is a model, not data", path);
}

/// Names that data sets give the arrays x and y.
std::span<const std::string_view> aliasesOf(std::string_view name) {
  static constexpr std::string_view kInputs[] = {"images", "data", "features", "X"},
                                    kTargets[] = {"labels", "target", "targets", "Y"};
  if (name == "x")
    return kInputs;
  if (name == "y")
    return kTargets;
  return {};
}

/// The datasets of an HDF5 file, those in groups by their paths.
void readDatasets(DataFile &file, Bytes &bytes) {
  frontend::Hdf5Content content = frontend::takeHdf5(file.path, bytes);
  file.arrays = std::move(content.datasets);
  if (file.arrays.contains("model_weights") || content.groups.contains("model_weights"))
    fail("{}: this is a model, not data", file.path);
}

void readArray(DataFile &file, frontend::Array array) {
  file.arrays.emplace("x", std::move(array));
  file.isSingleArray = true;
}

void readNpy(DataFile &file, const Bytes &bytes) {
  if (!frontend::holdsTexts(file.path, bytes))
    return readArray(file, frontend::parseNpy(file.path, bytes));
  file.texts.emplace("x", frontend::parseNpyTexts(file.path, bytes));
  file.isSingleArray = true;
}

/// Images in IDX have their labels in a file beside them.
void readIdx(DataFile &file, const Bytes &bytes) {
  readArray(file, parseIdx(file.path, bytes));
  std::string path = idxLabelsOf(file.path);
  if (path.empty() || access(path.c_str(), R_OK) != 0)
    return;
  Bytes labels = frontend::readFile(path);
  if (looksCompressed(labels))
    labels = decompress(path, labels);
  if (!looksLikeIdx(labels))
    fail("{}: the labels beside {} are no IDX file", path, file.path);
  file.arrays.emplace("y", parseIdx(path, labels));
  file.isSingleArray = false;
}

void readContent(DataFile &file, Bytes bytes, const TextOptions &options) {
  if (looksCompressed(bytes))
    bytes = decompress(file.path, bytes);
  if (frontend::looksLikeNpy(bytes)) {
    readNpy(file, bytes);
  } else if (looksLikeIdx(bytes)) {
    readIdx(file, bytes);
  } else if (frontend::looksLikeHdf5(bytes)) {
    readDatasets(file, bytes);
  } else if (frontend::looksLikeZip(bytes)) {
    frontend::ZipArchive archive(file.path, std::move(bytes));
    refuseModel(file.path, archive);
    file.archive.emplace(file.path, std::move(archive));
  } else {
    std::string_view text = frontend::asText(bytes);
    refuseOtherFormats(file.path, text);
    file.table = parseText(file.path, text, options);
    file.table->convertDates();
  }
}

/// Adds a table's rows below those of another one.
void appendTable(Table &all, Table table) {
  if (table.width != all.width || table.names != all.names)
    fail("{}: its columns are not those of {}; files that are read together have the same",
         table.path, all.path);
  size_t line = all.lines.empty() ? 0 : all.lines.back();
  all.append(std::move(table), line);
}

/// All files that a pattern names: lines count through them.
DataFile openAll(const std::string &pattern, const std::vector<std::string> &paths,
                 const TextOptions &options) {
  std::optional<DataFile> all;
  for (const std::string &path : paths) {
    DataFile file = openDataFile(path, options);
    if (!file.table)
      fail("{}: several files are read together where they are tables, and this one holds arrays",
           path);
    if (!all)
      all.emplace(std::move(file));
    else
      appendTable(*all->table, std::move(*file.table));
  }
  all->path = all->table->path = pattern;
  return std::move(*all);
}

} // namespace

std::string DataFile::nameOf(const std::string &wanted) const {
  auto isThere = [&](const std::string &name) {
    return arrays.contains(name) || texts.contains(name) || (archive && archive->contains(name));
  };
  std::vector<std::string> names;
  if (part.empty())
    names.push_back(wanted);
  if (wanted != "x" && wanted != "y") {
    if (!part.empty())
      names.push_back(wanted + "_" + part);
  } else {
    names.push_back(wanted + "_" + (part.empty() ? "train" : part));
    if (part.empty())
      names.insert(names.end(), aliasesOf(wanted).begin(), aliasesOf(wanted).end());
  }
  auto found = std::ranges::find_if(names, isThere);
  return found == names.end() ? "" : *found;
}

frontend::Array *DataFile::find(const std::string &name) {
  std::string own = nameOf(name);
  if (own.empty())
    return nullptr;
  if (texts.contains(own))
    fail(
        "{}: array '{}' holds texts, but the model takes numbers; an input of dtype 'string' takes "
        "texts",
        path, printable(own));
  if (!arrays.contains(own))
    arrays.emplace(own, archive->read(own));
  return &arrays.at(own);
}

frontend::Texts *DataFile::findTexts(const std::string &name) {
  std::string own = nameOf(name);
  if (own.empty())
    return nullptr;
  if (arrays.contains(own))
    fail("{}: array '{}' holds numbers, but the model takes texts; convert them with astype(str)",
         path, printable(own));
  if (!texts.contains(own))
    texts.emplace(own, archive->readTexts(own));
  return &texts.at(own);
}

std::vector<std::string> DataFile::arrayNames() const {
  if (archive)
    return archive->names();
  std::vector<std::string> names;
  for (const auto &[name, array] : arrays)
    names.push_back(name);
  for (const auto &[name, array] : texts)
    names.push_back(name);
  return names;
}

DataFile openDataFile(const std::string &path, const TextOptions &options) {
  DataFile file;
  file.path = path == "-" ? "standard input" : path;
  std::vector<std::string> paths = expandPattern(path);
  if (paths.size() > 1 || paths.front() != path)
    return openAll(path, paths, options);
  readContent(file, path == "-" ? readStandardInput() : frontend::readFile(path), options);
  return file;
}

} // namespace lamina::trainer
