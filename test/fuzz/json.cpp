// Fuzzes the JSON parser: what it reads is written, and reads back the same.
#include <cstdlib>

#include "frontend/files/json.h"
#include "frontend/files/models/legacy_config.h"
#include "test/fuzz/target.h"

using namespace lamina::frontend;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return lamina::fuzz::refusing([&] {
    nlohmann::json value = parseJson("fuzz.json", lamina::fuzz::toText(data, size));
    std::string written = dumpJson(value);
    // NaN is not equal to itself, so texts are compared.
    if (dumpJson(parseJson("written.json", written)) != written)
      std::abort();
    modernizeModel(value, true);
    for (const char *version : {"", "2.0.5", "2.2.4-tf", "2.15.0"})
      modernizeTraining(value, version);
  });
}
