#include "frontend/builder/initializers/initializers.h"

namespace lamina::frontend::builder {

Tensor InitializerCall::randomBits(llvm::ArrayRef<int64_t> of) const {
  mlir::MLIRContext *context = emit.getContext();
  auto type = mlir::RankedTensorType::get(of, mlir::IntegerType::get(context, 32));
  mlir::Value step = emit.constant(mlir::IntegerType::get(context, 64), 0);
  auto number = mlir::IntegerAttr::get(mlir::IntegerType::get(context, 64), stream);
  return Tensor(emit, emit.create<ir::RngBitsOp>(type, mlir::Value(seed), step, number));
}

Tensor initialize(const Initializer &initializer, const InitializerCall &call) {
  Tensor value =
      std::visit([&](const auto &kind) { return initialValue(kind, call); }, initializer);
  return value.convert(call.elementType);
}

Tensor initialValue(const SeedInitializer &, const InitializerCall &call) {
  return call.seed;
}

} // namespace lamina::frontend::builder
