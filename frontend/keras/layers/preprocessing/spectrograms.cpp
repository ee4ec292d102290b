// keras.layers.STFTSpectrogram, MelSpectrogram: keras/src/layers/preprocessing/stft_spectrogram.py,
// mel_spectrogram.py, keras/src/initializers/constant_initializers.py
#include <cmath>
#include <numbers>

#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/preprocessing/windows.h"
#include "frontend/keras/operations/linear_algebra/fourier.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

constexpr double kEpsilon = 1e-7; // keras.backend.epsilon()

/// Pieces of a signal times the waves of their frequencies, which are trained.
class StftSpectrogram : public LayerMeaning {
public:
  explicit StftSpectrogram(Config &config)
      : mode(config.text("mode", "log")), length(config.positive("frame_length")),
        stride(config.has("frame_step") ? config.positive("frame_step") : length / 2),
        transform(config.has("fft_length") ? config.positive("fft_length") : powerOfTwo(length)),
        padsSame(config.text("padding", "valid") == "same"),
        expands(config.boolean("expand_dims", false)),
        channelsLast(config.text("data_format", "channels_last") == "channels_last") {
    static const char *const modes[] = {"log", "magnitude", "psd", "real", "imag", "angle", "stft"};
    if (!llvm::is_contained(modes, llvm::StringRef(mode)))
      config.fail(fmt::format("'mode' is '{}', which Keras does not have", printable(mode)));
    if (stride < 1 || stride > length || transform < length)
      config.fail(fmt::format("steps of {} and a transform of {} elements do not fit frames of {}",
                              stride, transform, length));
    readWindow(config);
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType>) const override {
    checkSize(place, {length, frequencies()});
    std::vector<VariableDeclaration> variables;
    if (mode != "imag")
      variables.push_back(kernel("real_kernel", cosineOf));
    if (mode != "real")
      variables.push_back(kernel("imag_kernel", sineOf));
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (x.rank() != 3 || !x.isFloat())
      call.fail(fmt::format("takes signals of shape {}, not {}",
                            channelsLast ? "(time, channels)" : "(channels, time)",
                            describeShape(x.shape())));
    Tensor frames = cutFrames(call, channelsLast ? x.transpose({0, 2, 1}) : x);
    auto along = [&](size_t variable) {
      return dot(frames, call.variable(variable).reshape({length, frequencies()}), 3, 0);
    };
    if (mode == "real" || mode == "imag")
      return {arrange(along(0))};
    Tensor real = along(0), imaginary = along(1);
    if (mode == "angle")
      return {arrange(arctan2(imaginary, real))};
    if (mode == "stft")
      return {arrange(concatenate({real, imaginary}, 3))};
    Tensor power = square(real) + square(imaginary);
    if (mode == "psd")
      return {arrange(withOtherHalf(power))};
    Tensor magnitude = arrange(sqrt(maximum(power, kEpsilon)));
    return {mode == "log" ? log(maximum(magnitude, kEpsilon)) : magnitude};
  }

private:
  static int64_t powerOfTwo(int64_t least) {
    int64_t power = 1;
    while (power < least)
      power *= 2;
    return power;
  }

  int64_t frequencies() const { return transform / 2 + 1; }

  void readWindow(Config &config) {
    bool isPeriodic = config.boolean("periodic", false);
    std::string scaling = config.has("scaling") || !config.contains("scaling")
                              ? config.text("scaling", "density")
                              : "";
    const nlohmann::json &value = config.raw("window");
    if (value.is_null() && config.contains("window"))
      return; // no scaling either
    window = value.is_null() || value.is_string()
                 ? scipyWindow(config.where(), config.text("window", "hann"), length, isPeriodic)
                 : config.numbers("window", 0).values;
    if (static_cast<int64_t>(window.size()) != length)
      config.fail(fmt::format("the window has {} values for frames of {}", window.size(), length));
    double scale = scaling.empty() ? 1 : 0;
    for (double each : window)
      scale += scaling == "density" ? each * each : scaling == "spectrum" ? std::abs(each) : 0;
    for (double &each : window)
      each /= scaling == "density" ? std::sqrt(scale) : scale;
  }

  /// What the kernel begins with: the STFT initializer.
  VariableDeclaration kernel(const char *name, double (*function)(double)) const {
    VariableDeclaration variable = {name};
    variable.shape = {length, 1, frequencies()};
    ConstantInitializer values = {{}, variable.shape};
    for (int64_t time = 0; time < length; ++time)
      for (int64_t frequency = 0; frequency < frequencies(); ++frequency) {
        double period = static_cast<double>(2 * (frequencies() - 1));
        double angle = -2 * std::numbers::pi * static_cast<double>(time * frequency) / period;
        values.values.push_back(function(angle) *
                                (window.empty() ? 1 : window[static_cast<size_t>(time)]));
      }
    variable.firstValue = std::move(values);
    return variable;
  }

  /// (rows, channels, frames, elements) of (rows, channels, time).
  Tensor cutFrames(LayerCall &call, Tensor x) const {
    int64_t time = x.dim(2), count = padsSame ? (time + stride - 1) / stride : 0;
    int64_t around = padsSame ? std::max<int64_t>((count - 1) * stride + length - time, 0) : 0;
    if (around > 0)
      x = pad(x, 0, {0, 0, around / 2}, {0, 0, around - around / 2});
    if (x.dim(2) < length)
      call.fail(fmt::format("a signal of {} elements is too short for frames of {}", time, length));
    count = padsSame ? count : (time - length) / stride + 1;
    return cutPieces(call, x, count, length, stride, [](int64_t place) { return place; });
  }

  /// Frequencies between the first and the last one stand for two.
  Tensor withOtherHalf(Tensor power) const {
    int64_t last = frequencies() - 1;
    if (last < 2)
      return power;
    return power + pad(power.slice(3, 1, last), 0, {0, 0, 0, 1}, {0, 0, 0, 1});
  }

  /// From (rows, channels, frames, frequencies) to Keras' orders.
  Tensor arrange(Tensor y) const {
    int64_t merged = y.dim(1) * y.dim(3);
    if (expands)
      return channelsLast ? y.transpose({0, 2, 3, 1}) : y;
    return channelsLast ? y.transpose({0, 2, 1, 3}).reshape({y.dim(0), y.dim(2), merged})
                        : y.transpose({0, 1, 3, 2}).reshape({y.dim(0), merged, y.dim(2)});
  }

  std::string mode;
  int64_t length, stride, transform;
  bool padsSame, expands, channelsLast;
  std::vector<double> window; ///< scaled; empty for none
};

/// Magnitudes of a short-time Fourier transform, summed up over bands of the mel scale.
class MelSpectrogram : public LayerMeaning {
public:
  explicit MelSpectrogram(Config &config)
      : pieces(readPieces(config)), bands(config.positive("num_mel_bins")),
        rate(config.number("sampling_rate", 16000)), least(config.number("min_freq", 20)),
        most(config.optionalNumber("max_freq").value_or(0)),
        inDecibels(config.boolean("power_to_db", true)), range(config.number("top_db", 80)),
        exponent(config.number("mag_exp", 2)), leastPower(config.number("min_power", 1e-10)),
        reference(config.number("ref_power", 1)) {
    most = most ? most : std::trunc(rate / 2);
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    auto [real, imaginary] = transformPieces(call, x, pieces);
    Tensor magnitude = sqrt(square(real) + square(imaginary));
    Tensor power =
        exponent == 2 ? square(magnitude) : builder::power(magnitude, magnitude.like(exponent));
    Tensor mel = dot(power, melMatrix(call, x.elementType()), power.rank() - 1, 0);
    if (inDecibels)
      mel = toDecibels(mel);
    llvm::SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(mel.rank()));
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    return {mel.transpose(order)};
  }

private:
  static ShortTime readPieces(Config &config) {
    nlohmann::json all = {{"fft_length", config.positive("fft_length")},
                          {"sequence_stride", config.positive("sequence_stride")},
                          {"window", "hann"}};
    all["sequence_length"] = config.has("sequence_length") ? config.positive("sequence_length")
                                                           : all["fft_length"].get<int64_t>();
    if (config.contains("window"))
      all["window"] = config.raw("window");
    Config settings(all, config.where());
    return ShortTime::read(settings);
  }

  /// Keras' own computation is in single precision, and so it is here: differences of close numbers
  /// decide about the slopes.
  static float melOf(float hertz) { return 1127.0f * std::log(1.0f + hertz / 700.0f); }

  static float between(float first, float last, int64_t i, int64_t count) {
    return i == count - 1
               ? last
               : first + static_cast<float>(i) * ((last - first) / static_cast<float>(count - 1));
  }

  Tensor melMatrix(LayerCall &call, Type type) const {
    int64_t frequencies = pieces.length / 2 + 1;
    checkSize(call.place(), {frequencies, bands});
    float first = melOf(static_cast<float>(least)), last = melOf(static_cast<float>(most));
    float nyquist = static_cast<float>(rate) / 2.0f;
    std::vector<double> matrix;
    for (int64_t i = 0; i < frequencies; ++i) {
      float mel = melOf(between(0, nyquist, i, frequencies));
      for (int64_t band = 0; band < bands; ++band) {
        float lower = between(first, last, band, bands + 2);
        float center = between(first, last, band + 1, bands + 2);
        float upper = between(first, last, band + 2, bands + 2);
        float rising = (mel - lower) / (center - lower), falling = (upper - mel) / (upper - center);
        matrix.push_back(i == 0 ? 0 : std::max(0.0f, std::min(rising, falling)));
      }
    }
    return call.emit().constant(type, matrix, {frequencies, bands});
  }

  /// Beside the largest value of the whole batch, as in Keras.
  Tensor toDecibels(Tensor mel) const {
    Tensor decibels = 10.0 * (log(maximum(mel, leastPower)) / std::log(10.0));
    decibels = decibels - 10 * std::log10(std::max(std::abs(reference), leastPower));
    llvm::SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(mel.rank()));
    return maximum(decibels, spread(max(decibels, all) - range, all, decibels));
  }

  ShortTime pieces;
  int64_t bands;
  double rate, least, most;
  bool inDecibels;
  double range, exponent, leastPower, reference;
};

} // namespace

const LayerEntry stftSpectrogramLayer = {"STFTSpectrogram", createFromConfig<StftSpectrogram>};
const LayerEntry melSpectrogramLayer = {"MelSpectrogram", createFromConfig<MelSpectrogram>};

} // namespace lamina::frontend::keras
