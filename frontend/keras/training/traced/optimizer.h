#pragma once

#include "frontend/keras/training/optimizer.h"

namespace lamina::frontend::keras {

/// The class of an optimizer whose update is a traced program of the user's own.
inline constexpr char kTracedOptimizerClass[] = "lamina>Optimizer";

/// "groups": how many slots of each variable lie side by side in the file, for each pass through
/// the variables; "programs": a program for each shape of variables, of gradient, value, learning
/// rate, updates done before and slots, which gives the new value and the new slots.
const OptimizerEntry &tracedOptimizerEntry();

} // namespace lamina::frontend::keras
