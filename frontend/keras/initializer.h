#pragma once

#include "frontend/builder/initializer.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

struct InitializerEntry {
  std::vector<std::string> names; ///< class name, then the names that Keras takes in strings
  Initializer (*read)(Config &config);
};

const std::vector<InitializerEntry> &initializerEntries();

/// A serialized initializer (keras/src/initializers/). Random ones have Keras' distributions; a
/// seed in the file stands for Keras' own generator and is not followed.
Initializer readInitializer(const Place &place, const nlohmann::json &initializer);

} // namespace lamina::frontend::keras
