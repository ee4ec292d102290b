// Filters at the points of Winograd's minimal filtering. A task makes some blocks of a panel of
// filters and the channels that a kernel takes at once. A channel's points are so far apart that
// they meet in few sets of the first-level cache: a block is made in scratch memory, where a line
// lies between them, and goes to its place in one piece.
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/winograd/winograd_transform.h"
#include "passes/families/families.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

constexpr int64_t kPanel = ir::kWinogradPanel, kBlock = ir::kWinogradChannels;
constexpr int64_t kTaps = ir::kWinogradTaps * ir::kWinogradTaps;

class WinogradFilterEmitter final : public KernelEmitter {
public:
  WinogradFilterEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), op(passes::anchorAs<ir::WinogradFilterOp>(kernel())),
        matrix(ir::WinogradMatrices::of(op.getTile()).filter), points(op.getType().getDimSize(2)),
        channels(op.getFilter().getType().getDimSize(2)),
        filters(op.getFilter().getType().getDimSize(3)), blocks(op.getType().getDimSize(1)),
        blocksPerTask(schedule().getBlocks()) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *) override {
    return builder.getInt64(llvm::divideCeil(allBlocks(), blocksPerTask));
  }

private:
  ir::WinogradFilterScheduleAttr schedule() {
    return passes::scheduleAs<ir::WinogradFilterScheduleAttr>(kernel());
  }

  int64_t allBlocks() { return op.getType().getDimSize(0) * blocks; }

  void emitTask(llvm::Value *task) override {
    element = registerType(b().getContext(), op.getType().getElementType());
    filter = *findMemory(op.getFilter());
    llvm::Value *begin = b().CreateMul(task, i64(blocksPerTask));
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(blocksPerTask)), i64(allBlocks()));
    pointStride = kBlock * kPanel + elementsOfLine(element);
    block = allocateScratch(b(), element, points * pointStride);
    emitLoop(b(), begin, end, 1, [&](llvm::Value *number) {
      llvm::Value *panel = b().CreateUDiv(number, i64(blocks));
      llvm::Value *channel = b().CreateMul(b().CreateURem(number, i64(blocks)), i64(kBlock));
      llvm::Value *count = emitSmaller(b(), i64(kBlock), b().CreateSub(i64(channels), channel));
      emitLoop(b(), i64(0), count, 1, [&](llvm::Value *c) {
        transformLine(panel, b().CreateAdd(channel, c), advance(b(), element, block, c, kPanel));
      });
      emitLoop(b(), count, i64(kBlock), 1, [&](llvm::Value *c) {
        for (int64_t point = 0; point < points; ++point)
          clear(
              advance(b(), element, advance(b(), element, block, c, kPanel), point * pointStride));
      });
      store(advance(b(), element, outputs[0].pointer, number, points * kBlock * kPanel));
    });
  }

  /// Copies the block to its place: past the caches where they would not hold the whole filter.
  void store(llvm::Value *place) {
    auto *vector = llvm::FixedVectorType::get(element, lanes);
    int64_t bytes = element->getPrimitiveSizeInBits() / 8;
    llvm::Align align(lanes * bytes);
    auto *one = llvm::ConstantAsMetadata::get(b().getInt32(1));
    auto *streamed = schedule().getStreamed() ? llvm::MDNode::get(b().getContext(), one) : nullptr;
    emitLoop(b(), i64(0), i64(points), 1, [&](llvm::Value *point) {
      llvm::Value *from = advance(b(), element, block, point, pointStride);
      llvm::Value *to = advance(b(), element, place, point, kBlock * kPanel);
      emitLoop(b(), i64(0), i64(kBlock * kPanel), lanes, [&](llvm::Value *start) {
        llvm::Value *value =
            b().CreateAlignedLoad(vector, advance(b(), element, from, start, 1), align);
        b().CreateAlignedStore(value, advance(b(), element, to, start, 1), align)
            ->setMetadata(llvm::LLVMContext::MD_nontemporal, streamed);
      });
    });
    // Such stores come in no order: none may be left when the next wave begins.
    if (streamed)
      b().CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
  }

  /// One channel of a panel.
  void transformLine(llvm::Value *panel, llvm::Value *channel, llvm::Value *place) {
    SquareTransform transform(b(), target, matrix);
    for (int64_t first = 0; first < kPanel; first += lanes) {
      llvm::Value *column = b().CreateAdd(b().CreateMul(panel, i64(kPanel)), i64(first));
      Values taps = loadTaps(channel, column);
      if (op.getReversed())
        std::reverse(taps.begin(), taps.end());
      for (auto [point, value] : llvm::enumerate(transform.emit(taps)))
        b().CreateAlignedStore(value, advance(b(), element, place, point * pointStride + first),
                               llvm::Align(element->getPrimitiveSizeInBits() / 8));
    }
  }

  /// Panels of a packed filter are filled up with zeros; of others, filters that do not exist count
  /// as zero.
  Values loadTaps(llvm::Value *channel, llvm::Value *column) {
    int64_t step = channels * (filter.packed ? kPanel : filters);
    Index zero = expressions->constant(0);
    llvm::Value *place =
        expressions->address(filter, {zero, zero, {channel, false, 1}, {column, false, 1}});
    if (!filter.packed && filters % kPanel != 0)
      expressions->setMask(maskBelow(column, i64(filters)));
    Values taps;
    for (int64_t tap = 0; tap < kTaps; ++tap)
      taps.push_back(expressions->loadAt(advance(b(), element, place, tap * step),
                                         op.getType().getElementType(), true));
    expressions->setMask(nullptr);
    return taps;
  }

  void clear(llvm::Value *place) {
    b().CreateMemSet(place, b().getInt8(0), kPanel * element->getPrimitiveSizeInBits() / 8,
                     llvm::MaybeAlign(element->getPrimitiveSizeInBits() / 8));
  }

  ir::WinogradFilterOp op;
  ir::Matrix matrix;
  int64_t points, channels, filters;
  int64_t blocks; ///< of channels, of one panel
  int64_t blocksPerTask;

  llvm::Type *element = nullptr;
  Storage filter;
  llvm::Value *block = nullptr; ///< points x channels x filters
  int64_t pointStride = 0;      ///< elements from one point to the next there
};

} // namespace

std::unique_ptr<KernelEmitter> createWinogradFilterEmitter(const KernelJob &job,
                                                           const TargetSpec &target) {
  return std::make_unique<WinogradFilterEmitter>(job, target);
}

} // namespace lamina::codegen
