#include "frontend/files/hdf5/hdf5_walk.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "frontend/files/arrays/element_format.h"
#include "frontend/files/hdf5/hdf5_handle.h"
#include "frontend/files/hdf5/hdf5_lzf.h"
#include "frontend/files/hdf5/hdf5_type.h"
#include "frontend/files/wire.h"

namespace lamina::frontend {
namespace {

/// Ends the walk with a reason that is worth telling.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Ends the walk because libhdf5 could not do something.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string quoted(const std::string &path) {
  return path.empty() ? "the root" : "'" + path + "'";
}

struct Link {
  std::string name;
  H5L_type_t type = H5L_TYPE_HARD;
};

class Walk {
public:
  Walk(std::span<const std::byte> image, const Hdf5Limits &limits, const ContainedSink &sink)
      : image(image), limits(limits), wire(sink) {}

  bool run();

private:
  void walkFile();
  void walkGroup(hid_t group, const std::string &path, uint64_t depth);
  void walkObject(hid_t group, const Link &link, const std::string &path, uint64_t depth);
  void reportDataset(hid_t dataset, const std::string &path);
  void checkStorage(hid_t dataset, hid_t properties, const std::string &path);
  std::vector<std::byte> readValues(hid_t dataset, hid_t type, uint64_t size,
                                    const std::string &path);
  void reportAttributes(hid_t object, const std::string &path);
  void reportAttribute(hid_t attribute, const std::string &path, const std::string &name);
  void reportTexts(hid_t attribute, hid_t type, hid_t space, const std::string &path,
                   const std::string &name);
  std::vector<int64_t> extentsOf(hid_t space, const std::string &what) const;
  void putFormat(const ElementFormat &format, const std::vector<int64_t> &shape);
  void tag(Hdf5Record record) { wire.number(static_cast<uint64_t>(record)); }
  void spend(uint64_t &budget, uint64_t amount, const std::string &what) const;

  std::span<const std::byte> image;
  Hdf5Limits limits;
  WireWriter wire;
  std::set<std::pair<unsigned long, haddr_t>> visited;
};

bool Walk::run() {
  try {
    walkFile();
    tag(Hdf5Record::End);
  } catch (const Refusal &refusal) {
    tag(Hdf5Record::Refusal);
    wire.text(refusal.what());
  } catch (const Damage &damage) {
    tag(Hdf5Record::Damage);
    wire.text(damage.what());
  }
  return wire.flush();
}

// libhdf5 copies a file image twice on its way into the core driver. These callbacks hand over the
// caller's bytes instead; the file is opened for reading only, so nobody changes them.
void *lendImage(size_t, H5FD_file_image_op_t, void *image) {
  return image;
}
void *keepImage(void *, const void *, size_t, H5FD_file_image_op_t, void *image) {
  return image;
}
void *noResize(void *, size_t, H5FD_file_image_op_t, void *) {
  return nullptr;
}
herr_t leaveImage(void *, H5FD_file_image_op_t, void *) {
  return 0;
}
void *copyUserData(void *image) {
  return image;
}
herr_t leaveUserData(void *) {
  return 0;
}

void Walk::walkFile() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  registerLzf();
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  void *bytes = const_cast<std::byte *>(image.data());
  H5FD_file_image_callbacks_t callbacks = {lendImage,    keepImage,     noResize, leaveImage,
                                           copyUserData, leaveUserData, bytes};
  if (!access || H5Pset_fapl_core(access.get(), 65536, false) < 0 ||
      H5Pset_file_image_callbacks(access.get(), &callbacks) < 0 ||
      H5Pset_file_image(access.get(), bytes, image.size()) < 0)
    throw Damage("libhdf5 does not take the file");
  Hdf5Handle file(H5Fopen("image.h5", H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!file)
    throw Damage("its HDF5 structure cannot be opened");
  Hdf5Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose);
  if (!root)
    throw Damage("its root group cannot be opened");
  H5O_info_t info;
  if (H5Oget_info(root.get(), &info) < 0)
    throw Damage("its root group cannot be read");
  visited.insert({info.fileno, info.addr});
  walkGroup(root.get(), "", 0);
}

extern "C" herr_t collectLink(hid_t, const char *name, const H5L_info_t *info, void *links) {
  try {
    static_cast<std::vector<Link> *>(links)->push_back({name, info->type});
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

void Walk::walkGroup(hid_t group, const std::string &path, uint64_t depth) {
  if (depth > limits.depth)
    throw Refusal(fmt::format("its groups are nested deeper than {} levels", limits.depth));
  reportAttributes(group, path);
  std::vector<Link> links;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collectLink, &links) < 0)
    throw Damage(fmt::format("group {} cannot be listed", quoted(path)));
  for (const Link &link : links)
    walkObject(group, link, path.empty() ? link.name : path + "/" + link.name, depth);
}

void Walk::walkObject(hid_t group, const Link &link, const std::string &path, uint64_t depth) {
  if (link.type == H5L_TYPE_SOFT)
    throw Refusal(fmt::format("{} is a soft link; only hard links are followed", quoted(path)));
  if (link.type == H5L_TYPE_EXTERNAL)
    throw Refusal(
        fmt::format("{} is a link into another file; only hard links are followed", quoted(path)));
  if (link.type != H5L_TYPE_HARD)
    throw Refusal(
        fmt::format("{} is a user-defined link; only hard links are followed", quoted(path)));
  if (link.name.empty() || link.name.find('/') != std::string::npos)
    throw Damage(fmt::format("{} has an impossible name", quoted(path)));
  Hdf5Handle object(H5Oopen(group, link.name.c_str(), H5P_DEFAULT), H5Oclose);
  H5O_info_t info;
  if (!object || H5Oget_info(object.get(), &info) < 0)
    throw Damage(fmt::format("{} cannot be opened", quoted(path)));
  if (!visited.insert({info.fileno, info.addr}).second)
    throw Refusal(fmt::format("{} is another path to an object seen before", quoted(path)));
  if (visited.size() > limits.objects)
    throw Refusal(fmt::format("it has more than {} objects", limits.objects));
  if (info.type == H5O_TYPE_DATASET) {
    reportDataset(object.get(), path);
    reportAttributes(object.get(), path);
  } else if (info.type == H5O_TYPE_GROUP) {
    tag(Hdf5Record::Group);
    wire.text(path);
    walkGroup(object.get(), path, depth + 1);
  } else {
    throw Refusal(fmt::format("{} is neither a group nor a dataset", quoted(path)));
  }
}

void Walk::spend(uint64_t &budget, uint64_t amount, const std::string &what) const {
  if (amount > budget)
    throw Refusal(fmt::format("{} would take far more memory than the file itself", what));
  budget -= amount;
}

std::vector<int64_t> Walk::extentsOf(hid_t space, const std::string &what) const {
  H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (kind == H5S_SCALAR)
    return {};
  if (kind == H5S_NULL)
    return {0};
  int rank = kind == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : -1;
  if (rank < 0 || rank > static_cast<int>(hdf5MaxRank))
    throw Damage(fmt::format("the shape of {} cannot be read", what));
  hsize_t extents[hdf5MaxRank];
  if (H5Sget_simple_extent_dims(space, extents, nullptr) != rank)
    throw Damage(fmt::format("the shape of {} cannot be read", what));
  std::vector<int64_t> shape;
  for (int i = 0; i < rank; ++i)
    shape.push_back(static_cast<int64_t>(extents[i]));
  return shape;
}

void Walk::putFormat(const ElementFormat &format, const std::vector<int64_t> &shape) {
  wire.number(static_cast<uint64_t>(format.kind));
  wire.number(format.width);
  wire.number(format.bigEndian);
  wire.number(shape.size());
  for (int64_t extent : shape)
    wire.number(static_cast<uint64_t>(extent));
}

void Walk::checkStorage(hid_t dataset, hid_t properties, const std::string &path) {
  H5D_layout_t layout = H5Pget_layout(properties);
  if (layout == H5D_VIRTUAL)
    throw Refusal(
        fmt::format("{} is a virtual dataset; store the values themselves", quoted(path)));
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
    throw Damage(fmt::format("the layout of {} cannot be read", quoted(path)));
  if (H5Pget_external_count(properties) != 0)
    throw Refusal(
        fmt::format("{} keeps its values in another file; store them in this one", quoted(path)));
  int filters = H5Pget_nfilters(properties);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    size_t values = 0;
    H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values,
                                         nullptr, 0, nullptr, nullptr);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32 && filter != H5Z_FILTER_SCALEOFFSET && filter != kLzfFilter)
      throw Refusal(fmt::format("{} is compressed with filter {}; gzip, LZF and scale-offset are "
                                "read",
                                quoted(path), static_cast<int>(filter)));
  }
}

void Walk::reportDataset(hid_t dataset, const std::string &path) {
  std::string what = quoted(path);
  Hdf5Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (!properties)
    throw Damage(fmt::format("{} cannot be read", what));
  checkStorage(dataset, properties.get(), path);
  Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  if (!type || !space)
    throw Damage(fmt::format("{} cannot be read", what));
  ElementFormat format;
  if (std::string reason = readElementFormat(type.get(), format); !reason.empty())
    throw Refusal(fmt::format("{} {}", what, reason));
  std::vector<int64_t> shape = extentsOf(space.get(), what);
  std::optional<uint64_t> count = checkedElementCount(shape);
  uint64_t size = 0;
  if (!count || __builtin_mul_overflow(*count, uint64_t(format.width), &size))
    throw Damage(fmt::format("the shape of {} is impossible", what));

  haddr_t offset = H5Dget_offset(dataset);
  bool isInImage = H5Pget_layout(properties.get()) == H5D_CONTIGUOUS && offset != HADDR_UNDEF;
  std::vector<std::byte> values;
  if (!isInImage)
    values = readValues(dataset, type.get(), size, path);

  tag(Hdf5Record::Dataset);
  wire.text(path);
  putFormat(format, shape);
  wire.number(static_cast<uint64_t>(isInImage ? Hdf5Source::Image : Hdf5Source::Inline));
  wire.number(isInImage ? offset : size);
  wire.bytes(values.data(), values.size());
}

/// Compact, chunked and never written datasets: libhdf5 puts the elements together, in the file's
/// own element type.
std::vector<std::byte> Walk::readValues(hid_t dataset, hid_t type, uint64_t size,
                                        const std::string &path) {
  spend(limits.inlineBytes, size, quoted(path));
  std::vector<std::byte> values(size);
  if (size > 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    throw Damage(fmt::format("the values of {} cannot be read", quoted(path)));
  return values;
}

extern "C" herr_t collectName(hid_t, const char *name, const H5A_info_t *, void *names) {
  try {
    static_cast<std::vector<std::string> *>(names)->push_back(name);
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

void Walk::reportAttributes(hid_t object, const std::string &path) {
  std::vector<std::string> names;
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collectName, &names) < 0)
    throw Damage(fmt::format("the attributes of {} cannot be listed", quoted(path)));
  for (const std::string &name : names) {
    Hdf5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!attribute)
      throw Damage(fmt::format("attribute '{}' of {} cannot be opened", name, quoted(path)));
    spend(limits.attributeBytes, name.size() + 64, "its attributes");
    reportAttribute(attribute.get(), path, name);
  }
}

void Walk::reportAttribute(hid_t attribute, const std::string &path, const std::string &name) {
  std::string what = fmt::format("attribute '{}' of {}", name, quoted(path));
  Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  if (!type || !space)
    throw Damage(fmt::format("{} cannot be read", what));
  if (H5Tget_class(type.get()) == H5T_STRING)
    return reportTexts(attribute, type.get(), space.get(), path, name);
  ElementFormat format;
  if (std::string reason = readElementFormat(type.get(), format); !reason.empty())
    throw Refusal(fmt::format("{} {}", what, reason));
  std::vector<int64_t> shape = extentsOf(space.get(), what);
  std::optional<uint64_t> count = checkedElementCount(shape);
  if (!count)
    throw Damage(fmt::format("the shape of {} is impossible", what));
  uint64_t size = *count * format.width;
  spend(limits.attributeBytes, size, what);
  std::vector<std::byte> bytes(size);
  if (size > 0 && H5Aread(attribute, type.get(), bytes.data()) < 0)
    throw Damage(fmt::format("{} cannot be read", what));
  tag(Hdf5Record::ArrayAttribute);
  wire.text(path);
  wire.text(name);
  putFormat(format, shape);
  wire.number(size);
  wire.bytes(bytes.data(), bytes.size());
}

void Walk::reportTexts(hid_t attribute, hid_t type, hid_t space, const std::string &path,
                       const std::string &name) {
  std::string what = fmt::format("attribute '{}' of {}", name, quoted(path));
  std::vector<int64_t> shape = extentsOf(space, what);
  std::optional<uint64_t> count = checkedElementCount(shape);
  if (!count || shape.size() > 1)
    throw Refusal(fmt::format("{} is not a list of strings", what));
  bool isVariable = H5Tis_variable_str(type) > 0;
  uint64_t width = isVariable ? sizeof(char *) : H5Tget_size(type);
  uint64_t size = 0;
  if (__builtin_mul_overflow(*count, width, &size))
    throw Damage(fmt::format("the shape of {} is impossible", what));
  spend(limits.attributeBytes, size, what);
  std::vector<char> raw(size);
  if (size > 0 && H5Aread(attribute, type, raw.data()) < 0)
    throw Damage(fmt::format("{} cannot be read", what));
  std::vector<std::string_view> texts;
  for (uint64_t i = 0; i < *count; ++i) {
    const char *item = raw.data() + i * width;
    size_t length = isVariable ? 0 : strnlen(item, width);
    if (isVariable) {
      std::memcpy(&item, raw.data() + i * width, sizeof(item));
      length = item ? std::strlen(item) : 0;
    }
    spend(limits.attributeBytes, length, what);
    texts.emplace_back(item, length);
  }
  tag(shape.empty() ? Hdf5Record::TextAttribute : Hdf5Record::TextsAttribute);
  wire.text(path);
  wire.text(name);
  if (!shape.empty())
    wire.number(texts.size());
  for (std::string_view text : texts)
    wire.text(text);
}

} // namespace

bool walkHdf5(std::span<const std::byte> image, const Hdf5Limits &limits,
              const ContainedSink &sink) {
  return Walk(image, limits, sink).run();
}

} // namespace lamina::frontend
