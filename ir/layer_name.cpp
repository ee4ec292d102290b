#include "ir/layer_name.h"

using namespace mlir;

namespace lamina::ir {

std::string layerOf(Location location) {
  std::string name;
  location->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

} // namespace lamina::ir
