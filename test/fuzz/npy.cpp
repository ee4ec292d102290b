// Fuzzes the reader of NumPy arrays.
#include "frontend/files/arrays/npy.h"
#include "test/fuzz/target.h"

using namespace lamina::frontend;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return lamina::fuzz::refusing([&] { parseNpy("fuzz.npy", lamina::fuzz::toBytes(data, size)); });
}
