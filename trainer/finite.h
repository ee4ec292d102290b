#pragma once

#include <optional>

#include "trainer/data/dataset.h"
#include "trainer/model_runner.h"

namespace lamina::trainer {

/// The first element that is NaN or infinite; nothing for integers.
std::optional<size_t> findNonFinite(const frontend::Array &array);

/// The number of the first variable that holds such an element, of the optimizer or the model.
std::optional<size_t> findNonFiniteVariable(const ModelRunner &runner);

/// What to do about a training that is not finite any more: data with such values are the first
/// suspect.
std::string nonFiniteAdvice(const Dataset &data);

/// Throws UserError when a floating-point variable holds NaN or infinity: such weights are not
/// worth a file.
void requireFinite(const std::string &model, const std::map<std::string, frontend::Array> &weights);

} // namespace lamina::trainer
