#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The kernels that are measured: contractions and convolutions of known networks in the three
/// directions of training, and the kernels between them.
namespace lamina::bench {

/// What is computed of a layer: its output, the gradient by its input, or the gradient by its
/// weights.
enum class Direction { Forward, ByData, ByWeights };
inline constexpr Direction kDirections[] = {Direction::Forward, Direction::ByData,
                                            Direction::ByWeights};
std::string nameOf(Direction direction);

/// y[rows, outputs] = x[rows, inputs] w[inputs, outputs], of elements of a floating-point type.
struct Dense {
  std::string name;
  int64_t rows, inputs, outputs;
  std::string type = "f32";

  /// A module of the import stage whose @main is the forward direction.
  std::string moduleText() const;
};

/// Square images with channels last, square filters, "same" padding or none.
struct Convolution {
  std::string name;
  int64_t images, size, inputs, outputs, window, stride = 1, groups = 1;
  bool padded = true;
  std::string type = "f32";

  int64_t outputSize() const {
    return padded ? (size + stride - 1) / stride : (size - window) / stride + 1;
  }
  int64_t padding() const; ///< on both sides together; the smaller half comes first
  std::string moduleText() const;
};

/// Anything else, as text of a module.
struct Chain {
  std::string name, text;
};

std::vector<Dense> denseCases();
std::vector<Convolution> convolutionCases();
std::vector<Chain> chainCases();

} // namespace lamina::bench
