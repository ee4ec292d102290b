#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/data_file.h"

/// Readers of single formats, for openDataFile. `path` is for messages; all throw UserError
/// `FILE: reason; what to do`.
namespace lamina::trainer {

/// Data larger than this after unpacking are refused: numbers take about as much again.
inline constexpr size_t kMostUnpackedBytes = size_t(16) << 30;

/// Unpacks gzip or Zstandard data, also several members one after another.
bool looksCompressed(std::span<const std::byte> bytes);
std::vector<std::byte> decompress(const std::string &path, std::span<const std::byte> bytes);

/// Lines of JSON objects, one a row: columns are the members' names in the order in which they
/// first occur; null and members that a line lacks are missing values.
bool looksLikeJsonLines(std::string_view text);
Table parseJsonLines(const std::string &path, std::string_view text,
                     const TextOptions &options = {});

/// Lines `LABEL INDEX:VALUE …` of libsvm and svmlight, indices from 1 (or 0) in ascending order,
/// values that are left out 0, comments behind `#`: columns x1, x2, …, label.
bool looksLikeLibsvm(std::string_view text);
Table parseLibsvm(const std::string &path, std::string_view text);

/// An array in the IDX format of MNIST: big-endian, of 1 to 8 dimensions.
bool looksLikeIdx(std::span<const std::byte> bytes);
frontend::Array parseIdx(const std::string &path, std::span<const std::byte> bytes);
/// The file of labels that goes with one of images: "train-labels-idx1-ubyte" with
/// "train-images-idx3-ubyte"; empty for other names.
std::string idxLabelsOf(const std::string &path);

/// All of standard input.
std::vector<std::byte> readStandardInput();

/// The files that a pattern with *, ? or [] names, sorted; only `path` where it is no pattern.
std::vector<std::string> expandPattern(const std::string &path);

} // namespace lamina::trainer
