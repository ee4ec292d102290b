// Fuzzes the readers of delimited and ARFF text.
#include "test/fuzz/target.h"
#include "trainer/data/data_file.h"

using namespace lamina::trainer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text = lamina::fuzz::toText(data, size);
  return lamina::fuzz::refusing([&] {
    if (looksLikeArff(text))
      parseArff("fuzz.arff", text);
    else
      parseDelimitedText("fuzz.csv", text);
  });
}
