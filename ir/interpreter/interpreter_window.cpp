// Convolutions, windows and lookups, as their descriptions say: one tap after another.
#include <cmath>

#include "ir/interpreter/interpreter_combine.h"
#include "ir/interpreter/interpreter_table.h"

using namespace mlir;

namespace lamina::ir {
namespace {

int64_t rowMajorOffset(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t offset = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    offset = offset * extent + i;
  return offset;
}

/// The spatial dimensions of an operation over windows. Positions are row-major offsets over them.
class Windows {
public:
  template <typename Op> explicit Windows(Op op) {
    for (size_t i = 0; i < op.getStrides().size(); ++i) {
      axes.push_back(op.getAxis(i));
      inputShape.push_back(axes.back().input);
      outputShape.push_back(axes.back().output);
      windowShape.push_back(axes.back().window);
    }
  }

  int64_t inputs() const { return elementCount(inputShape); }
  int64_t outputs() const { return elementCount(outputShape); }

  /// Calls `visit(output, tap, input)` for every output position in row-major order and every tap
  /// that meets an element of the input, in row-major order too. `tap` is its place in the filter.
  template <typename Visit> void forEachTap(Visit visit) const {
    int64_t output = 0;
    forEachIndex(outputShape, [&](ArrayRef<int64_t> o) {
      forEachIndex(windowShape, [&](ArrayRef<int64_t> k) {
        llvm::SmallVector<int64_t> input, tap;
        for (auto [d, axis] : llvm::enumerate(axes)) {
          int64_t dilated = o[d] * axis.stride + k[d] * axis.windowDilation - axis.low;
          if (dilated < 0 || dilated % axis.inputDilation != 0 ||
              dilated / axis.inputDilation >= axis.input)
            return;
          input.push_back(dilated / axis.inputDilation);
          tap.push_back(axis.reversed ? axis.window - 1 - k[d] : k[d]);
        }
        visit(output, rowMajorOffset(tap, windowShape), rowMajorOffset(input, inputShape));
      });
      ++output;
    });
  }

private:
  llvm::SmallVector<WindowAxis> axes;
  llvm::SmallVector<int64_t> inputShape, outputShape, windowShape;
};

//===--- Convolution -------------------------------------------------------------------------===//

/// Calls `visit(lhs, rhs, result)` with the offsets of all products of a convolution: images, then
/// positions, then taps, then channels in order.
template <typename Op, typename Visit>
void forEachProduct(Op op, int64_t rows, int64_t channels, int64_t filters, Visit visit) {
  Windows windows(op);
  auto groups = static_cast<int64_t>(op.getGroups());
  int64_t groupChannels = channels / groups, groupFilters = filters / groups;
  for (int64_t row = 0; row < rows; ++row)
    windows.forEachTap([&](int64_t output, int64_t tap, int64_t input) {
      int64_t lhs = (row * windows.inputs() + input) * channels;
      int64_t result = (row * windows.outputs() + output) * filters;
      for (int64_t filter = 0; filter < filters; ++filter)
        for (int64_t c = 0; c < groupChannels; ++c)
          visit(lhs + filter / groupFilters * groupChannels + c,
                (tap * groupChannels + c) * filters + filter, result + filter);
    });
}

HostTensor evaluateConvolution(ConvolutionOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &lhs = operands[0], &rhs = operands[1];
  HostTensor result(lhs.type(), concreteShape(op.getType(), rows));
  visitFloatType(lhs.type(), [&]<typename T>(std::type_identity<T>) {
    ArrayRef<T> left = lhs.elements<T>(), right = rhs.elements<T>();
    MutableArrayRef<T> sums = result.elements<T>();
    forEachProduct(
        op, lhs.shape()[0], lhs.shape().back(), rhs.shape().back(),
        [&](int64_t l, int64_t r, int64_t o) { sums[o] = std::fma(left[l], right[r], sums[o]); });
  });
  return result;
}

HostTensor evaluateFilterGradient(FilterGradientOp op, ArrayRef<HostTensor> operands,
                                  int64_t rows) {
  const HostTensor &lhs = operands[0], &gradient = operands[1];
  HostTensor result(lhs.type(), concreteShape(op.getType(), rows));
  visitFloatType(lhs.type(), [&]<typename T>(std::type_identity<T>) {
    ArrayRef<T> left = lhs.elements<T>(), right = gradient.elements<T>();
    MutableArrayRef<T> sums = result.elements<T>();
    int64_t sliceResults = op.getSlice().value_or(0) * gradient.size() / gradient.shape()[0];
    forEachProduct(op, lhs.shape()[0], lhs.shape().back(), result.shape().back(),
                   [&](int64_t l, int64_t r, int64_t o) {
                     int64_t slice = op.getSlice() ? o / sliceResults : 0;
                     T &sum = sums[slice * op.getFilterType().getNumElements() + r];
                     sum = std::fma(left[l], right[o], sum);
                   });
  });
  return result;
}

//===--- Windows -----------------------------------------------------------------------------===//

/// Calls `visit(element, tap, window)` with offsets of all elements of all windows: images, then
/// windows, then taps, then channels in order.
template <typename Op, typename Visit>
void forEachElement(Op op, int64_t rows, int64_t channels, Visit visit) {
  Windows windows(op);
  for (int64_t row = 0; row < rows; ++row)
    windows.forEachTap([&](int64_t output, int64_t tap, int64_t input) {
      int64_t element = (row * windows.inputs() + input) * channels;
      int64_t window = (row * windows.outputs() + output) * channels;
      for (int64_t channel = 0; channel < channels; ++channel)
        visit(element + channel, tap, window + channel);
    });
}

HostTensor evaluateReduceWindow(ReduceWindowOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &operand = operands[0];
  HostTensor result(operand.type(), concreteShape(op.getType(), rows));
  visitElementType(operand.type(), [&]<typename T>(std::type_identity<T>) {
    llvm::SmallVector<bool> started(result.size(), false);
    forEachElement(op, operand.shape()[0], operand.shape().back(),
                   [&](int64_t element, int64_t, int64_t window) {
                     T value = operand.elements<T>()[element];
                     T &combined = result.elements<T>()[window];
                     combined = started[window] ? combine(op.getKind(), combined, value) : value;
                     started[window] = true;
                   });
  });
  return result;
}

HostTensor evaluateArgmaxWindow(ArgmaxWindowOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &operand = operands[0];
  HostTensor result(toElementType(op.getType().getElementType()),
                    concreteShape(op.getType(), rows));
  visitElementType(operand.type(), [&]<typename T>(std::type_identity<T>) {
    std::vector<std::optional<T>> best(result.size());
    forEachElement(op, operand.shape()[0], operand.shape().back(),
                   [&](int64_t element, int64_t tap, int64_t window) {
                     T value = operand.elements<T>()[element];
                     if (best[window] && !isBetter(value, *best[window], true))
                       return;
                     best[window] = value;
                     if (result.type() == ElementType::I8)
                       result.elements<int8_t>()[window] = static_cast<int8_t>(tap);
                     else
                       result.elements<int32_t>()[window] = static_cast<int32_t>(tap);
                   });
  });
  return result;
}

HostTensor evaluateWindowScatter(WindowScatterOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &source = operands[0];
  HostTensor result(source.type(), concreteShape(op.getType(), rows));
  auto chose = [&](int64_t window, int64_t tap) {
    return operands.size() < 2 || operands[1].at(window) == static_cast<double>(tap);
  };
  visitFloatType(source.type(), [&]<typename T>(std::type_identity<T>) {
    forEachElement(op, source.shape()[0], source.shape().back(),
                   [&](int64_t element, int64_t tap, int64_t window) {
                     if (chose(window, tap))
                       result.elements<T>()[element] += source.elements<T>()[window];
                   });
  });
  return result;
}

//===--- Lookup ------------------------------------------------------------------------------===//

/// Calls `visit(slice, element)` with offsets of all elements of a gather's result and of where
/// they stand in `shape`, the operand's shape; indices in row-major order for each element.
template <typename Op, typename Visit>
void forEachLookup(Op op, const HostTensor &indices, ArrayRef<int64_t> shape, Visit visit) {
  auto dimension = static_cast<int64_t>(op.getDimension());
  auto batching = static_cast<int64_t>(op.getBatching());
  int64_t batches = elementCount(shape.take_front(batching));
  int64_t outer = elementCount(shape.slice(batching, dimension - batching));
  int64_t inner = elementCount(shape.drop_front(dimension + 1));
  int64_t perBatch = elementCount(ArrayRef(indices.shape()).drop_front(batching));
  int64_t extent = shape[dimension], slice = 0;
  visitElementType(indices.type(), [&]<typename T>(std::type_identity<T>) {
    for (int64_t line = 0; line < batches * outer; ++line)
      for (T index : indices.elements<T>().slice(line / outer * perBatch, perBatch)) {
        int64_t place = std::clamp<int64_t>(static_cast<int64_t>(index), 0, extent - 1);
        for (int64_t i = 0; i < inner; ++i)
          visit(slice++, (line * extent + place) * inner + i);
      }
  });
}

HostTensor evaluateGather(GatherOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &operand = operands[0];
  HostTensor result(operand.type(), concreteShape(op.getType(), rows));
  visitElementType(operand.type(), [&]<typename T>(std::type_identity<T>) {
    forEachLookup(op, operands[1], operand.shape(), [&](int64_t slice, int64_t element) {
      result.elements<T>()[slice] = operand.elements<T>()[element];
    });
  });
  return result;
}

HostTensor evaluateScatter(ScatterOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &updates = operands[1];
  HostTensor result(updates.type(), concreteShape(op.getType(), rows));
  visitFloatType(updates.type(), [&]<typename T>(std::type_identity<T>) {
    forEachLookup(op, operands[0], result.shape(), [&](int64_t slice, int64_t element) {
      result.elements<T>()[element] += updates.elements<T>()[slice];
    });
  });
  return result;
}

} // namespace

void addWindowEvaluators(EvaluatorTable &table) {
  table.add<ConvolutionOp>(evaluateConvolution);
  table.add<FilterGradientOp>(evaluateFilterGradient);
  table.add<ReduceWindowOp>(evaluateReduceWindow);
  table.add<ArgmaxWindowOp>(evaluateArgmaxWindow);
  table.add<WindowScatterOp>(evaluateWindowScatter);
  table.add<GatherOp>(evaluateGather);
  table.add<ScatterOp>(evaluateScatter);
}

} // namespace lamina::ir
