#include "frontend/builder/initializers/initializers.h"
#include "frontend/builder/shapes.h"
#include "support/error.h"

namespace lamina::frontend::builder {
namespace {

bool broadcasts(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to) {
  if (from.size() > to.size())
    return false;
  return llvm::all_of(llvm::zip_equal(from, to.take_back(from.size())), [](auto extents) {
    auto [extent, wanted] = extents;
    return extent == 1 || extent == wanted;
  });
}

} // namespace

Tensor initialValue(const ConstantInitializer &initializer, const InitializerCall &call) {
  const auto &[values, shape] = initializer;
  if (shape.empty())
    return call.emit.constant(call.elementType, values[0]).broadcastTo(call.shape);
  if (values.empty() || !broadcasts(shape, call.shape))
    call.place.fail(
        fmt::format("a Constant initializer's value of shape {} does not broadcast to the "
                    "variable's shape {}",
                    describeShape(llvm::ArrayRef<int64_t>(shape)), describeShape(call.shape)));
  return call.emit.constant(values, shape).convert(call.elementType).broadcastTo(call.shape);
}

Tensor initialValue(const IdentityInitializer &initializer, const InitializerCall &call) {
  if (call.shape.size() != 2)
    call.place.fail("an Identity initializer needs a matrix");
  Tensor isDiagonal = equal(call.emit.iota(call.shape, 0), call.emit.iota(call.shape, 1));
  return isDiagonal.convert(call.elementType) * initializer.gain;
}

} // namespace lamina::frontend::builder
