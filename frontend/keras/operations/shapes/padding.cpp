// keras.ops.pad: keras/src/ops/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {

Tensor mirror(OperationCall &call, Tensor x, int64_t dimension, int64_t low, int64_t high,
              bool repeatsEdge) {
  int64_t extent = x.dim(dimension), most = repeatsEdge ? extent : extent - 1;
  if (low > most || high > most)
    call.fail(fmt::format("cannot mirror {} and {} of the {} elements of dimension {}", low, high,
                          extent, dimension));
  llvm::SmallVector<int64_t> indices;
  for (int64_t i = -low; i < extent + high; ++i) {
    int64_t before = repeatsEdge ? -1 - i : -i;
    int64_t behind = 2 * extent - (repeatsEdge ? 1 : 2) - i;
    indices.push_back(i < 0 ? before : i < extent ? i : behind);
  }
  return pick(x, dimension, indices);
}

namespace {

using nlohmann::json;
using Widths = llvm::SmallVector<int64_t>;

/// Elements before and after those of each dimension: a pair for each, one for all, or a number.
std::pair<Widths, Widths> readWidths(OperationCall &call, Tensor x) {
  const json &widths = call.settings.raw("pad_width");
  Widths low, high;
  constexpr int64_t kMostWidth = int64_t(1) << 31;
  for (int64_t i = 0; i < x.rank(); ++i) {
    json width = widths.is_array() && widths.size() == static_cast<size_t>(x.rank()) ? widths[i]
                 : widths.is_array() && widths.size() == 1                           ? widths[0]
                                                                                     : widths;
    if (width.is_number_integer())
      width = json::array({width, width});
    if (!width.is_array() || width.size() != 2 || !width[0].is_number_integer() ||
        !width[1].is_number_integer() || width[0] < 0 || width[1] < 0 || width[0] > kMostWidth ||
        width[1] > kMostWidth)
      call.fail("'pad_width' must hold a pair of numbers for each dimension, none negative");
    low.push_back(width[0].get<int64_t>());
    high.push_back(width[1].get<int64_t>());
    if (low.back() + high.back() > 0)
      refuseRows(call, x, i, "pads");
  }
  return {low, high};
}

/// With one value, or with the elements themselves.
Tensors padded(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::string mode = call.settings.text("mode", "constant");
  auto [low, high] = readWidths(call, x);
  if (mode == "constant")
    return {pad(x, call.settings.number("constant_values", 0), low, high)};
  if (mode != "reflect" && mode != "symmetric")
    call.fail(fmt::format("pads with the 'mode' {}; constant, reflect and symmetric are supported",
                          printable(mode)));
  for (int64_t i = 0; i < x.rank(); ++i)
    if (low[i] + high[i] > 0)
      x = mirror(call, x, i, low[i], high[i], mode == "symmetric");
  return {x};
}

} // namespace

llvm::ArrayRef<OperationEntry> paddingOperations() {
  static const OperationEntry entries[] = {
      {"Pad", {"x", "constant_values"}, padded},
  };
  return entries;
}

} // namespace lamina::frontend::keras
