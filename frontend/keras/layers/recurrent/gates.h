#pragma once

#include "frontend/keras/layers/recurrent/cell.h"

namespace lamina::frontend::keras {

/// The end of a step with long short-term memory: z holds the input, forget, cell and output gates
/// side by side along its last dimension; the states are the output and the memory.
CellStep stepLongShortTerm(LayerCall &call, Tensor z, Tensor memory, const Activation &activation,
                           const Activation &gateActivation);

} // namespace lamina::frontend::keras
