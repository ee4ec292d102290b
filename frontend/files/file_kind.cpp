#include "frontend/files/file_kind.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/bytes.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/utf8.h"

namespace lamina::frontend {
namespace {

constexpr const char *saveAsKeras = "save the model in Keras with model.save(\"model.keras\")";

struct Signature {
  size_t offset;
  std::string_view bytes;
  const char *what;
};

using namespace std::string_view_literals;

constexpr Signature signatures[] = {
    {4, "TFL3"sv, "a TensorFlow Lite model, which cannot be trained"},
    {0, "\x93NUMPY"sv, "a NumPy array, not a model"},
    {0, "\x89PNG\r\n"sv, "a PNG image, not a model"},
    {0, "\xff\xd8\xff"sv, "a JPEG image, not a model"},
    {0, "GIF8"sv, "a GIF image, not a model"},
    {0, "%PDF"sv, "a PDF document, not a model"},
    {0, "\x1f\x8b"sv, "compressed with gzip, not a model"},
    {0, "\x80\x02"sv, "a Python pickle, which is never loaded"},
    {0, "\x80\x03"sv, "a Python pickle, which is never loaded"},
    {0, "\x80\x04"sv, "a Python pickle, which is never loaded"},
    {0, "\x80\x05"sv, "a Python pickle, which is never loaded"},
    {0,
     "\x7f"
     "ELF"sv,
     "a compiled program or library, not a model"},
    {0, "GGUF"sv, "a GGUF file, not a Keras model"},
    // ONNX's ModelProto: ir_version, then producer_name.
    {0, "\x08\x03\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x04\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x06\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x07\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x08\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x09\x12"sv, "probably an ONNX model, which is not read yet"},
    {0, "\x08\x0a\x12"sv, "probably an ONNX model, which is not read yet"},
};

bool looksLikeText(std::string_view text) {
  std::string_view head = text.substr(0, 4096);
  size_t bad = findInvalidUtf8(head);
  bool isUtf8 = bad == head.npos || (head.size() < text.size() && head.size() - bad < 4);
  return isUtf8 && std::ranges::none_of(head, [](unsigned char c) {
           return c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
         });
}

std::string_view withoutSpace(std::string_view text) {
  size_t start = text.find_first_not_of(" \t\r\n");
  return start == text.npos ? std::string_view() : text.substr(start);
}

} // namespace

FileKind recognizeFile(std::span<const std::byte> bytes) {
  if (looksLikeZip(bytes))
    return FileKind::KerasArchive;
  if (looksLikeHdf5(bytes))
    return FileKind::Hdf5;
  std::string_view text = withoutSpace(asText(bytes));
  if (text.starts_with('{') || text.starts_with('[') || text.starts_with('"') ||
      text.starts_with("\xef\xbb\xbf{"))
    return FileKind::JsonText;
  return FileKind::Other;
}

std::string describeForeignFile(std::span<const std::byte> bytes) {
  std::string advice = std::string("; ") + saveAsKeras;
  if (bytes.empty())
    return "is empty" + advice;
  std::string_view text = asText(bytes);
  for (const Signature &signature : signatures)
    if (text.size() >= signature.offset &&
        text.substr(signature.offset).starts_with(signature.bytes))
      return std::string("is ") + signature.what + advice;
  if (looksLikeText(text))
    return "is text, not a Keras model; give a .keras file or the JSON of model.to_json()";
  return "is not a Keras model; give a .keras file or the JSON of model.to_json()";
}

std::string describeFolder(const std::string &path) {
  std::error_code ignored;
  auto has = [&](const char *name) {
    return std::filesystem::exists(std::filesystem::path(path) / name, ignored);
  };
  if (has("saved_model.pb"))
    return std::string("is a TensorFlow SavedModel folder, which keeps no layers; ") + saveAsKeras;
  if (has("config.json"))
    return "is a folder with an unpacked Keras model; zip its content into one .keras file";
  return "is a folder; give a .keras file or the JSON of model.to_json()";
}

std::string describeForeignArchive(std::span<const std::string> memberNames) {
  auto any = [&](auto predicate) { return std::ranges::any_of(memberNames, predicate); };
  auto endsWith = [](std::string_view suffix) {
    return [suffix](const std::string &name) { return name.ends_with(suffix); };
  };
  if (any(endsWith("data.pkl")))
    return std::string("is a PyTorch file, not a Keras model; ") + saveAsKeras;
  if (any(endsWith("saved_model.pb")))
    return std::string("is a zipped TensorFlow SavedModel, which keeps no layers; ") + saveAsKeras;
  if (!memberNames.empty() && std::ranges::all_of(memberNames, endsWith(".npy")))
    return "is a .npz file with arrays, not a model; give it as data";
  if (any(endsWith("/config.json")))
    return "is an archive with a Keras model inside a folder; zip the folder's content, "
           "not the folder";
  return std::string("is an archive without config.json, not a Keras model; ") + saveAsKeras;
}

} // namespace lamina::frontend
