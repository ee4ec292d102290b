// keras.initializers.Zeros, Ones, Constant, Identity:
// keras/src/initializers/constant_initializers.py
#include "frontend/keras/initializers/initializers.h"

namespace lamina::frontend::keras {
namespace {

Tensor filled(const InitializerCall &call, double value) {
  return call.emit.constant(call.elementType, value).broadcastTo(call.shape);
}

Tensor zeros(const InitializerCall &call, Config &) {
  return filled(call, 0);
}
Tensor ones(const InitializerCall &call, Config &) {
  return filled(call, 1);
}
/// One value, or an array that broadcasts to the variable's shape.
Tensor constant(const InitializerCall &call, Config &config) {
  Config::Numbers value = config.numbers("value", 0);
  if (value.shape.empty())
    return filled(call, value.values[0]);
  bool fits = value.shape.size() <= call.shape.size() && !value.values.empty();
  for (size_t i = 1; fits && i <= value.shape.size(); ++i)
    fits = value.shape.rbegin()[i - 1] == 1 ||
           value.shape.rbegin()[i - 1] == call.shape[call.shape.size() - i];
  if (!fits)
    config.fail(fmt::format("a Constant initializer's value of shape {} does not broadcast to the "
                            "variable's shape {}",
                            describeShape(llvm::ArrayRef<int64_t>(value.shape)),
                            describeShape(call.shape)));
  return call.emit.constant(value.values, value.shape)
      .convert(call.elementType)
      .broadcastTo(call.shape);
}

Tensor identity(const InitializerCall &call, Config &config) {
  double gain = config.number("gain", 1);
  if (call.shape.size() != 2)
    config.fail("an Identity initializer needs a matrix");
  Tensor isDiagonal = equal(call.emit.iota(call.shape, 0), call.emit.iota(call.shape, 1));
  return isDiagonal.convert(call.elementType) * gain;
}

} // namespace

std::vector<InitializerEntry> constantInitializers() {
  return {{{"Zeros", "zeros", "zero"}, zeros},
          {{"Ones", "ones", "one"}, ones},
          {{"Constant", "constant"}, constant},
          {{"Identity", "identity", "IdentityInitializer"}, identity}};
}

} // namespace lamina::frontend::keras
