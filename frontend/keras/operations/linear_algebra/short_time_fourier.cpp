// keras.ops.stft, istft: keras/src/backend/tensorflow/math.py, tensorflow/python/ops/signal/
#include "frontend/keras/layers/preprocessing/windows.h"
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/linear_algebra/fourier.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {

ShortTime ShortTime::read(Config &config) {
  ShortTime pieces;
  int64_t window = config.positive("sequence_length");
  pieces.stride = config.positive("sequence_stride");
  pieces.length = config.positive("fft_length");
  constexpr int64_t most = 1 << 16;
  if (pieces.length < window || pieces.length > most)
    config.fail(
        fmt::format("transforms {} elements of pieces of {}; the transform takes at least as "
                    "many as a piece has, and up to {}",
                    pieces.length, window, most));
  pieces.window = readTransformWindow(config, window, pieces.length);
  pieces.isCentered = config.boolean("center", true);
  return pieces;
}

Tensor cutPieces(const LayerCall &call, Tensor x, int64_t count, int64_t length, int64_t stride,
                 llvm::function_ref<int64_t(int64_t)> place) {
  llvm::SmallVector<int64_t> shape(x.shape()), places;
  shape.back() = count;
  shape.push_back(length);
  checkSize(call.place(), shape);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < length; ++j)
      places.push_back(place(i * stride + j));
  return pick(x, x.rank() - 1, places).reshape(shape);
}

Complex transformPieces(LayerCall &call, Tensor x, const ShortTime &pieces) {
  int64_t samples = x.dim(x.rank() - 1), length = pieces.length;
  int64_t around = pieces.isCentered ? length / 2 : 0;
  if (x.rank() < 2)
    call.fail("takes a signal of samples a row, not a single value");
  if (samples + 2 * around < length || (around > 0 && around >= samples))
    call.fail(fmt::format("a signal of shape {} is too short for a transform of {} elements",
                          describeShape(x.shape()), length));
  int64_t count = 1 + (samples + 2 * around - length) / pieces.stride;
  auto mirrored = [&](int64_t position) {
    int64_t place = std::abs(position - around);
    return place < samples ? place : 2 * (samples - 1) - place;
  };
  Tensor cut = cutPieces(call, x, count, length, pieces.stride, mirrored);
  auto weigh = [&](int64_t i) { return pieces.window[static_cast<size_t>(i)]; };
  auto along = [&](double (*function)(double)) {
    return dot(
        cut,
        waves(call, call.emit(), x.elementType(), length, length / 2 + 1, length, function, weigh),
        cut.rank() - 1, 0);
  };
  return {along(cosineOf), -along(sineOf)};
}

namespace {

Tensors shortTimeTransform(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  if (x.rank() > 0)
    refuseRows(call, x, x.rank() - 1, "transforms");
  auto [real, imaginary] = transformPieces(call.layer, x, ShortTime::read(call.settings));
  return {real, imaginary};
}

/// The window over the sum of the squares of those that overlap with it: pieces add up to the
/// signal then (tf.signal.inverse_stft_window_fn).
std::vector<double> inverseWindow(const ShortTime &pieces) {
  auto stride = static_cast<size_t>(pieces.stride);
  std::vector<double> sums(stride), result;
  for (size_t i = 0; i < pieces.window.size(); ++i)
    sums[i % stride] += pieces.window[i] * pieces.window[i];
  for (size_t i = 0; i < pieces.window.size(); ++i)
    result.push_back(pieces.window[i] / sums[i % stride]);
  return result;
}

/// The sum of pieces `stride` apart: from (…, pieces, elements) to (…, samples).
Tensor addPieces(OperationCall &call, Tensor pieces, int64_t stride) {
  int64_t last = pieces.rank() - 1, count = pieces.dim(last - 1), length = pieces.dim(last);
  int64_t parts = (length + stride - 1) / stride;
  if (parts > 256)
    call.fail(fmt::format("adds up {} pieces at each place; up to 256 are supported", parts));
  llvm::SmallVector<int64_t> none(pieces.rank(), 0), behind = none, shape(pieces.shape());
  behind[last] = parts * stride - length;
  Tensor whole = pad(pieces, 0, none, behind), sum;
  for (int64_t part = 0; part < parts; ++part) {
    llvm::SmallVector<int64_t> low = none, high = none;
    low[last - 1] = part;
    high[last - 1] = parts - 1 - part;
    Tensor moved = pad(whole.slice(last, part * stride, (part + 1) * stride), 0, low, high);
    sum = sum ? sum + moved : moved;
  }
  shape.pop_back();
  shape.back() = (count + parts - 1) * stride;
  return sum.reshape(shape).slice(last - 1, 0, length + stride * (count - 1));
}

Tensors inverseShortTime(OperationCall &call) {
  Complex x = readComplex(call);
  ShortTime pieces = ShortTime::read(call.settings);
  std::optional<int64_t> wanted = call.settings.optionalInteger("length");
  if (x.first.rank() < 3)
    call.fail(fmt::format("takes rows of pieces with their frequencies, not of shape {}",
                          describeShape(x.first.shape())));
  bool isWindowed = !call.settings.contains("window") || call.settings.has("window");
  Tensor back = inverseRealTransform(call, x, pieces.length);
  if (isWindowed)
    back = back * call.emit().constant(back.elementType(), inverseWindow(pieces), {pieces.length});
  Tensor signal = addPieces(call, back, pieces.stride);
  int64_t last = signal.rank() - 1, samples = signal.dim(last);
  int64_t start = pieces.isCentered ? pieces.length / 2 : 0;
  int64_t end = wanted ? std::min(start + *wanted, samples) : samples - start;
  if (end <= start)
    call.fail(fmt::format("leaves nothing of {} samples", samples));
  return {signal.slice(last, start, end)};
}

} // namespace

llvm::ArrayRef<OperationEntry> shortTimeOperations() {
  static const OperationEntry entries[] = {
      {"ISTFT", {"x"}, inverseShortTime},
      {"STFT", {"x"}, shortTimeTransform},
  };
  return entries;
}

} // namespace lamina::frontend::keras
