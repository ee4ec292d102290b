// Stands in for libFuzzer where there is none: gives every file of the folder that it is called
// with to the target.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(argc > 1 ? argv[1] : ".")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(content.data()), content.size());
    ++count;
  }
  if (count == 0)
    std::fprintf(stderr, "%s: no inputs\n", argc > 1 ? argv[1] : ".");
  return count > 0 ? 0 : 1;
}
