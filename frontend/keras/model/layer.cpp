#include "frontend/keras/model/layer.h"

using namespace mlir;

namespace lamina::frontend::keras {

VariableDeclaration readVariable(Config &config, const std::string &name,
                                 const char *defaultInitializer, std::string prefix) {
  if (prefix.empty())
    prefix = name;
  VariableDeclaration variable = {name,
                                  {},
                                  config.raw(prefix + "_initializer"),
                                  config.raw(prefix + "_regularizer"),
                                  config.raw(prefix + "_constraint")};
  if (variable.initializer.is_null())
    variable.initializer = defaultInitializer;
  return variable;
}

Tensor singleInput(const LayerCall &call, ArrayRef<Tensor> inputs) {
  if (inputs.size() != 1)
    call.fail(fmt::format("takes one input, not {}", inputs.size()));
  return inputs[0];
}

} // namespace lamina::frontend::keras
