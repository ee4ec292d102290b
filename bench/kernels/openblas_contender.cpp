#include <vector>

#include <cblas.h>

#include "bench/kernels/contender.h"

namespace lamina::bench {
namespace {

class OpenBlas : public Contender {
public:
  std::string name() const override { return "openblas"; }
  bool offers(const Dense &dense) const override { return dense.type == "f32"; }
  bool offers(const Convolution &) const override { return false; }

  Run prepare(const Dense &dense, Direction direction, unsigned threads) override {
    auto m = static_cast<int>(dense.rows), k = static_cast<int>(dense.inputs),
         n = static_cast<int>(dense.outputs);
    openblas_set_num_threads(static_cast<int>(threads));
    auto matrix = [](int rows, int columns) {
      return std::make_shared<std::vector<float>>(static_cast<size_t>(rows) * columns, 0.01f);
    };
    auto x = matrix(m, k), w = matrix(k, n), y = matrix(m, n);
    switch (direction) {
    case Direction::Forward:
      return [=] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x->data(), k, w->data(),
                    n, 0, y->data(), n);
      };
    case Direction::ByData:
      return [=] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1, y->data(), n, w->data(), n,
                    0, x->data(), k);
      };
    case Direction::ByWeights:
      return [=] {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, x->data(), k, y->data(), n,
                    0, w->data(), n);
      };
    }
    return nullptr;
  }

  Run prepare(const Convolution &, Direction, unsigned) override { return nullptr; }
};

} // namespace

std::unique_ptr<Contender> makeOpenBlas() {
  return std::make_unique<OpenBlas>();
}

} // namespace lamina::bench
