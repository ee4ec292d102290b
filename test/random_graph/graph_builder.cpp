#include "test/random_graph/graph_builder.h"

#include <cmath>

#include "ir/host_tensor.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {

bool isFloat(Value value) {
  return isa<FloatType>(elementTypeOf(value));
}
bool isInteger(Value value) {
  return !isFloat(value) && !isBool(value);
}
bool isBool(Value value) {
  return elementTypeOf(value).isInteger(1);
}
Type elementTypeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}
ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

GraphBuilder::GraphBuilder(OpBuilder builder, uint64_t seed, Type floatType, int64_t batchSize)
    : builder(builder), random(seed), number(floatType), capacity(batchSize) {}

//===--- Random choices ----------------------------------------------------------------------===//

int64_t GraphBuilder::randomExtent() {
  // Around the widths of vectors and of register tiles, and their remainders.
  static constexpr int64_t extents[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17};
  return extents[choose(std::size(extents))];
}

llvm::SmallVector<int64_t> GraphBuilder::randomShape() {
  llvm::SmallVector<int64_t> shape;
  for (int64_t rank = choose(4); rank > 0; --rank)
    shape.push_back(randomExtent());
  if (!shape.empty() && chance(50))
    shape[0] = ShapedType::kDynamic;
  return fits(shape) ? shape : llvm::SmallVector<int64_t>{randomExtent()};
}

double GraphBuilder::randomNumber(double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

Type GraphBuilder::randomIntegerType() {
  switch (choose(6)) {
  case 0:
    return builder.getI64Type();
  case 1:
    return builder.getI8Type();
  case 2:
    return builder.getIntegerType(8, false);
  default:
    return builder.getI32Type();
  }
}

bool GraphBuilder::fits(ArrayRef<int64_t> shape) const {
  constexpr int64_t maxElements = 4096;
  int64_t elements = 1, rows = 0;
  for (int64_t extent : shape) {
    rows += ShapedType::isDynamic(extent);
    elements *= ShapedType::isDynamic(extent) ? capacity : extent;
  }
  return rows <= 1 && elements <= maxElements;
}

//===--- Values ------------------------------------------------------------------------------===//

Value GraphBuilder::keep(Value value, ValueFacts facts) {
  known[value] = facts;
  pool.push_back(value);
  return value;
}

Value GraphBuilder::pick(llvm::function_ref<bool(Value)> accepts) {
  llvm::SmallVector<Value> accepted;
  for (Value value : pool)
    if (accepts(value))
      accepted.push_back(value);
  if (accepted.empty())
    return nullptr;
  // Half of the time one of the latest, so that graphs become deep.
  int64_t count = static_cast<int64_t>(accepted.size());
  int64_t recent = std::min<int64_t>(count, 4);
  return accepted[chance(50) ? count - 1 - choose(recent) : choose(count)];
}

Value GraphBuilder::pickFloat() {
  Value value = pick(isFloat);
  return value ? value : matching(randomShape(), number);
}

Value GraphBuilder::pickInteger() {
  Value value = pick(isInteger);
  return value ? value : matching(randomShape(), randomIntegerType(), true);
}

Value GraphBuilder::pickExact(Type elementType) {
  Value value = pick([&](Value candidate) {
    return elementTypeOf(candidate) == elementType && facts(candidate).exact;
  });
  return value ? value : matching(randomShape(), elementType, true);
}

//===--- Derived values ----------------------------------------------------------------------===//

Value GraphBuilder::randomConstant(ArrayRef<int64_t> shape, Type elementType) {
  if (llvm::is_contained(shape, ShapedType::kDynamic) || chance(30))
    return filled(shape, elementType,
                  isa<FloatType>(elementType) ? randomNumber(-2, 2) : choose(4));
  HostTensor tensor(toElementType(elementType), shape);
  visitElementType(tensor.type(), [&]<typename T>(std::type_identity<T>) {
    for (T &element : tensor.elements<T>())
      element = std::is_floating_point_v<T> ? static_cast<T>(randomNumber(-2, 2))
                                            : static_cast<T>(choose(5));
  });
  return makeWith<ConstantOp>({4, true}, tensor.toAttribute(builder.getContext()));
}

Value GraphBuilder::filled(ArrayRef<int64_t> shape, Type elementType, double number) {
  Attribute element =
      isa<FloatType>(elementType)
          ? Attribute(builder.getFloatAttr(elementType, number))
          : Attribute(builder.getIntegerAttr(elementType, static_cast<int64_t>(number)));
  ValueFacts exactly{std::fabs(number), true};
  if (!llvm::is_contained(shape, ShapedType::kDynamic))
    return makeWith<ConstantOp>(exactly,
                                DenseElementsAttr::get(typeOf(shape, elementType), element));
  Value scalar =
      makeWith<ConstantOp>(exactly, DenseElementsAttr::get(typeOf({}, elementType), element));
  return makeWith<BroadcastInDimOp>(exactly, typeOf(shape, elementType), scalar,
                                    llvm::ArrayRef<int64_t>{});
}

/// The dimensions of `to` that the dimensions of `from` are broadcast to, from the last one on;
/// nothing when that is not possible.
static std::optional<llvm::SmallVector<int64_t>> trailingDimensions(ArrayRef<int64_t> from,
                                                                    ArrayRef<int64_t> to) {
  if (from.size() > to.size())
    return std::nullopt;
  llvm::SmallVector<int64_t> dimensions;
  for (size_t i = 0; i < from.size(); ++i) {
    size_t target = to.size() - from.size() + i;
    if (from[i] != to[target] && from[i] != 1)
      return std::nullopt;
    dimensions.push_back(static_cast<int64_t>(target));
  }
  return dimensions;
}

Value GraphBuilder::broadcastOfSmaller(ArrayRef<int64_t> shape, Type elementType, bool exact) {
  Value smaller = pick([&](Value value) {
    return elementTypeOf(value) == elementType && (!exact || facts(value).exact) &&
           trailingDimensions(shapeOf(value), shape);
  });
  if (!smaller)
    return nullptr;
  return makeWith<BroadcastInDimOp>(facts(smaller), typeOf(shape, elementType), smaller,
                                    *trailingDimensions(shapeOf(smaller), shape));
}

Value GraphBuilder::matching(ArrayRef<int64_t> shape, Type elementType, bool exact) {
  RankedTensorType type = typeOf(shape, elementType);
  Value same =
      pick([&](Value value) { return value.getType() == type && (!exact || facts(value).exact); });
  if (same && chance(80))
    return same;
  Value repeated = chance(80) ? broadcastOfSmaller(shape, elementType, exact) : nullptr;
  return repeated ? repeated : randomConstant(shape, elementType);
}

Value GraphBuilder::positive(Value value) {
  Value magnitude = makeWith<AbsOp>(facts(value), value);
  return makeWith<AddOp>({facts(value).bound + 0.5, false}, magnitude,
                         filled(shapeOf(value), elementTypeOf(value), 0.5));
}

Value GraphBuilder::limited(Value value, double bound) {
  ValueFacts of = facts(value);
  if (of.bound <= bound)
    return value;
  if (of.bound < 2 * bound && bound >= 1 && chance(50))
    return makeWith<TanhOp>({1, false}, value);
  return makeWith<MultiplyOp>({bound, false}, value,
                              filled(shapeOf(value), elementTypeOf(value), bound / of.bound));
}

} // namespace lamina::test
