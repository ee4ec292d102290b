// keras.layers.EinsumDense: keras/src/layers/core/einsum_dense.py
#include "frontend/builder/einsum.h"
#include "frontend/keras/layers/layers.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// "[X],[Y]->[Z]", "...[X],[Y]->...[Z]" or "[X]...,[Y]->[Z]...": letters alone, and where the
/// ellipsis stands.
struct Equation {
  std::string input, weight, output;
  enum class Elided { Nothing, Left, Right } elided = Elided::Nothing;

  Equation(const Config &config, const std::string &text) {
    auto [left, right] = llvm::StringRef(text).split("->");
    auto [first, second] = left.split(',');
    if (first.consume_front("...") && right.consume_front("..."))
      elided = Elided::Left;
    else if (first.consume_back("...") && right.consume_back("..."))
      elided = Elided::Right;
    for (llvm::StringRef term : {first, second, right})
      if (term.empty() || !llvm::all_of(term, [](char c) { return llvm::isAlpha(c); }))
        config.where().fail(fmt::format("'equation' \"{}\" must have the form \"ab,bc->ac\", "
                                        "\"...a,ab->...b\" or \"ab...,bc->ac...\"",
                                        printable(text)));
    input = first;
    weight = second;
    output = right;
  }
};

/// activation(einsum(equation, x, kernel) + bias)
class EinsumDense : public LayerMeaning {
public:
  explicit EinsumDense(Config &config)
      : text(config.text("equation", "")), equation(config, text),
        biasAxes(config.text("bias_axes", "")), useBias(config.has("bias_axes")),
        activation(createActivation(config.where(), config.raw("activation"))),
        kernel(readVariable(config, "kernel", "glorot_uniform")),
        bias(readVariable(config, "bias", "zeros")) {
    const nlohmann::json &shape = config.raw("output_shape");
    for (const nlohmann::json &extent : shape.is_array() ? shape : nlohmann::json::array({shape}))
      if (extent.is_null() || (extent.is_number_integer() && extent > 0))
        outputShape.push_back(extent.is_null() ? -1 : extent.get<int64_t>());
      else
        config.fail("'output_shape' must hold positive integers and nulls");
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::map<char, int64_t> extents = findExtents(place, inputs[0].getShape());
    std::vector<VariableDeclaration> variables = {kernel};
    FanAxes axes;
    for (auto [axis, label] : llvm::enumerate(equation.weight)) {
      bool isOutput = equation.output.find(label) != std::string::npos;
      (isOutput ? axes.outputs : axes.inputs).push_back(static_cast<int64_t>(axis));
      variables[0].shape.push_back(extentOf(place, extents, label));
    }
    variables[0].fanAxes = axes;
    if (useBias) {
      variables.push_back(bias);
      variables[1].shape = findBiasShape(place, extents, inputs[0].getRank());
    }
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    findExtents(call.place(), x.shape()); // refuses other ranks
    Tensor y = einsum(call.place(), text, {x, call.variable(0)});
    if (useBias)
      y = y + call.variable(1);
    return {activation(call, y)};
  }

private:
  /// Extents by label, from the input and from 'output_shape'.
  std::map<char, int64_t> findExtents(const Place &place, ArrayRef<int64_t> shape) const {
    size_t named = equation.input.size();
    if (shape.size() < named ||
        (equation.elided == Equation::Elided::Nothing && shape.size() > named))
      place.fail(fmt::format("'equation' \"{}\" does not fit an input of shape {}", printable(text),
                             describeShape(shape)));
    size_t skipped = equation.elided == Equation::Elided::Left ? shape.size() - named : 0;
    std::map<char, int64_t> extents;
    for (auto [i, label] : llvm::enumerate(equation.input))
      extents[label] = shape[skipped + i];
    // The rows are either elided or the first label.
    size_t first = skipped > 0 ? 0 : 1;
    if (equation.output.size() != outputShape.size() + first)
      place.fail(fmt::format("'output_shape' has {} entries, but 'equation' \"{}\" names {} "
                             "dimensions after the rows",
                             outputShape.size(), printable(text), equation.output.size() - first));
    for (auto [i, extent] : llvm::enumerate(outputShape)) {
      char label = equation.output[first + i];
      auto [known, isNew] = extents.try_emplace(label, extent);
      if (extent != -1 && known->second != extent)
        place.fail(fmt::format("dimension '{}' has {} elements in the input but {} in "
                               "'output_shape'",
                               label, known->second, extent));
    }
    return extents;
  }

  static int64_t extentOf(const Place &place, const std::map<char, int64_t> &extents, char label) {
    auto extent = extents.find(label);
    if (extent == extents.end() || extent->second < 1)
      place.fail(fmt::format("the extent of dimension '{}' is not known", label));
    return extent->second;
  }

  /// From the first of the bias' axes on, 1 for those that it does not have.
  std::vector<int64_t> findBiasShape(const Place &place, const std::map<char, int64_t> &extents,
                                     int64_t rank) const {
    size_t first = equation.output.find_first_of(biasAxes);
    for (char axis : biasAxes)
      if (equation.output.find(axis) == std::string::npos)
        place.fail(
            fmt::format("'bias_axes' names '{}', which is no dimension of the output", axis));
    std::vector<int64_t> shape;
    for (char label : llvm::StringRef(equation.output).drop_front(first))
      shape.push_back(biasAxes.find(label) == std::string::npos ? 1
                                                                : extentOf(place, extents, label));
    if (equation.elided == Equation::Elided::Right)
      shape.insert(shape.end(), rank - static_cast<int64_t>(equation.input.size()), 1);
    return shape;
  }

  std::string text;
  Equation equation;
  std::string biasAxes;
  bool useBias;
  Activation activation;
  VariableDeclaration kernel, bias;
  std::vector<int64_t> outputShape; ///< without the rows; -1 for an extent left open
};

} // namespace

const LayerEntry einsumDenseLayer = {"EinsumDense", createFromConfig<EinsumDense>};

} // namespace lamina::frontend::keras
