#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "frontend/files/archive/zip_archive.h"

namespace lamina::frontend {

/// Reads and checks an archive's directory; ZipArchive's comment says what is refused.
std::vector<ZipMember> readZipDirectory(const std::string &file, std::span<const std::byte> bytes,
                                        const ZipLimits &limits);

} // namespace lamina::frontend
