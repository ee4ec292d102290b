// Fuzzes the reader of HDF5 files. libhdf5 runs in a child process, whose crashes are no findings;
// what the child says is fuzzed too, for a file may take it over.
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/hdf5/hdf5_report.h"
#include "test/fuzz/target.h"

using namespace lamina::frontend;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<std::byte> bytes = lamina::fuzz::toBytes(data, size);
  if (looksLikeHdf5(bytes))
    return lamina::fuzz::refusing([&] { readHdf5("fuzz.h5", bytes); });
  return lamina::fuzz::refusing(
      [&] { readHdf5Report("fuzz.h5", bytes, bytes, /*isTaken=*/false); });
}
