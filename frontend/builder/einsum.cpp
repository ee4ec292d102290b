#include "frontend/builder/einsum.h"

#include <map>

#include "frontend/builder/shapes.h"
#include "support/error.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// A tensor with a letter for each dimension.
struct Labelled {
  Tensor tensor;
  std::string labels;

  bool has(char label) const { return labels.find(label) != std::string::npos; }
  int64_t dimensionOf(char label) const { return static_cast<int64_t>(labels.find(label)); }
  llvm::SmallVector<int64_t> dimensionsOf(llvm::StringRef wanted) const {
    return llvm::map_to_vector(wanted, [&](char label) { return dimensionOf(label); });
  }
  bool hasRows() const { return !tensor.type().hasStaticShape(); }
};

/// Sums over the labels that neither `other` nor `output` has.
void sumLonelyLabels(Labelled &x, const Labelled &other, llvm::StringRef output) {
  llvm::SmallVector<int64_t> lonely;
  std::string kept;
  for (auto [dimension, label] : llvm::enumerate(x.labels))
    if (other.has(label) || output.contains(label))
      kept += label;
    else
      lonely.push_back(static_cast<int64_t>(dimension));
  x = {sum(x.tensor, lonely), kept};
}

/// `x` with its dimensions in the order of `labels` and extents of 1 for those it does not have.
Tensor align(const Labelled &x, llvm::StringRef labels) {
  llvm::SmallVector<int64_t> permutation, shape;
  for (char label : labels) {
    if (x.has(label))
      permutation.push_back(x.dimensionOf(label));
    shape.push_back(x.has(label) ? x.tensor.dim(x.dimensionOf(label)) : 1);
  }
  Tensor moved = x.tensor.transpose(permutation);
  llvm::SmallVector<int64_t> dimensions;
  for (auto [i, label] : llvm::enumerate(labels))
    if (x.has(label))
      dimensions.push_back(static_cast<int64_t>(i));
  return moved.broadcastInDim(shape, dimensions);
}

/// The product of x and y, summed over the labels that `output` leaves out.
Tensor contract(Labelled x, Labelled y, llvm::StringRef output) {
  sumLonelyLabels(x, y, output);
  sumLonelyLabels(y, x, output);
  if (y.hasRows() && !x.hasRows()) // results begin with the free dimensions of the first
    std::swap(x, y);
  std::string batching, contracting;
  for (char label : x.labels)
    if (y.has(label))
      (output.contains(label) ? batching : contracting) += label;
  if (contracting.empty())
    return align(x, output) * align(y, output);
  std::string result = batching;
  for (const Labelled *operand : {&x, &y})
    for (char label : operand->labels)
      if ((batching + contracting).find(label) == std::string::npos)
        result += label;
  Tensor product = x.tensor.with(x.tensor.emit().create<ir::DotGeneralOp>(
      Value(x.tensor), Value(y.tensor), x.dimensionsOf(batching), y.dimensionsOf(batching),
      x.dimensionsOf(contracting), y.dimensionsOf(contracting)));
  llvm::SmallVector<int64_t> permutation;
  for (char label : output)
    permutation.push_back(static_cast<int64_t>(result.find(label)));
  return product.transpose(permutation);
}

/// Each label occurs once in a tensor and has one extent; the output's are among them.
void check(const Place &place, ArrayRef<Labelled> operands, llvm::StringRef output) {
  std::map<char, int64_t> extents;
  for (const Labelled &operand : operands) {
    if (static_cast<int64_t>(operand.labels.size()) != operand.tensor.rank())
      place.fail(fmt::format("an einsum names {} dimensions of an operand of shape {}",
                             operand.labels.size(), describeShape(operand.tensor.shape())));
    for (auto [dimension, label] : llvm::enumerate(operand.labels)) {
      int64_t extent = operand.tensor.dim(static_cast<int64_t>(dimension));
      auto [known, isNew] = extents.try_emplace(label, extent);
      if (llvm::count(operand.labels, label) > 1)
        place.fail("an einsum names two dimensions of one operand alike, which is not supported");
      if (known->second != extent)
        place.fail(fmt::format("an einsum has extents {} and {} for one label",
                               describeShape({known->second}), describeShape({extent})));
    }
  }
  for (char label : output)
    if (!extents.contains(label) || llvm::count(output, label) > 1)
      place.fail("an einsum's output must name different dimensions of its operands");
}

//===--- Equations ---------------------------------------------------------------------------===//

/// `subscripts` without blanks; the ellipsis has become letters that occur nowhere else, as many as
/// `rank` leaves.
std::string expandEllipsis(const Place &place, llvm::StringRef subscripts, llvm::StringRef free,
                           size_t rank) {
  auto [before, after] = subscripts.split("...");
  if (before.size() == subscripts.size())
    return subscripts.str();
  size_t named = before.size() + after.size();
  if (rank < named || rank - named > free.size())
    place.fail(fmt::format("the einsum term '{}' does not fit {} dimensions",
                           printable(subscripts.str()), rank));
  return (before + free.take_back(rank - named) + after).str();
}

/// Labels that occur once, in alphabetical order: the output that an equation leaves unsaid.
std::string implicitOutput(llvm::StringRef inputs) {
  std::string labels;
  for (char label : inputs)
    if (llvm::isAlpha(label) && llvm::count(inputs, label) == 1)
      labels += label;
  llvm::sort(labels);
  return (inputs.contains("...") ? "..." : "") + labels;
}

} // namespace

Tensor einsum(const Place &place, ArrayRef<std::string> labels, llvm::StringRef output,
              ArrayRef<Tensor> tensors) {
  llvm::SmallVector<Labelled> operands;
  for (auto [tensor, of] : llvm::zip_equal(tensors, labels))
    operands.push_back({tensor, of});
  check(place, operands, output);
  Labelled result = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    // What the output or a later operand names is kept.
    std::string needed = output.str(), kept;
    for (const Labelled &later : ArrayRef<Labelled>(operands).drop_front(i + 1))
      needed += later.labels;
    for (char label : result.labels + operands[i].labels)
      if (needed.find(label) != std::string::npos && kept.find(label) == std::string::npos)
        kept += label;
    if (i + 1 == operands.size())
      kept = output.str();
    result = {contract(result, operands[i], kept), kept};
  }
  sumLonelyLabels(result, {}, output);
  return align(result, output);
}

Tensor einsum(const Place &place, const std::string &equation, ArrayRef<Tensor> tensors) {
  std::string text = equation, unused;
  llvm::erase(text, ' ');
  for (char letter = 'A'; letter <= 'z'; letter = letter == 'Z' ? 'a' : letter + 1)
    if (text.find(letter) == std::string::npos)
      unused += letter;
  auto [inputs, output] = llvm::StringRef(text).split("->");
  bool isOutputSaid = llvm::StringRef(text).contains("->");
  llvm::SmallVector<llvm::StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != tensors.size())
    place.fail(fmt::format("the einsum '{}' has {} operands, but {} are given", printable(equation),
                           terms.size(), tensors.size()));
  std::vector<std::string> labels;
  size_t elided = 0; // the most dimensions behind an ellipsis
  for (auto [term, tensor] : llvm::zip_equal(terms, tensors)) {
    labels.push_back(expandEllipsis(place, term, unused, static_cast<size_t>(tensor.rank())));
    if (term.contains("..."))
      elided = std::max(elided, labels.back().size() - (term.size() - 3));
  }
  std::string result = isOutputSaid ? output.str() : implicitOutput(inputs);
  size_t resultRank = llvm::StringRef(result).contains("...") ? result.size() - 3 + elided : 0;
  result = expandEllipsis(place, result, unused, resultRank);
  for (const std::string &term : labels)
    if (!llvm::all_of(term + result, llvm::isAlpha))
      place.fail(
          fmt::format("the einsum '{}' must name dimensions by letters", printable(equation)));
  return einsum(place, labels, result, tensors);
}

} // namespace lamina::frontend::builder
