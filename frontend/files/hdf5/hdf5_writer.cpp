#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/hdf5/hdf5_handle.h"
#include "frontend/files/hdf5/hdf5_type.h"

namespace lamina::frontend {
namespace {

[[noreturn]] void libraryFailed(std::string_view doing, const std::string &path) {
  throw std::runtime_error(fmt::format("libhdf5 failed to {} '{}'", doing, path));
}

Hdf5Handle spaceOf(const std::vector<int64_t> &shape) {
  if (shape.empty())
    return {H5Screate(H5S_SCALAR), H5Sclose};
  std::vector<hsize_t> extents(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
}

/// h5py's str: variable length, UTF-8.
Hdf5Handle textType() {
  Hdf5Handle::Close close = H5Tclose;
  hid_t type = H5Tcopy(H5T_C_S1);
  if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)
    throw std::runtime_error("libhdf5 failed to make a string type");
  return {type, close};
}

class Writer {
public:
  explicit Writer(uint64_t expectedBytes);

  void addGroup(const std::string &path);
  void addDataset(const std::string &path, const Array &array);
  void addAttribute(const std::string &path, const std::string &name, const AttributeValue &value);
  std::vector<std::byte> finish();

private:
  static hid_t createFile(uint64_t expectedBytes);
  void write(const std::string &path, const std::string &name, hid_t type, hid_t space,
             const void *data);

  Hdf5Handle file;
  Hdf5Handle linkCreation;
  Hdf5Handle datasetCreation;
};

/// The core driver keeps the file in memory; it grows in steps, each of which may copy everything.
hid_t Writer::createFile(uint64_t expectedBytes) {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  size_t step = std::max<uint64_t>(65536, expectedBytes + expectedBytes / 64);
  if (!access || H5Pset_fapl_core(access.get(), step, false) < 0)
    return -1;
  return H5Fcreate("memory.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access.get());
}

Writer::Writer(uint64_t expectedBytes)
    : file(createFile(expectedBytes), H5Fclose), linkCreation(H5Pcreate(H5P_LINK_CREATE), H5Pclose),
      datasetCreation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose) {
  if (!file || H5Pset_create_intermediate_group(linkCreation.get(), 1) < 0 ||
      H5Pset_obj_track_times(datasetCreation.get(), false) < 0)
    throw std::runtime_error("libhdf5 failed to make a file in memory");
}

void Writer::addGroup(const std::string &path) {
  // A group on the way to another one exists already.
  if (H5Lexists(file.get(), path.c_str(), H5P_DEFAULT) > 0)
    return;
  Hdf5Handle group(
      H5Gcreate2(file.get(), path.c_str(), linkCreation.get(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!group)
    libraryFailed("create group", path);
}

void Writer::addDataset(const std::string &path, const Array &array) {
  if (checkedByteSize(array.type, array.shape) != array.bytes.size())
    throw std::runtime_error(fmt::format("'{}' does not fill its shape", path));
  Hdf5Handle type(createHdf5Type(array.type), H5Tclose);
  Hdf5Handle space = spaceOf(array.shape);
  Hdf5Handle dataset(H5Dcreate2(file.get(), path.c_str(), type.get(), space.get(),
                                linkCreation.get(), datasetCreation.get(), H5P_DEFAULT),
                     H5Dclose);
  if (!dataset)
    libraryFailed("create dataset", path);
  if (!array.bytes.empty() &&
      H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()) < 0)
    libraryFailed("write dataset", path);
}

void Writer::write(const std::string &path, const std::string &name, hid_t type, hid_t space,
                   const void *data) {
  Hdf5Handle object(H5Oopen(file.get(), path.empty() ? "/" : path.c_str(), H5P_DEFAULT), H5Oclose);
  Hdf5Handle attribute(
      H5Acreate2(object.get(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute || (data && H5Awrite(attribute.get(), type, data) < 0))
    libraryFailed("write attribute", path + "@" + name);
}

void Writer::addAttribute(const std::string &path, const std::string &name,
                          const AttributeValue &value) {
  if (auto *array = std::get_if<Array>(&value)) {
    Hdf5Handle type(createHdf5Type(array->type), H5Tclose);
    Hdf5Handle space = spaceOf(array->shape);
    write(path, name, type.get(), space.get(),
          array->bytes.empty() ? nullptr : array->bytes.data());
    return;
  }
  std::vector<const char *> pointers;
  std::vector<int64_t> shape;
  if (auto *texts = std::get_if<std::vector<std::string>>(&value)) {
    shape = {static_cast<int64_t>(texts->size())};
    for (const std::string &text : *texts)
      pointers.push_back(text.c_str());
  } else {
    pointers = {std::get<std::string>(value).c_str()};
  }
  Hdf5Handle type = textType();
  Hdf5Handle space = spaceOf(shape);
  write(path, name, type.get(), space.get(), pointers.empty() ? nullptr : pointers.data());
}

std::vector<std::byte> Writer::finish() {
  ssize_t size =
      H5Fflush(file.get(), H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(file.get(), nullptr, 0);
  std::vector<std::byte> image(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  if (size < 0 || H5Fget_file_image(file.get(), image.data(), image.size()) != size)
    throw std::runtime_error("libhdf5 failed to finish the file");
  return image;
}

} // namespace

std::mutex &hdf5Mutex() {
  static std::mutex mutex;
  return mutex;
}

std::vector<std::byte> writeHdf5(const Hdf5Content &content) {
  std::scoped_lock lock(hdf5Mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  uint64_t expectedBytes = 0;
  for (const auto &[path, array] : content.datasets)
    expectedBytes += array.bytes.size();
  Writer writer(expectedBytes);
  for (const std::string &path : content.groups)
    writer.addGroup(path);
  for (const auto &[path, array] : content.datasets)
    writer.addDataset(path, array);
  for (const auto &[path, attributes] : content.attributes)
    for (const auto &[name, value] : attributes)
      writer.addAttribute(path, name, value);
  return writer.finish();
}

} // namespace lamina::frontend
