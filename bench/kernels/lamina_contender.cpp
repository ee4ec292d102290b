#include "bench/kernels/compiled_kernel.h"
#include "bench/kernels/contender.h"

namespace lamina::bench {
namespace {

class Lamina : public Contender {
public:
  explicit Lamina(bool winograd) : winograd(winograd) {}

  std::string name() const override { return winograd ? "lamina" : "lamina_direct"; }
  bool offers(const Dense &) const override { return winograd; }
  bool offers(const Convolution &convolution) const override {
    return winograd ||
           (convolution.window == 3 && convolution.stride == 1 && convolution.groups == 1);
  }
  Run prepare(const Dense &dense, Direction direction, unsigned threads) override {
    return prepareText(dense.moduleText(), direction, threads);
  }
  Run prepare(const Convolution &convolution, Direction direction, unsigned threads) override {
    return prepareText(convolution.moduleText(), direction, threads);
  }

private:
  Run prepareText(const std::string &text, Direction direction, unsigned threads) const {
    auto kernel = std::make_shared<CompiledKernel>(text, direction, threads, winograd);
    return [kernel] { kernel->run(); };
  }

  bool winograd; ///< off: all convolutions are computed directly
};

} // namespace

std::unique_ptr<Contender> makeLamina() {
  return std::make_unique<Lamina>(/*winograd=*/true);
}

std::unique_ptr<Contender> makeLaminaDirect() {
  return std::make_unique<Lamina>(/*winograd=*/false);
}

} // namespace lamina::bench
