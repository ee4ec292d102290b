#include "frontend/keras/operations/dimensions.h"

namespace lamina::frontend::keras {

void refuseRows(OperationCall &call, Tensor x, int64_t dimension, const char *action) {
  if (x.type().isDynamicDim(dimension))
    call.fail(fmt::format("{} the rows of the batch (dimension {} of shape {}), which is not "
                          "supported",
                          action, dimension, describeShape(x.shape())));
}

void refuseBeforeRows(OperationCall &call, Tensor x, int64_t newDimension) {
  if (newDimension == 0 && !x.type().hasStaticShape())
    call.fail("puts a dimension before the rows of the batch, which is not supported");
}

std::pair<Tensor, int64_t> flattenUnlessAxis(OperationCall &call, Tensor x) {
  if (call.settings.has("axis"))
    return {x, call.axis("axis", 0, x.rank())};
  if (!x.type().hasStaticShape())
    call.fail("flattens its input, the rows of the batch included; give it an axis");
  return {x.reshape({x.elementsPerRow()}), 0};
}

std::vector<int64_t> readIntegers(OperationCall &call, const char *key) {
  std::optional<std::vector<int64_t>> values = call.settings.integers(key);
  if (!values)
    call.fail(fmt::format("needs the setting '{}'", key));
  return *values;
}

} // namespace lamina::frontend::keras
