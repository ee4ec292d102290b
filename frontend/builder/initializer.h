#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// The first values of variables: settings that an importer makes, and the operations of them.
namespace lamina::frontend::builder {

/// One value (rank 0), or an array that broadcasts to the variable's shape.
struct ConstantInitializer {
  std::vector<double> values = {0};
  std::vector<int64_t> shape = {};
};

/// `gain` on the diagonal of a matrix, 0 elsewhere.
struct IdentityInitializer {
  double gain = 1;
};

/// Uniform numbers in [low, high).
struct UniformInitializer {
  double low = 0, high = 1;
};

/// Normal numbers; truncated ones stay within two standard deviations of the mean (`deviation` is
/// that of the distribution before it is cut).
struct NormalInitializer {
  double mean = 0, deviation = 1;
  bool isTruncated = false;
};

/// `gain` times a uniformly distributed matrix with orthonormal rows or columns; all dimensions but
/// the last are its rows.
struct OrthogonalInitializer {
  double gain = 1;
};

/// The axes of a weight whose extents' products are its fan in and its fan out; they may count from
/// the end.
struct FanAxes {
  std::vector<int64_t> inputs, outputs;
};

/// Numbers of variance `scale` / fan (Glorot and Bengio 2010, He et al. 2015, LeCun 1998).
struct VarianceScalingInitializer {
  enum class Fan { In, Out, Average };
  enum class Distribution { Uniform, TruncatedNormal, UntruncatedNormal };

  double scale = 1;
  Fan fan = Fan::In;
  Distribution distribution = Distribution::TruncatedNormal;
  /// Without: the last two dimensions are input and output channels, the others the kernel's field.
  std::optional<FanAxes> fanAxes = std::nullopt;
};

/// The run's seed itself: the state that random numbers are drawn from.
struct SeedInitializer {};

struct InitializerParts;

/// Parts of a vector, each as long as it says and with a first value of its own.
struct ConcatenatedInitializer {
  std::shared_ptr<const InitializerParts> parts;
};

using Initializer =
    std::variant<ConstantInitializer, IdentityInitializer, UniformInitializer, NormalInitializer,
                 OrthogonalInitializer, VarianceScalingInitializer, ConcatenatedInitializer,
                 SeedInitializer>;

struct InitializerParts {
  std::vector<std::pair<int64_t, Initializer>> values; ///< extents, and what they begin with
};

/// The operands of an initializer.
struct InitializerCall {
  Emitter &emit;
  llvm::ArrayRef<int64_t> shape;
  mlir::Type elementType;
  Tensor seed;    ///< i64 scalar
  int64_t stream; ///< of random bits, one per variable
  const Place &place;
  int64_t part = 0; ///< of the variable, where its parts are drawn one by one

  /// Uniform random bits of the variable's or another shape, i32.
  Tensor randomBits(llvm::ArrayRef<int64_t> shape) const;
};

/// A variable's first value, drawn from the run's seed where it is random. Settings that do not fit
/// the variable's shape are reported through the call's place.
Tensor initialize(const Initializer &initializer, const InitializerCall &call);

} // namespace lamina::frontend::builder
