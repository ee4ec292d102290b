// Fuzzes the reader of zip archives: every member is unpacked.
#include "frontend/files/archive/zip_archive.h"
#include "test/fuzz/target.h"

using namespace lamina::frontend;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return lamina::fuzz::refusing([&] {
    ZipArchive archive("fuzz.zip", lamina::fuzz::toBytes(data, size));
    for (const ZipMember &member : archive.members())
      archive.read(member);
  });
}
