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
Tensor constant(const InitializerCall &call, Config &config) {
  Config::Numbers value = config.numbers("value", 0);
  if (!value.shape.empty())
    config.fail("a Constant initializer with more than one value is not supported");
  return filled(call, value.values[0]);
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
  return {{{"Zeros", "zeros"}, zeros},
          {{"Ones", "ones"}, ones},
          {{"Constant", "constant"}, constant},
          {{"Identity", "identity", "IdentityInitializer"}, identity}};
}

} // namespace lamina::frontend::keras
