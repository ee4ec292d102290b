#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "frontend/files/hdf5/hdf5.h"

namespace lamina::frontend {

/// The remedy for a damaged file.
constexpr std::string_view hdf5Advice = "copy or download it again";

/// Turns the report that walkHdf5 gives on `image` into content. Whoever wrote it may have been
/// taken over by the file: every number and text is checked as if it were the file itself. Throws
/// UserError as readHdf5 does. `isTaken`: pages of the image are given back once their values are
/// copied.
Hdf5Content readHdf5Report(std::string_view file, std::span<const std::byte> image,
                           std::span<const std::byte> report, bool isTaken);

} // namespace lamina::frontend
