#pragma once

#include "frontend/builder/training/loss.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

struct LossEntry {
  std::vector<std::string> names; ///< class name first, then the names that Keras takes in strings
  LossFormulaSettings (*read)(Config &config);
};

/// All losses, in the order of Keras' documentation.
const std::vector<LossEntry> &lossEntries();
/// The loss of this name; null when there is none.
const LossEntry *findLoss(const std::string &name);

/// From a name or a serialized loss. "crossentropy" is resolved by the prediction's shape.
Loss readLoss(const Place &place, const nlohmann::json &value, mlir::RankedTensorType prediction);

} // namespace lamina::frontend::keras
