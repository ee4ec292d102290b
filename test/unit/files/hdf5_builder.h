#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "frontend/files/hdf5/hdf5_handle.h"

namespace lamina::frontend {

/// The image of an HDF5 file that `fill` makes with libhdf5's own calls: the ways to make it that
/// the writer has no use for.
inline std::vector<std::byte> buildHdf5(const std::function<void(hid_t file)> &fill) {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), 65536, false);
  Hdf5Handle file(H5Fcreate("built.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
  fill(file.get());
  H5Fflush(file.get(), H5F_SCOPE_GLOBAL);
  std::vector<std::byte> image(static_cast<size_t>(H5Fget_file_image(file.get(), nullptr, 0)));
  H5Fget_file_image(file.get(), image.data(), image.size());
  return image;
}

inline Hdf5Handle simpleSpace(const std::vector<hsize_t> &extents) {
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
}

inline Hdf5Handle chunkedBy(hsize_t rows) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 1, &rows);
  return {properties, H5Pclose};
}

/// `data` may be null: nothing is written then.
inline void addDataset(hid_t file, const char *path, hid_t type, hid_t space, const void *data,
                       hid_t properties = H5P_DEFAULT) {
  Hdf5Handle dataset(H5Dcreate2(file, path, type, space, H5P_DEFAULT, properties, H5P_DEFAULT),
                     H5Dclose);
  if (data)
    H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
}

inline void addGroup(hid_t file, const char *path) {
  Hdf5Handle group(H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
}

} // namespace lamina::frontend
