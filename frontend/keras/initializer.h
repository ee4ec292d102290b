#pragma once

#include "frontend/builder/function_writer.h"

namespace lamina::frontend::keras {

/// What an initializer makes its values from.
struct InitializerCall {
  Emitter &emit;
  llvm::ArrayRef<int64_t> shape;
  mlir::Type elementType;
  mlir::Value seed; ///< i64 scalar
  int64_t stream;   ///< of random bits, one per variable

  /// Uniform random bits of the variable's or another shape, i32.
  Tensor randomBits(llvm::ArrayRef<int64_t> shape) const;
};

struct InitializerEntry {
  std::vector<std::string> names; ///< class name, then the names that Keras takes in strings
  Tensor (*create)(const InitializerCall &call, Config &config);
};

const std::vector<InitializerEntry> &initializerEntries();

/// The first value of a variable, as its serialized initializer says
/// (keras/src/initializers/). Random ones have Keras' distributions, drawn from the run's seed; a
/// seed in the file stands for Keras' own generator and is not followed.
Tensor initialize(const Place &place, const nlohmann::json &initializer,
                  const InitializerCall &call);

/// `initializer` with the axes of the weight from which VarianceScaling and its named cases count
/// their fans, unless it has them; another initializer as it is.
nlohmann::json withFanAxes(const Place &place, const nlohmann::json &initializer,
                           const std::vector<int64_t> &inputAxes,
                           const std::vector<int64_t> &outputAxes);

} // namespace lamina::frontend::keras
