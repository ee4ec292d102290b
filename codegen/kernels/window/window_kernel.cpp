// Windows over spatial dimensions: pooling, the places of its maxima, and what windows send back.
//
// All three walk one geometry: a position of the result meets positions of a source in some taps.
// For windows that are reduced the source is the operand; for window_scatter it is the windows
// (WindowAxis::transposed). Vectors run along the channels; a tile of channels stays in registers
// while the taps pass by. Along the last spatial dimension positions that meet all of their taps
// have these unrolled; at the borders, and along the other dimensions, loops run over the taps that
// lie inside.
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/window/window_accumulator.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Windows with more taps in a line are not unrolled.
constexpr size_t kMostUnrolled = 16;

/// The sources of one position along one spatial dimension: source positions begin to end, the
/// first of them in tap `tap`, the next ones `tapStep` taps further.
struct Met {
  llvm::Value *begin, *end, *tap;
  int64_t tapStep;
};

/// One source position along a dimension, and the tap in which it is met.
struct Meeting {
  llvm::Value *source, *tap;
};

/// A position of the result.
struct Position {
  const Indices &leading;  ///< row and all spatial dimensions but the last
  llvm::Value *at;         ///< along the last one
  llvm::Value *firstPlace; ///< of the first tap inside (i32)
};

/// A vector of channels and the lanes that count.
struct Channels {
  Index index;
  llvm::Value *mask;
};

class WindowEmitter final : public KernelEmitter {
public:
  WindowEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), anchors(findAnchors(job)) {
    Operation *anchor = anchors.front();
    scatters = isa<ir::WindowScatterOp>(anchor);
    shape = cast<RankedTensorType>(anchor->getResult(0).getType()).getShape();
    for (size_t i = 0; i < shape.size() - 2; ++i)
      axes.push_back(getAxis(anchor, i));
    phases = (scatters ? axes.back().transposed() : axes.back()).phases();
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *units = emitProduct(builder, shape.drop_back(), rows);
    int64_t perTask = schedule().getPixels();
    return builder.CreateUDiv(builder.CreateAdd(units, builder.getInt64(perTask - 1)),
                              builder.getInt64(perTask));
  }

private:
  ir::WindowScheduleAttr schedule() { return passes::scheduleAs<ir::WindowScheduleAttr>(kernel()); }

  static llvm::SmallVector<Operation *> findAnchors(const KernelJob &job) {
    llvm::SmallVector<Operation *> found;
    ir::KernelOp kernel = job.kernel;
    for (Operation &op : kernel.getBlock().without_terminator())
      if (passes::isAnchor(&op))
        found.push_back(&op);
    return found;
  }

  static ir::WindowAxis getAxis(Operation *anchor, int64_t i) {
    if (auto reduce = dyn_cast<ir::ReduceWindowOp>(anchor))
      return reduce.getAxis(i);
    if (auto argmax = dyn_cast<ir::ArgmaxWindowOp>(anchor))
      return argmax.getAxis(i);
    return cast<ir::WindowScatterOp>(anchor).getAxis(i);
  }

  /// Units are positions; those that differ in the last spatial dimension only make a line.
  void emitTask(llvm::Value *task) override {
    int64_t perTask = schedule().getPixels();
    llvm::Value *width = extent(shape[shape.size() - 2]);
    llvm::Value *begin = b().CreateMul(task, i64(perTask));
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(perTask)),
                                   emitProduct(b(), shape.drop_back(), rows));
    llvm::Value *lastLine = b().CreateUDiv(b().CreateAdd(end, b().CreateSub(width, i64(1))), width);
    emitLoop(b(), b().CreateUDiv(begin, width), lastLine, 1, [&](llvm::Value *line) {
      expressions->enterScope();
      llvm::Value *lineBegin = b().CreateMul(line, width);
      Indices leading = delinearize(line, shape.drop_back(2));
      llvm::SmallVector<Met> met;
      for (size_t i = 0; i + 1 < axes.size(); ++i)
        met.push_back(meet(axes[i], leading[i + 1].base));
      emitLine(leading, met, emitLarger(b().CreateSub(begin, lineBegin), i64(0)),
               emitSmaller(b(), b().CreateSub(end, lineBegin), width));
      expressions->leaveScope();
    });
  }

  llvm::Value *emitLarger(llvm::Value *a, llvm::Value *other) {
    return b().CreateBinaryIntrinsic(llvm::Intrinsic::smax, a, other);
  }

  /// The sources of position `at` of the result along a dimension, from its bounds.
  Met meet(const ir::WindowAxis &axis, llvm::Value *at) {
    if (!scatters) {
      llvm::Value *start = b().CreateSub(b().CreateMul(at, i64(axis.stride)), i64(axis.low));
      llvm::Value *begin = emitLarger(start, i64(0));
      llvm::Value *end = emitSmaller(b(), b().CreateAdd(start, i64(axis.window)), i64(axis.input));
      return {begin, end, b().CreateSub(begin, start), 1};
    }
    // Window o covers the position when 0 <= at + low - o * stride < window.
    llvm::Value *padded = b().CreateAdd(at, i64(axis.low));
    llvm::Value *behind = b().CreateAdd(b().CreateUDiv(padded, i64(axis.stride)), i64(1));
    llvm::Value *uncovered = emitLarger(b().CreateSub(padded, i64(axis.window - 1)), i64(0));
    llvm::Value *begin =
        b().CreateUDiv(b().CreateAdd(uncovered, i64(axis.stride - 1)), i64(axis.stride));
    llvm::Value *tap = b().CreateSub(padded, b().CreateMul(begin, i64(axis.stride)));
    return {begin, emitSmaller(b(), behind, i64(axis.output)), tap, -axis.stride};
  }

  /// Positions `begin` to `end` of one line: those between the borders in groups of one position
  /// per phase, the others one by one.
  void emitLine(const Indices &leading, ArrayRef<Met> met, llvm::Value *begin, llvm::Value *end) {
    int64_t step = phases.front().outputStep;
    auto [firstGroup, lastGroup] = inside();
    if (firstGroup >= lastGroup)
      return emitSingles(leading, met, begin, end);
    llvm::Value *group = b().CreateUDiv(b().CreateAdd(begin, i64(step - 1)), i64(step));
    group = emitLarger(group, i64(firstGroup));
    llvm::Value *groupEnd = emitSmaller(b(), b().CreateUDiv(end, i64(step)), i64(lastGroup));
    llvm::Value *border = emitSmaller(b(), b().CreateMul(group, i64(step)), end);
    emitSingles(leading, met, begin, border);
    emitLoop(b(), group, groupEnd, 1, [&](llvm::Value *number) {
      for (const ir::WindowPhase &phase : phases) {
        llvm::Value *at = b().CreateAdd(b().CreateMul(number, i64(step)), i64(phase.first));
        Position position{leading, at, firstPlace(met, i64(0))};
        emitPosition(position, [&](ArrayRef<Channels> channels, const Values &initial) {
          auto unroll = [&](ArrayRef<Meeting> meetings, const Values &carried) {
            return combineUnrolled(position, phase, number, meetings, channels, carried);
          };
          return emitMeetings(met, {}, initial, unroll);
        });
      }
    });
    emitSingles(leading, met, emitLarger(b().CreateMul(groupEnd, i64(step)), border), end);
  }

  /// Positions that may miss some of their taps.
  void emitSingles(const Indices &leading, ArrayRef<Met> met, llvm::Value *begin,
                   llvm::Value *end) {
    emitLoop(b(), begin, end, 1, [&](llvm::Value *at) {
      llvm::SmallVector<Met> all(met);
      all.push_back(meet(axes.back(), at));
      Position position{leading, at, firstPlace(met, all.back().tap)};
      emitPosition(position, [&](ArrayRef<Channels> channels, const Values &initial) {
        return emitMeetings(all, {}, initial,
                            [&](ArrayRef<Meeting> meetings, const Values &carried) {
                              return combine(position, meetings, channels, carried);
                            });
      });
    });
  }

  /// The place of the first tap that lies inside, where the last dimension begins with `tap`.
  llvm::Value *firstPlace(ArrayRef<Met> met, llvm::Value *tap) {
    llvm::SmallVector<llvm::Value *> taps;
    for (const Met &dimension : met)
      taps.push_back(dimension.tap);
    taps.push_back(tap);
    return placeOf(taps);
  }

  /// The groups whose positions all meet every tap of their phase.
  std::pair<int64_t, int64_t> inside() const {
    int64_t begin = 0, end = std::numeric_limits<int64_t>::max();
    int64_t step = phases.front().outputStep;
    for (const ir::WindowPhase &phase : phases) {
      end = std::min(end, phase.count);
      if (static_cast<int64_t>(phase.taps.size()) != fullTaps(phase) ||
          phase.taps.size() > kMostUnrolled)
        return {0, 0};
      for (const ir::WindowTap &tap : phase.taps) {
        begin = std::max(begin, tap.begin);
        end = std::min(end, tap.end);
      }
    }
    bool everyPhase = static_cast<int64_t>(phases.size()) == step;
    return everyPhase ? std::pair(begin, end) : std::pair<int64_t, int64_t>(0, 0);
  }

  /// Taps that a phase has far from the borders.
  int64_t fullTaps(const ir::WindowPhase &phase) const {
    const ir::WindowAxis &axis = axes.back();
    if (!scatters)
      return axis.window;
    int64_t first = (phase.first + axis.low) % axis.stride;
    return first >= axis.window ? 0 : llvm::divideCeil(axis.window - first, axis.stride);
  }

  //===--- One position ----------------------------------------------------------------------===//

  using Gather = std::function<Values(ArrayRef<Channels>, const Values &)>;

  /// Stores one position's results; `gather` combines what a tile of its channels meets.
  void emitPosition(const Position &position, const Gather &gather) {
    int64_t channels = shape.back(), width = schedule().getVectors() * lanes;
    int64_t whole = channels / width * width;
    auto emitAt = [&](llvm::Value *start, int64_t count) {
      llvm::SmallVector<Channels> tile;
      for (int64_t first = 0; first < count; first += lanes)
        tile.push_back({{b().CreateAdd(start, i64(first)), true, static_cast<int64_t>(lanes)},
                        maskOf(count - first)});
      expressions->enterScope();
      emitTile(position, tile, gather);
      expressions->leaveScope();
    };
    emitLoop(b(), i64(0), i64(whole), width, [&](llvm::Value *start) { emitAt(start, width); });
    if (whole < channels)
      emitAt(i64(whole), channels - whole);
  }

  void emitTile(const Position &position, ArrayRef<Channels> tile, const Gather &gather) {
    WindowAccumulator accumulator(b(), anchors, lanes);
    Values carried;
    for (size_t i = 0; i < tile.size(); ++i)
      llvm::append_range(carried, accumulator.initial(position.firstPlace));
    carried = gather(tile, carried);
    size_t count = accumulator.carriedCount();
    llvm::SmallVector<Indices> places;
    for (auto [i, channels] : llvm::enumerate(tile)) {
      Indices &place = places.emplace_back(position.leading);
      place.push_back({position.at, false, 1});
      place.push_back(channels.index);
      Values own(carried.begin() + i * count, carried.begin() + (i + 1) * count);
      for (Operation *anchor : anchors)
        expressions->bind(anchor->getResult(0), place, accumulator.result(anchor, own));
      expressions->setMask(channels.mask);
      storeResults(place);
    }
    expressions->setMask(nullptr);
  }

  using Combine = std::function<Values(ArrayRef<Meeting>, const Values &)>;

  /// Loops over the sources of a position along the dimensions of `met`, the last one innermost.
  Values emitMeetings(ArrayRef<Met> met, llvm::SmallVector<Meeting> meetings, const Values &carried,
                      const Combine &combine) {
    if (meetings.size() == met.size())
      return combine(meetings, carried);
    const Met &here = met[meetings.size()];
    return emitLoop(
        b(), here.begin, here.end, 1, carried, [&](llvm::Value *source, const Values &values) {
          expressions->enterScope();
          llvm::Value *passed = b().CreateSub(source, here.begin);
          llvm::Value *tap = b().CreateAdd(here.tap, b().CreateMul(passed, i64(here.tapStep)));
          llvm::SmallVector<Meeting> all(meetings);
          all.push_back({source, tap});
          Values next = emitMeetings(met, all, values, combine);
          expressions->leaveScope();
          return next;
        });
  }

  /// Takes in all taps of a phase at group `number`, where the other dimensions meet `meetings`.
  Values combineUnrolled(const Position &position, const ir::WindowPhase &phase,
                         llvm::Value *number, ArrayRef<Meeting> meetings,
                         ArrayRef<Channels> channels, Values carried) {
    for (const ir::WindowTap &tap : phase.taps) {
      llvm::Value *source = b().CreateMul(number, i64(phase.inputStep));
      llvm::SmallVector<Meeting> all(meetings);
      all.push_back({b().CreateAdd(source, i64(tap.offset)), i64(tap.position)});
      carried = combine(position, all, channels, carried);
    }
    return carried;
  }

  /// Takes in one vector for each of `channels`.
  Values combine(const Position &position, ArrayRef<Meeting> meetings, ArrayRef<Channels> channels,
                 const Values &carried) {
    expressions->enterScope();
    WindowAccumulator accumulator(b(), anchors, lanes);
    size_t count = accumulator.carriedCount();
    Indices indices = {position.leading.front()};
    llvm::SmallVector<llvm::Value *> taps;
    for (const Meeting &meeting : meetings) {
      indices.push_back({meeting.source, false, 1});
      taps.push_back(meeting.tap);
    }
    llvm::Value *place = placeOf(taps);
    Values result;
    for (auto [i, vector] : llvm::enumerate(channels)) {
      indices.push_back(vector.index);
      expressions->setMask(vector.mask);
      llvm::Value *places = nullptr;
      if (Value chosen = accumulator.getPlaces())
        places = expressions->evaluateVector(chosen, indices);
      llvm::Value *element = expressions->evaluateVector(accumulator.getOperand(), indices);
      Values own(carried.begin() + i * count, carried.begin() + (i + 1) * count);
      llvm::append_range(result, accumulator.combine(own, element, place, places));
      indices.pop_back();
    }
    expressions->setMask(nullptr);
    expressions->leaveScope();
    return result;
  }

  /// The row-major number of taps along each dimension within the window (i32).
  llvm::Value *placeOf(ArrayRef<llvm::Value *> taps) {
    llvm::Value *place = i64(0);
    for (auto [axis, tap] : llvm::zip_equal(axes, taps))
      place = b().CreateAdd(b().CreateMul(place, i64(axis.window)), tap);
    return b().CreateTrunc(place, b().getInt32Ty());
  }

  ArrayRef<int64_t> shape;
  llvm::SmallVector<Operation *> anchors;
  bool scatters = false;
  llvm::SmallVector<ir::WindowAxis> axes;
  llvm::SmallVector<ir::WindowPhase> phases; ///< of the last spatial dimension
};

} // namespace

std::unique_ptr<KernelEmitter> createWindowEmitter(const KernelJob &job, const TargetSpec &target) {
  return std::make_unique<WindowEmitter>(job, target);
}

} // namespace lamina::codegen
