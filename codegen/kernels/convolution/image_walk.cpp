#include "codegen/kernels/convolution/image_walk.h"

#include "llvm/IR/Module.h"

namespace lamina::codegen {
namespace {

llvm::GlobalVariable *makeTable(llvm::Module &module, llvm::ArrayRef<int32_t> values) {
  return addConstant(module, llvm::ConstantDataArray::get(module.getContext(), values), "taps");
}

llvm::Value *loadIndex(llvm::IRBuilder<> &builder, llvm::GlobalVariable *table,
                       llvm::Value *position) {
  llvm::Type *type = builder.getInt32Ty();
  llvm::Value *place = builder.CreateInBoundsGEP(type, table, position);
  return builder.CreateSExt(builder.CreateLoad(type, place), builder.getInt64Ty());
}

} // namespace

Image Image::make(llvm::Value *pointer, llvm::Type *element, llvm::ArrayRef<int64_t> axes,
                  int64_t channels) {
  Image image{pointer, element, {}};
  image.strides.assign(axes.size() + 2, 1);
  image.strides[axes.size()] = channels;
  for (size_t axis = axes.size(); axis-- > 0;)
    image.strides[axis] = image.strides[axis + 1] * axes[axis];
  return image;
}

llvm::Value *advance(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *pointer,
                     llvm::Value *index, int64_t stride) {
  return builder.CreateInBoundsGEP(element, pointer,
                                   builder.CreateMul(index, builder.getInt64(stride)));
}

llvm::Value *advance(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *pointer,
                     int64_t elements) {
  return elements == 0 ? pointer : builder.CreateConstInBoundsGEP1_64(element, pointer, elements);
}

int64_t elementsOfLine(llvm::Type *element) {
  return kCacheLineBytes * 8 / static_cast<int64_t>(element->getPrimitiveSizeInBits());
}

void emitPrefetch(llvm::IRBuilder<> &builder, llvm::Value *place, CacheLevel level, bool write) {
  builder.CreateIntrinsic(llvm::Intrinsic::prefetch, {place->getType()},
                          {place, builder.getInt32(write),
                           builder.getInt32(static_cast<uint32_t>(level)),
                           /*data=*/builder.getInt32(1)});
}

void emitPrefetchLines(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *place,
                       int64_t count, CacheLevel level, bool write) {
  for (int64_t start = 0; start < count; start += elementsOfLine(element))
    emitPrefetch(builder, advance(builder, element, place, start), level, write);
}

//===--- Lines of a block ---------------------------------------------------------------------===//

void LineGrid::add(int64_t count, int64_t step) {
  if (!dimensions.empty() &&
      (dimensions.back().count == 1 || dimensions.back().step == count * step))
    dimensions.back() = {dimensions.back().count * count, step};
  else
    dimensions.push_back({count, step});
}

void LineGrid::prefetch(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *place,
                        llvm::Value *part, int64_t parts) const {
  // Contiguous elements are one run; a part is some runs, or some lines where there is only
  // one.
  int64_t lineElements = elementsOfLine(element), run = dimensions.back().count;
  llvm::SmallVector<Dimension> outer(llvm::ArrayRef(dimensions).drop_back());
  if (outer.empty()) {
    outer.push_back({static_cast<int64_t>(llvm::divideCeil(run, lineElements)), lineElements});
    run = 1;
  }
  int64_t runs = 1;
  for (const Dimension &dimension : outer)
    runs *= dimension.count;
  int64_t share = llvm::divideCeil(runs, parts);
  llvm::Value *begin = builder.CreateMul(part, builder.getInt64(share));
  llvm::Value *end = emitSmaller(builder, builder.CreateAdd(begin, builder.getInt64(share)),
                                 builder.getInt64(runs));
  codegen::emitLoop(builder, begin, end, 1, [&](llvm::Value *number) {
    llvm::Value *first = place;
    for (const Dimension &dimension : llvm::reverse(llvm::drop_begin(outer)))
      first = advance(builder, element, first,
                      takePart(builder, number, builder.getInt64(dimension.count)), dimension.step);
    first = advance(builder, element, first, number, outer.front().step);
    codegen::emitLoop(builder, builder.getInt64(0), builder.getInt64(run), lineElements,
                      [&](llvm::Value *distance) {
                        emitPrefetch(builder, builder.CreateGEP(element, first, distance),
                                     CacheLevel::second);
                      });
  });
}

//===--- Taps ---------------------------------------------------------------------------------===//

TapTable::TapTable(llvm::Module &module, const ir::WindowAxis &axis) : mostTaps(axis.window) {
  if (axis.isIdentity())
    return;
  llvm::SmallVector<int32_t> number(axis.output, 0), taps(axis.output * mostTaps * 2, 0);
  for (const ir::WindowPhase &phase : axis.phases())
    for (const ir::WindowTap &tap : phase.taps)
      for (int64_t q = tap.begin; q < tap.end; ++q) {
        int64_t output = phase.first + q * phase.outputStep;
        int64_t entry = output * mostTaps + number[output]++;
        taps[2 * entry] = static_cast<int32_t>(tap.position);
        taps[2 * entry + 1] = static_cast<int32_t>(q * phase.inputStep + tap.offset);
      }
  counts = makeTable(module, number);
  entries = makeTable(module, taps);
}

TapInputs::TapInputs(llvm::Module &module, const ir::WindowAxis &axis) : window(axis.window) {
  if (axis.isIdentity())
    return;
  llvm::SmallVector<int32_t> byTap(axis.output * window, -1);
  for (const ir::WindowPhase &phase : axis.phases())
    for (const ir::WindowTap &tap : phase.taps)
      for (int64_t q = tap.begin; q < tap.end; ++q)
        byTap[(phase.first + q * phase.outputStep) * window + tap.position] =
            static_cast<int32_t>(q * phase.inputStep + tap.offset);
  inputs = makeTable(module, byTap);
}

llvm::Value *TapInputs::find(llvm::IRBuilder<> &builder, llvm::Value *output,
                             llvm::Value *tap) const {
  if (!inputs)
    return output;
  llvm::Value *line = builder.CreateMul(output, builder.getInt64(window));
  return loadIndex(builder, inputs, builder.CreateAdd(line, tap));
}

Values TapTable::emitLoop(
    llvm::IRBuilder<> &builder, llvm::Value *output, const Values &initial,
    const std::function<Values(llvm::Value *, llvm::Value *, const Values &)> &body) const {
  if (!counts)
    return body(builder.getInt64(0), output, initial);
  llvm::Value *first = builder.CreateMul(output, builder.getInt64(mostTaps * 2));
  llvm::Value *count = loadIndex(builder, counts, output);
  return codegen::emitLoop(
      builder, builder.getInt64(0), count, 1, initial, [&](llvm::Value *i, const Values &carried) {
        llvm::Value *entry = builder.CreateAdd(first, builder.CreateShl(i, 1));
        llvm::Value *position = loadIndex(builder, entries, entry);
        llvm::Value *input =
            loadIndex(builder, entries, builder.CreateAdd(entry, builder.getInt64(1)));
        return body(position, input, carried);
      });
}

} // namespace lamina::codegen
