#include "bench/kernels/compiled_kernel.h"
#include "bench/kernels/contender.h"

namespace lamina::bench {
namespace {

Run prepareText(const std::string &text, Direction direction, unsigned threads) {
  auto kernel = std::make_shared<CompiledKernel>(text, direction, threads);
  return [kernel] { kernel->run(); };
}

class Lamina : public Contender {
public:
  std::string name() const override { return "lamina"; }
  Run prepare(const Dense &dense, Direction direction, unsigned threads) override {
    return prepareText(dense.moduleText(), direction, threads);
  }
  Run prepare(const Convolution &convolution, Direction direction, unsigned threads) override {
    return prepareText(convolution.moduleText(), direction, threads);
  }
};

} // namespace

std::unique_ptr<Contender> makeLamina() {
  return std::make_unique<Lamina>();
}

} // namespace lamina::bench
