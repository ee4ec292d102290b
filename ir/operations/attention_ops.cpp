// Shape inference and costs of attention.
#include "ir/module.h"
#include "ir/operations/inference.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Rows x heads x queries x keys.
llvm::SmallVector<int64_t> scoresShape(RankedTensorType query, RankedTensorType key) {
  return {query.getDimSize(0), query.getDimSize(2), query.getDimSize(1), key.getDimSize(1)};
}

bool isStaticButRows(RankedTensorType type) {
  return type.getRank() == 4 && llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

LogicalResult checkOperands(std::optional<Location> loc, StringRef name, RankedTensorType query,
                            RankedTensorType key, RankedTensorType value) {
  bool fits = isStaticButRows(query) && isStaticButRows(key) && isStaticButRows(value) &&
              query.getElementType() == key.getElementType() &&
              query.getElementType() == value.getElementType() &&
              key.getShape().drop_back() == value.getShape().drop_back() &&
              query.getDimSize(0) == key.getDimSize(0) &&
              query.getDimSize(2) == key.getDimSize(2) && query.getDimSize(3) == key.getDimSize(3);
  if (!fits)
    return refuse(loc, name, ": query ", query, ", key ", key, " and value ", value,
                  " are not rows x steps x heads x features that fit");
  return success();
}

LogicalResult checkMasks(std::optional<Location> loc, StringRef name, ValueRange masks,
                         ArrayRef<int64_t> scores) {
  for (Value mask : masks) {
    RankedTensorType type = typeOf(mask);
    bool fits = type.getRank() == 4;
    for (int64_t i = 0; fits && i < 4; ++i)
      fits = type.getDimSize(i) == 1 || type.getDimSize(i) == scores[i];
    if (!fits)
      return refuse(loc, name, ": a mask of type ", type,
                    " does not fit rows x heads x queries x keys");
  }
  return success();
}

/// Pairs of a query and a key in all rows and heads, those behind the query left out when causal.
double countPairs(RankedTensorType query, RankedTensorType key, bool isCausal, int64_t batchSize) {
  int64_t queries = query.getDimSize(1), keys = key.getDimSize(1);
  double pairs = 0;
  for (int64_t i = 0; i < queries; ++i)
    pairs += static_cast<double>(isCausal ? std::min(i + 1, keys) : keys);
  int64_t rows = query.isDynamicDim(0) ? batchSize : query.getDimSize(0);
  return pairs * static_cast<double>(rows * query.getDimSize(2));
}

} // namespace

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            ValueRange operands, DictionaryAttr attributes,
                                            OpaqueProperties properties, RegionRange regions,
                                            Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType query = typeOf(adaptor.getQuery()), key = typeOf(adaptor.getKey()),
                   value = typeOf(adaptor.getValue());
  if (failed(checkOperands(loc, "attention", query, key, value)))
    return failure();
  llvm::SmallVector<int64_t> scores = scoresShape(query, key), output(query.getShape());
  if (failed(checkMasks(loc, "attention", adaptor.getMasks(), scores)))
    return failure();
  output.back() = value.getDimSize(3);
  RankedTensorType statistics = query.clone(ArrayRef(scores).drop_back());
  types.append({query.clone(output), statistics, statistics});
  return success();
}

LogicalResult AttentionGradientOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                    ValueRange operands, DictionaryAttr attributes,
                                                    OpaqueProperties properties,
                                                    RegionRange regions, Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType query = typeOf(adaptor.getQuery()), key = typeOf(adaptor.getKey()),
                   value = typeOf(adaptor.getValue());
  if (failed(checkOperands(loc, "attention_gradient", query, key, value)))
    return failure();
  llvm::SmallVector<int64_t> scores = scoresShape(query, key), output(query.getShape());
  if (failed(checkMasks(loc, "attention_gradient", adaptor.getMasks(), scores)))
    return failure();
  output.back() = value.getDimSize(3);
  RankedTensorType statistics = query.clone(ArrayRef(scores).drop_back());
  if (typeOf(adaptor.getOutput()) != query.clone(output) ||
      typeOf(adaptor.getGradient()) != query.clone(output) ||
      typeOf(adaptor.getMaximum()) != statistics || typeOf(adaptor.getSum()) != statistics)
    return refuse(loc, "attention_gradient: needs an output and a gradient of type ",
                  query.clone(output), ", a maximum and a sum of type ", statistics);
  types.append({query, key, value});
  return success();
}

/// Cycles that a vector of weights takes besides its products: the exponential, its sum, masks.
constexpr double kWeightCycles = 20;

template <typename Op> static double countWeightCycles(Op op, int64_t batchSize, int64_t lanes) {
  return kWeightCycles / static_cast<double>(lanes) *
         countPairs(op.getQuery().getType(), op.getKey().getType(), op.getCausal(), batchSize);
}

double AttentionOp::getTransformCycles(int64_t batchSize, int64_t lanes) {
  return countWeightCycles(*this, batchSize, lanes);
}

double AttentionGradientOp::getTransformCycles(int64_t batchSize, int64_t lanes) {
  return countWeightCycles(*this, batchSize, lanes);
}

double AttentionOp::getMultiplyAdds(int64_t batchSize) {
  double pairs = countPairs(getQuery().getType(), getKey().getType(), getCausal(), batchSize);
  return pairs * static_cast<double>(getQuery().getType().getDimSize(3) +
                                     getValue().getType().getDimSize(3));
}

double AttentionGradientOp::getMultiplyAdds(int64_t batchSize) {
  double pairs = countPairs(getQuery().getType(), getKey().getType(), getCausal(), batchSize);
  return pairs * static_cast<double>(3 * getQuery().getType().getDimSize(3) +
                                     2 * getValue().getType().getDimSize(3));
}

} // namespace lamina::ir
