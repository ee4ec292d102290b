#include "codegen/kernels/tile_product.h"

#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/convolution/image_walk.h"

namespace lamina::codegen {
namespace {

/// Steps of the contracted index in one turn of the loop.
constexpr int64_t kUnroll = 4;
/// Products that are summed one after another at most (twice as many where that is all).
constexpr int64_t kPart = 256;
/// Contracted indices of at most this length are written out without a loop.
constexpr int64_t kMostWrittenOut = 8;

} // namespace

Values TileProduct::zeros(size_t count) const {
  return Values(count, llvm::Constant::getNullValue(llvm::FixedVectorType::get(element, lanes)));
}

/// The place of a row's, whether each has one or all share one.
static llvm::Value *placeOf(llvm::ArrayRef<llvm::Value *> left, size_t row) {
  return left.size() == 1 ? left.front() : left[row];
}

Values TileProduct::moved(llvm::ArrayRef<llvm::Value *> places, llvm::Value *k,
                          int64_t stride) const {
  Values result;
  for (llvm::Value *place : places)
    result.push_back(advance(builder, element, place, k, stride));
  return result;
}

void TileProduct::prefetchRows(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows) const {
  for (auto [r, row] : llvm::enumerate(rows))
    if (row)
      emitPrefetch(builder, builder.CreateConstGEP1_64(element, placeOf(left, r), *row + ahead),
                   CacheLevel::first);
}

Values TileProduct::emitStep(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
                             llvm::ArrayRef<llvm::Value *> right, llvm::Value *k, int64_t offset,
                             const Values &sums) const {
  if (llvm::none_of(rows, [](const auto &row) { return row.has_value(); }))
    return sums;
  llvm::Align align(element->getPrimitiveSizeInBits() / 8);
  auto *vector = llvm::FixedVectorType::get(element, lanes);
  Values vectors;
  for (auto [v, panel] : llvm::enumerate(right)) {
    llvm::Value *place = advance(builder, element, panel, k, rightStride);
    place = advance(builder, element, place, offset * rightStride);
    bool masked = lastMask && v + 1 == right.size();
    vectors.push_back(
        masked ? builder.CreateMaskedLoad(vector, place, align, lastMask,
                                          llvm::Constant::getNullValue(vector))
               : static_cast<llvm::Value *>(builder.CreateAlignedLoad(vector, place, align)));
  }
  Values moving = moved(left, k, leftStride);
  Values result(sums);
  for (auto [r, row] : llvm::enumerate(rows)) {
    if (!row)
      continue;
    llvm::Value *place = advance(builder, element, placeOf(moving, r), *row + offset * leftStride);
    llvm::Value *factor =
        builder.CreateVectorSplat(lanes, builder.CreateAlignedLoad(element, place, align));
    for (size_t v = 0; v < vectors.size(); ++v) {
      llvm::Value *&sum = result[r * vectors.size() + v];
      sum = emitMultiplyAdd(builder, target, factor, vectors[v], sum);
    }
  }
  return result;
}

Values TileProduct::add(const Values &first, const Values &second) const {
  Values result;
  for (auto [a, b] : llvm::zip_equal(first, second))
    result.push_back(builder.CreateFAdd(a, b));
  return result;
}

Values TileProduct::emit(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
                         llvm::ArrayRef<llvm::Value *> right, llvm::Value *length,
                         const Values &sums) const {
  std::optional<int64_t> known = constantOf(length);
  if (!known || *known <= 2 * kPart)
    return emitPart(left, rows, right, length, sums);
  auto emitAt = [&](llvm::Value *k, llvm::Value *count, const Values &carried) {
    return add(carried, emitPart(moved(left, k, leftStride), rows, moved(right, k, rightStride),
                                 count, zeros(sums.size())));
  };
  int64_t whole = *known / kPart * kPart;
  Values result = codegen::emitLoop(builder, builder.getInt64(0), builder.getInt64(whole), kPart,
                                    sums, [&](llvm::Value *k, const Values &carried) {
                                      return emitAt(k, builder.getInt64(kPart), carried);
                                    });
  if (whole < *known)
    result = emitAt(builder.getInt64(whole), builder.getInt64(*known - whole), result);
  return result;
}

Values TileProduct::emitPart(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
                             llvm::ArrayRef<llvm::Value *> right, llvm::Value *length,
                             const Values &sums) const {
  std::optional<int64_t> known = constantOf(length);
  llvm::Value *zero = builder.getInt64(0);
  if (known && *known <= kMostWrittenOut) {
    Values result(sums);
    for (int64_t k = 0; k < *known; ++k)
      result = emitStep(left, rows, right, zero, k, result);
    return result;
  }
  llvm::Value *whole = builder.CreateAnd(length, builder.getInt64(-kUnroll));
  Values result = codegen::emitLoop(builder, zero, whole, kUnroll, sums,
                                    [&](llvm::Value *k, const Values &carried) {
                                      Values next = carried;
                                      if (ahead != 0)
                                        prefetchRows(moved(left, k, leftStride), rows);
                                      for (int64_t i = 0; i < kUnroll; ++i)
                                        next = emitStep(left, rows, right, k, i, next);
                                      return next;
                                    });
  if (known) {
    for (int64_t k = *known & -kUnroll; k < *known; ++k)
      result = emitStep(left, rows, right, zero, k, result);
    return result;
  }
  return codegen::emitLoop(builder, whole, length, 1, result,
                           [&](llvm::Value *k, const Values &carried) {
                             return emitStep(left, rows, right, k, 0, carried);
                           });
}

} // namespace lamina::codegen
