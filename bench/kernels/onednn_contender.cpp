#include <unordered_map>

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.hpp>

#include "bench/kernels/contender.h"

namespace lamina::bench {
namespace {

using namespace dnnl;
using Tag = memory::format_tag;
using Dims = memory::dims;

constexpr auto kFloat = memory::data_type::f32;

/// oneDNN's threads are OpenMP's, of the library that oneDNN itself brought along.
void setThreads(unsigned threads) {
  using Setter = void(int);
  if (auto *set = reinterpret_cast<Setter *>(dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    set(static_cast<int>(threads));
}

memory::desc describe(const Dims &dims, Tag tag) {
  return {dims, kFloat, tag};
}

class OneDnn : public Contender {
public:
  std::string name() const override { return "onednn"; }
  bool offers(const Dense &dense) const override { return dense.type == "f32"; }
  bool offers(const Convolution &convolution) const override { return convolution.type == "f32"; }
  Run prepare(const Dense &dense, Direction direction, unsigned threads) override;
  Run prepare(const Convolution &convolution, Direction direction, unsigned threads) override;

private:
  /// Memory of small numbers.
  memory allocate(const memory::desc &desc) {
    memory result(desc, engine_);
    std::fill_n(static_cast<float *>(result.get_data_handle()), desc.get_size() / sizeof(float),
                0.01f);
    return result;
  }

  Run execution(primitive work, std::unordered_map<int, memory> arguments, unsigned threads) {
    return [work, arguments, threads, this] {
      setThreads(threads);
      work.execute(stream_, arguments);
      stream_.wait();
    };
  }

  engine engine_{engine::kind::cpu, 0};
  stream stream_{engine_};
};

/// Weights are in the layout that oneDNN likes best; everything else is row-major.
Run OneDnn::prepare(const Dense &dense, Direction direction, unsigned threads) {
  setThreads(threads);
  int64_t m = dense.rows, k = dense.inputs, n = dense.outputs;
  auto make = [&](const memory::desc &lhs, const memory::desc &rhs, const memory::desc &result) {
    matmul::primitive_desc choice(matmul::desc(lhs, rhs, result), engine_);
    return execution(matmul(choice),
                     {{DNNL_ARG_SRC, allocate(choice.src_desc())},
                      {DNNL_ARG_WEIGHTS, allocate(choice.weights_desc())},
                      {DNNL_ARG_DST, allocate(choice.dst_desc())}},
                     threads);
  };
  switch (direction) {
  case Direction::Forward:
    return make(describe({m, k}, Tag::ab), describe({k, n}, Tag::any), describe({m, n}, Tag::ab));
  case Direction::ByData:
    return make(describe({m, n}, Tag::ab), describe({n, k}, Tag::any), describe({m, k}, Tag::ab));
  case Direction::ByWeights:
    return make(describe({k, m}, Tag::ba), describe({m, n}, Tag::ab), describe({k, n}, Tag::ab));
  }
  return nullptr;
}

Run OneDnn::prepare(const Convolution &c, Direction direction, unsigned threads) {
  setThreads(threads);
  Dims filter = c.groups == 1
                    ? Dims{c.outputs, c.inputs, c.window, c.window}
                    : Dims{c.groups, c.outputs / c.groups, c.inputs / c.groups, c.window, c.window};
  memory::desc x = describe({c.images, c.inputs, c.size, c.size}, Tag::nhwc),
               y = describe({c.images, c.outputs, c.outputSize(), c.outputSize()}, Tag::nhwc),
               w = describe(filter, Tag::any);
  Dims strides{c.stride, c.stride}, low(2, c.padding() / 2), high(2, c.padding() - low[0]);
  convolution_forward::primitive_desc forward(
      convolution_forward::desc(prop_kind::forward_training, algorithm::convolution_direct, x, w, y,
                                strides, low, high),
      engine_);
  if (direction == Direction::Forward)
    return execution(convolution_forward(forward),
                     {{DNNL_ARG_SRC, allocate(forward.src_desc())},
                      {DNNL_ARG_WEIGHTS, allocate(forward.weights_desc())},
                      {DNNL_ARG_DST, allocate(forward.dst_desc())}},
                     threads);
  if (direction == Direction::ByData) {
    convolution_backward_data::primitive_desc choice(
        convolution_backward_data::desc(algorithm::convolution_direct, x, w, y, strides, low, high),
        engine_, forward);
    return execution(convolution_backward_data(choice),
                     {{DNNL_ARG_DIFF_DST, allocate(choice.diff_dst_desc())},
                      {DNNL_ARG_WEIGHTS, allocate(choice.weights_desc())},
                      {DNNL_ARG_DIFF_SRC, allocate(choice.diff_src_desc())}},
                     threads);
  }
  convolution_backward_weights::primitive_desc choice(
      convolution_backward_weights::desc(algorithm::convolution_direct, x, w, y, strides, low,
                                         high),
      engine_, forward);
  return execution(convolution_backward_weights(choice),
                   {{DNNL_ARG_SRC, allocate(choice.src_desc())},
                    {DNNL_ARG_DIFF_DST, allocate(choice.diff_dst_desc())},
                    {DNNL_ARG_DIFF_WEIGHTS, allocate(choice.diff_weights_desc())}},
                   threads);
}

} // namespace

std::unique_ptr<Contender> makeOneDnn() {
  return std::make_unique<OneDnn>();
}

} // namespace lamina::bench
