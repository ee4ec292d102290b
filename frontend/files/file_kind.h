#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lamina::frontend {

/// The kind of a file that was given as a model, judged by its content.
enum class FileKind { KerasArchive, Hdf5, JsonText, Other };

FileKind recognizeFile(std::span<const std::byte> bytes);

/// For kind Other: what the content looks like and what to do, fit to follow "FILE: ".
std::string describeForeignFile(std::span<const std::byte> bytes);

/// The same for a folder: SavedModel, an unpacked archive, or something else.
std::string describeFolder(const std::string &path);

/// The same for an archive without config.json, judged by its members' names.
std::string describeForeignArchive(std::span<const std::string> memberNames);

} // namespace lamina::frontend
