#include <fmt/format.h>

#include "bench/kernels/compiled_kernel.h"
#include "bench/kernels/contender.h"

namespace lamina::bench {
namespace {

class Lamina : public Contender {
public:
  explicit Lamina(std::string name, codegen::CompileOptions options = {})
      : name_(std::move(name)), options(std::move(options)) {}

  std::string name() const override { return name_; }
  unsigned level() const override { return options.target.level; }
  Run prepare(const Dense &dense, Direction direction, unsigned threads) override {
    return prepareText(dense.moduleText(), direction, threads);
  }
  Run prepare(const Convolution &convolution, Direction direction, unsigned threads) override {
    return prepareText(convolution.moduleText(), direction, threads);
  }

private:
  Run prepareText(const std::string &text, Direction direction, unsigned threads) const {
    auto kernel = std::make_shared<CompiledKernel>(text, direction, threads, options);
    return [kernel] { kernel->run(); };
  }

  std::string name_;
  codegen::CompileOptions options;
};

codegen::CompileOptions withoutWinograd() {
  codegen::CompileOptions options;
  options.passes.winograd = false;
  return options;
}

class LaminaDirect final : public Lamina {
public:
  LaminaDirect() : Lamina("lamina_direct", withoutWinograd()) {}

  bool offers(const Dense &) const override { return false; }
  bool offers(const Convolution &convolution) const override {
    return convolution.window == 3 && convolution.stride == 1 && convolution.groups == 1;
  }
};

} // namespace

std::unique_ptr<Contender> makeLamina() {
  return std::make_unique<Lamina>("lamina");
}

std::unique_ptr<Contender> makeLaminaDirect() {
  return std::make_unique<LaminaDirect>();
}

std::unique_ptr<Contender> makeLaminaOfLevel(unsigned level) {
  codegen::CompileOptions options;
  options.target =
      codegen::targetFromName(level == 1 ? "x86-64" : fmt::format("x86-64-v{}", level));
  return std::make_unique<Lamina>(fmt::format("lamina_v{}", level), options);
}

} // namespace lamina::bench
