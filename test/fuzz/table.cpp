// Fuzzes the readers of tables as text: delimited, ARFF, JSON lines, libsvm.
#include "test/fuzz/target.h"
#include "trainer/data/formats/formats.h"

using namespace lamina::trainer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text = lamina::fuzz::toText(data, size);
  return lamina::fuzz::refusing([&] {
    if (looksLikeArff(text))
      parseArff("fuzz.arff", text);
    else if (looksLikeJsonLines(text))
      parseJsonLines("fuzz.jsonl", text).convertDates();
    else if (looksLikeLibsvm(text))
      parseLibsvm("fuzz.svm", text);
    else
      parseDelimitedText("fuzz.csv", text).convertDates();
  });
}
