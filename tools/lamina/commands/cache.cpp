// lamina cache
#include <memory>

#include <nlohmann/json.hpp>

#include "codegen/jit/kernel_cache.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

struct CacheOptions {
  bool clear = false, json = false;
};

void showCache(const CacheOptions &options) {
  codegen::KernelCache cache;
  if (!cache.isOn() && !options.json)
    return output("The cache of compiled kernels is off: {}\n", cache.reason());
  codegen::KernelCache::Statistics found = options.clear ? cache.clear() : cache.statistics();
  if (options.json) {
    nlohmann::ordered_json result = {{"folder", nullptr},
                                     {"files", found.files},
                                     {"bytes", found.bytes},
                                     {"limit_bytes", found.limit},
                                     {"cleared", options.clear}};
    if (cache.isOn())
      result["folder"] = found.folder;
    return output("{}\n", result.dump());
  }
  output("{}: {} file{}, {} {}\n", found.folder, found.files, found.files == 1 ? "" : "s",
         formatBytes(static_cast<double>(found.bytes)),
         options.clear
             ? "removed"
             : fmt::format("of at most {}", formatBytes(static_cast<double>(found.limit))));
}

} // namespace

void addCache(CLI::App &command, Action &action) {
  auto options = std::make_shared<CacheOptions>();
  command.add_flag("--clear", options->clear, "Remove all files of the cache");
  command.add_flag("--json", options->json, "Print one line of JSON");
  command.callback([&action, options] { action = [options] { showCache(*options); }; });
}

} // namespace lamina::tools
