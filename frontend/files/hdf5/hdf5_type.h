#pragma once

#include <string>

#include <hdf5.h>

#include "frontend/files/arrays/element_format.h"

namespace lamina::frontend {

/// Says how the HDF5 type stores a number. Returns "" and sets `format`, or the reason why the type
/// is not read ("is bfloat16, …"). h5py's bool is an enumeration of int8 with FALSE = 0, TRUE = 1.
std::string readElementFormat(hid_t type, ElementFormat &format);

/// The type that h5py uses for the element type; the caller closes it.
hid_t createHdf5Type(ElementType type);

} // namespace lamina::frontend
