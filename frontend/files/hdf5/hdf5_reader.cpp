#include <algorithm>
#include <cstring>

#include "frontend/files/contained_process.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/hdf5/hdf5_handle.h"
#include "frontend/files/hdf5/hdf5_report.h"
#include "frontend/files/hdf5/hdf5_walk.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

constexpr std::string_view fileSignature = "\x89HDF\r\n\x1a\n";

/// A small file may not take long or much, a large one takes in proportion.
ContainmentLimits containmentFor(uint64_t imageBytes, const Hdf5Limits &limits) {
  constexpr uint64_t mebibyte = uint64_t(1) << 20;
  ContainmentLimits result;
  result.memoryBytes = 256 * mebibyte + 2 * limits.inlineBytes;
  result.cpuSeconds = static_cast<unsigned>(1 + imageBytes / (64 * mebibyte));
  result.outputBytes = limits.inlineBytes + limits.attributeBytes + 64 * mebibyte;
  return result;
}

ContainedResult walkContained(std::span<const std::byte> image) {
  Hdf5Limits limits;
  limits.inlineBytes = std::max(limits.inlineBytes, 16 * uint64_t(image.size()));
  auto work = [&](const ContainedSink &sink) { return walkHdf5(image, limits, sink); };
  std::scoped_lock lock(hdf5Mutex());
  return runContained(work, containmentFor(image.size(), limits));
}

Hdf5Content read(std::string_view file, std::span<const std::byte> image, bool isTaken) {
  using Outcome = ContainedResult::Outcome;
  std::string name = printable(file, 4096);
  if (!looksLikeHdf5(image))
    fail("{}: is damaged: it does not start as an HDF5 file does; {}", name, hdf5Advice);
  ContainedResult report = walkContained(image);
  switch (report.outcome) {
  case Outcome::Finished:
    return readHdf5Report(name, image, report.output, isTaken);
  case Outcome::Crashed:
    fail("{}: is damaged: its HDF5 structure makes the reader crash; {}", name, hdf5Advice);
  case Outcome::OutOfTime:
    fail("{}: is damaged: its HDF5 structure takes too long to read; {}", name, hdf5Advice);
  case Outcome::OutOfMemory:
  case Outcome::TooMuchOutput:
    fail("{}: is damaged: its HDF5 structure takes far more memory than the file; {}", name,
         hdf5Advice);
  }
  fail("{}: is damaged; {}", name, hdf5Advice);
}

} // namespace

bool looksLikeHdf5(std::span<const std::byte> bytes) {
  // Before the signature there may be a user block of 512 bytes, or of twice as many, and so on.
  for (size_t start = 0; start + fileSignature.size() <= bytes.size();
       start = start == 0 ? 512 : 2 * start)
    if (std::memcmp(bytes.data() + start, fileSignature.data(), fileSignature.size()) == 0)
      return true;
  return false;
}

Hdf5Content readHdf5(std::string_view file, std::span<const std::byte> image) {
  return read(file, image, /*isTaken=*/false);
}

Hdf5Content takeHdf5(std::string_view file, std::span<std::byte> image) {
  return read(file, image, /*isTaken=*/true);
}

} // namespace lamina::frontend
