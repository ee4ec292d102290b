#include "tools/lamina/usage/version.h"

#include <fmt/format.h>

#include "codegen/target/target.h"
#include "llvm/Config/llvm-config.h"

namespace lamina::tools {

std::string versionNumber() {
  return LAMINA_VERSION; // of the CMake project
}

std::string processorText() {
  codegen::TargetSpec host = codegen::hostTarget();
  std::string level = host.level > 1 ? fmt::format("x86-64-v{}", host.level) : "baseline";
  return fmt::format("{}, {} ({} bits in a vector)", host.cpu, level, host.vectorBits);
}

std::string versionText() {
  return fmt::format("lamina {}\nLLVM {}\ntarget {}\n", versionNumber(), LLVM_VERSION_STRING,
                     processorText());
}

} // namespace lamina::tools
