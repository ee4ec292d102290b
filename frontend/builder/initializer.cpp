#include "frontend/builder/initializers/initializers.h"

namespace lamina::frontend::builder {

Tensor InitializerCall::randomBits(llvm::ArrayRef<int64_t> of) const {
  mlir::MLIRContext *context = emit.getContext();
  auto type = mlir::RankedTensorType::get(of, mlir::IntegerType::get(context, 32));
  mlir::Value step = emit.constant(mlir::IntegerType::get(context, 64), part);
  auto number = mlir::IntegerAttr::get(mlir::IntegerType::get(context, 64), stream);
  return Tensor(emit, emit.create<ir::RngBitsOp>(type, mlir::Value(seed), step, number));
}

Tensor initialize(const Initializer &initializer, const InitializerCall &call) {
  Tensor value =
      std::visit([&](const auto &kind) { return initialValue(kind, call); }, initializer);
  return value.convert(call.elementType);
}

Tensor initialValue(const ConcatenatedInitializer &initializer, const InitializerCall &call) {
  Tensors parts;
  for (const auto &[extent, part] : initializer.parts->values) {
    InitializerCall inner = {call.emit, extent,      call.elementType,
                             call.seed, call.stream, call.place};
    inner.part = static_cast<int64_t>(parts.size());
    parts.push_back(initialize(part, inner));
  }
  return concatenate(parts, 0);
}

Tensor initialValue(const SeedInitializer &, const InitializerCall &call) {
  return call.seed;
}

} // namespace lamina::frontend::builder
