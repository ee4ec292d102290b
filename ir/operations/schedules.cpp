// What every schedule must hold, whatever kernel it belongs to; that of plain ones is in
// lamina_schedules.td. Whether a schedule fits its kernel is checked by the family
// (passes/families/families.h).
#include "ir/schedule_checks.h"

using namespace mlir;

namespace lamina::ir {

LogicalResult checkLanes(EmitError emitError, int64_t lanes, int64_t cost) {
  if (lanes < 1 || (lanes & (lanes - 1)) != 0)
    return emitError() << "lanes = " << lanes << " is not a power of two";
  if (cost < 0)
    return emitError() << "cost = " << cost << " is negative";
  return success();
}

LogicalResult checkPositive(EmitError emitError, ArrayRef<ScheduleField> fields) {
  for (const ScheduleField &field : fields)
    if (field.value < 1)
      return emitError() << field.name << " = " << field.value << " is not positive";
  return success();
}

namespace {

using Field = ScheduleField;

/// Whether a task is made of whole tiles or vectors.
LogicalResult checkMultiple(EmitError emitError, Field whole, Field part) {
  if (whole.value % part.value != 0)
    return emitError() << whole.name << " = " << whole.value << " is no multiple of " << part.name
                       << " = " << part.value;
  return success();
}

LogicalResult checkTile(EmitError emitError, int64_t lanes, int64_t cost, int64_t tileRows,
                        int64_t tileVectors) {
  if (failed(checkLanes(emitError, lanes, cost)) ||
      failed(checkPositive(emitError, {{"tileRows", tileRows}, {"tileVectors", tileVectors}})))
    return failure();
  // Sums of a tile stay in registers, of which no supported processor has more than 32.
  if (tileRows * tileVectors > 31)
    return emitError() << "a tile of " << tileRows << " x " << tileVectors
                       << " vectors does not fit 32 registers";
  return success();
}

LogicalResult checkColumns(EmitError emitError, int64_t columns, int64_t width) {
  if (failed(checkPositive(emitError, {{"columns", columns}})))
    return failure();
  return checkMultiple(emitError, {"columns", columns}, {"the tile's width", width});
}

} // namespace

LogicalResult ColumnScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t vectors,
                                         int64_t blocks, int64_t ahead, int64_t cost) {
  if (ahead < 0)
    return emitError() << "ahead = " << ahead << " is negative";
  return success(succeeded(checkLanes(emitError, lanes, cost)) &&
                 succeeded(checkPositive(emitError, {{"vectors", vectors}, {"blocks", blocks}})));
}

LogicalResult ContractionScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t tileRows,
                                              int64_t tileVectors, int64_t depth, int64_t rows,
                                              int64_t columns, LeftCopy left, RightCopy right,
                                              int64_t cost) {
  if (failed(checkTile(emitError, lanes, cost, tileRows, tileVectors)) ||
      failed(checkPositive(emitError, {{"depth", depth}, {"rows", rows}})) ||
      failed(checkColumns(emitError, columns, tileVectors * lanes)))
    return failure();
  if (right == RightCopy::ahead && columns == tileVectors * lanes)
    return emitError() << "right = ahead with one tile of columns: there is none before it";
  return checkMultiple(emitError, {"rows", rows}, {"tileRows", tileRows});
}

LogicalResult ConvolutionScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t tileRows,
                                              int64_t tileVectors, int64_t channels, int64_t lines,
                                              int64_t positions, int64_t columns, bool ahead,
                                              int64_t cost) {
  if (channels < 0)
    return emitError() << "channels = " << channels << " is negative";
  return success(
      succeeded(checkTile(emitError, lanes, cost, tileRows, tileVectors)) &&
      succeeded(checkPositive(emitError, {{"lines", lines}, {"positions", positions}})) &&
      succeeded(checkColumns(emitError, columns, tileVectors * lanes)));
}

LogicalResult DepthwiseScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t tileRows,
                                            int64_t tileVectors, int64_t lines, int64_t positions,
                                            int64_t columns, bool ahead, int64_t cost) {
  return success(
      succeeded(checkTile(emitError, lanes, cost, tileRows, tileVectors)) &&
      succeeded(checkPositive(emitError, {{"lines", lines}, {"positions", positions}})) &&
      succeeded(checkColumns(emitError, columns, tileVectors * lanes)));
}

LogicalResult FilterGradientScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                                 int64_t tileRows, int64_t tileVectors,
                                                 int64_t channels, int64_t columns,
                                                 int64_t positions, int64_t images, int64_t cost) {
  if (failed(checkTile(emitError, lanes, cost, tileRows, tileVectors)) ||
      failed(checkPositive(
          emitError, {{"channels", channels}, {"positions", positions}, {"images", images}})) ||
      failed(checkColumns(emitError, columns, tileVectors * lanes)))
    return failure();
  return checkMultiple(emitError, {"channels", channels}, {"tileRows", tileRows});
}

LogicalResult FewChannelsGradientScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                                      int64_t tileRows, int64_t tileVectors,
                                                      int64_t columns, int64_t positions,
                                                      int64_t cost) {
  return success(succeeded(checkTile(emitError, lanes, cost, tileRows, tileVectors)) &&
                 succeeded(checkPositive(emitError, {{"positions", positions}})) &&
                 succeeded(checkColumns(emitError, columns, tileVectors * lanes)));
}

LogicalResult DepthwiseGradientScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                                    int64_t tileVectors, int64_t columns,
                                                    int64_t positions, int64_t images,
                                                    int64_t cost) {
  return success(
      succeeded(checkTile(emitError, lanes, cost, 1, tileVectors)) &&
      succeeded(checkPositive(emitError, {{"positions", positions}, {"images", images}})) &&
      succeeded(checkColumns(emitError, columns, tileVectors * lanes)));
}

LogicalResult WinogradScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t tileRows,
                                           int64_t tileVectors, int64_t squares, int64_t filters,
                                           int64_t cost) {
  if (failed(checkTile(emitError, lanes, cost, tileRows, tileVectors)) ||
      failed(checkPositive(emitError, {{"squares", squares}, {"filters", filters}})) ||
      failed(checkMultiple(emitError, {"squares", squares}, {"tileRows", tileRows})))
    return failure();
  return checkMultiple(emitError, {"filters", filters}, {"the tile's width", tileVectors * lanes});
}

LogicalResult WinogradGradientScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                                   int64_t tileRows, int64_t tileVectors,
                                                   int64_t channels, int64_t filters,
                                                   int64_t squares, int64_t cost) {
  if (failed(checkTile(emitError, lanes, cost, tileRows, tileVectors)) ||
      failed(checkPositive(emitError, {{"filters", filters}, {"squares", squares}})) ||
      failed(checkPositive(emitError, {{"channels", channels}})) ||
      failed(checkMultiple(emitError, {"channels", channels}, {"lanes", lanes})))
    return failure();
  return checkMultiple(emitError, {"filters", filters}, {"the tile's width", tileVectors * lanes});
}

namespace {

LogicalResult checkAttention(EmitError emitError, int64_t lanes, int64_t tileRows,
                             int64_t tileVectors, Field keys, Field units, int64_t cost) {
  if (failed(checkTile(emitError, lanes, cost, tileRows, tileVectors)) ||
      failed(checkPositive(emitError, {keys, units})))
    return failure();
  return checkMultiple(emitError, keys, {"tileRows", tileRows});
}

} // namespace

LogicalResult AttentionScheduleAttr::verify(EmitError emitError, int64_t lanes, int64_t tileRows,
                                            int64_t tileVectors, int64_t keys, int64_t blocks,
                                            int64_t cost) {
  return checkAttention(emitError, lanes, tileRows, tileVectors, {"keys", keys}, {"blocks", blocks},
                        cost);
}

LogicalResult AttentionGradientScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                                    int64_t tileRows, int64_t tileVectors,
                                                    int64_t keys, int64_t heads, int64_t cost) {
  return checkAttention(emitError, lanes, tileRows, tileVectors, {"keys", keys}, {"heads", heads},
                        cost);
}

} // namespace lamina::ir
