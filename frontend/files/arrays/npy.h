#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/arrays/array.h"
#include "frontend/files/arrays/texts.h"

namespace lamina::frontend {

/// Reads an array in NumPy's .npy format, versions 1 to 3. Big-endian elements are swapped,
/// Fortran order is transposed, element types become those of element_format.h. Object arrays
/// (pickles, which could run code), texts, complex and structured types are refused, and
/// so is anything that does not fill the shape to the byte. `file` is for messages. Throws
/// UserError `FILE: reason; what to do`.
Array parseNpy(std::string_view file, std::span<const std::byte> bytes);
Array readNpy(const std::string &path);

/// Whether the array is one of texts, of NumPy's types U or S.
bool holdsTexts(std::string_view file, std::span<const std::byte> bytes);
/// Such an array, in the same way. Numbers are refused.
Texts parseNpyTexts(std::string_view file, std::span<const std::byte> bytes);

/// The bytes of a .npy file, version 1.0, C order.
std::vector<std::byte> formatNpy(const Array &array);
void writeNpy(const std::string &path, const Array &array);

bool looksLikeNpy(std::span<const std::byte> bytes);

/// A .npz file, that is an archive (plain or compressed) of .npy members. Arrays are read one by
/// one: one that cannot be read does no harm as long as nobody asks for it.
class NpzFile {
public:
  /// Throws UserError when the file is no archive or holds something else than arrays.
  explicit NpzFile(const std::string &path);
  /// `archive`'s file name is `file`.
  NpzFile(std::string file, ZipArchive archive);

  /// Names without ".npy", in the file's order.
  const std::vector<std::string> &names() const { return arrayNames; }
  bool contains(std::string_view name) const;
  /// Throws UserError when there is no such array, with the names that there are.
  Array read(std::string_view name);
  Texts readTexts(std::string_view name);
  bool holdsTexts(std::string_view name);

private:
  std::span<const std::byte> bytesOf(std::string_view name);
  std::string placeOf(std::string_view name) const;

  std::string file;
  ZipArchive archive;
  std::vector<std::string> arrayNames;
};

/// Writes the arrays uncompressed, as numpy.savez does.
void writeNpz(const std::string &path, const std::map<std::string, Array> &arrays);

} // namespace lamina::frontend
