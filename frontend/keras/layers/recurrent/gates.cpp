#include "frontend/keras/layers/recurrent/gates.h"

namespace lamina::frontend::keras {

CellStep stepLongShortTerm(LayerCall &call, Tensor z, Tensor memory, const Activation &activation,
                           const Activation &gateActivation) {
  Tensor input = gateActivation(call, takeGate(z, 0, 4));
  Tensor forget = gateActivation(call, takeGate(z, 1, 4));
  Tensor c = forget * memory + input * activation(call, takeGate(z, 2, 4));
  Tensor h = gateActivation(call, takeGate(z, 3, 4)) * activation(call, c);
  return {h, {h, c}};
}

} // namespace lamina::frontend::keras
