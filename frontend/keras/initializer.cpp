#include "frontend/keras/initializers/initializers.h"

namespace lamina::frontend::keras {

Tensor InitializerCall::randomBits(llvm::ArrayRef<int64_t> of) const {
  mlir::MLIRContext *context = emit.getContext();
  auto type = mlir::RankedTensorType::get(of, mlir::IntegerType::get(context, 32));
  mlir::Value step = emit.constant(mlir::IntegerType::get(context, 64), 0);
  auto number = mlir::IntegerAttr::get(mlir::IntegerType::get(context, 64), stream);
  return Tensor(emit, emit.create<ir::RngBitsOp>(type, seed, step, number));
}

const std::vector<InitializerEntry> &initializerEntries() {
  static const std::vector<InitializerEntry> entries = [] {
    std::vector<InitializerEntry> all = constantInitializers();
    for (const auto &part : {randomInitializers(), varianceScalingInitializers()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return entries;
}

Tensor initialize(const Place &place, const nlohmann::json &initializer,
                  const InitializerCall &call) {
  ObjectConfig object = ObjectConfig::read(place, "the initializer", initializer);
  std::vector<std::string> names;
  for (const InitializerEntry &entry : initializerEntries()) {
    names.push_back(entry.names.front());
    if (!llvm::is_contained(entry.names, object.className))
      continue;
    Config config(object.config, place);
    Tensor value = entry.create(call, config);
    config.finish(object.className);
    return value.convert(call.elementType);
  }
  if (llvm::is_contained({"STFT", "stft", "STFTInitializer"}, object.className))
    place.fail("initializer STFT is refused: its windows are SciPy's; give the layer another "
               "initializer, its weights in the file stay as they are");
  place.fail(notSupported("initializer " + printable(object.className), object.className, names));
}

} // namespace lamina::frontend::keras
