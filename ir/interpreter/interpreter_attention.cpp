// Attention and its gradient as their descriptions say: one query after another.
#include <cmath>

#include "ir/interpreter/interpreter_table.h"
#include "ir/operations/attention.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// The masks of one operation.
class Masks {
public:
  Masks(ArrayRef<HostTensor> masks, bool isCausal) : masks(masks), isCausal(isCausal) {}

  bool allow(ArrayRef<int64_t> index) const {
    if (isCausal && index[3] > index[2])
      return false;
    return llvm::all_of(masks, [&](const HostTensor &mask) {
      llvm::SmallVector<int64_t> strides = rowMajorStrides(mask.shape());
      int64_t offset = 0;
      for (size_t i = 0; i < 4; ++i)
        offset += mask.shape()[i] == 1 ? 0 : index[i] * strides[i];
      return mask.elements<bool>()[offset];
    });
  }

private:
  ArrayRef<HostTensor> masks;
  bool isCausal;
};

/// Features of one step and head of a tensor of rows x steps x heads x features.
template <typename T>
ArrayRef<T> featuresOf(const HostTensor &x, int64_t row, int64_t step, int64_t head) {
  ArrayRef<int64_t> shape = x.shape();
  return x.elements<T>().slice(((row * shape[1] + step) * shape[2] + head) * shape[3], shape[3]);
}

template <typename T>
llvm::MutableArrayRef<T> featuresOf(HostTensor &x, int64_t row, int64_t step, int64_t head) {
  ArrayRef<int64_t> shape = x.shape();
  return x.elements<T>().slice(((row * shape[1] + step) * shape[2] + head) * shape[3], shape[3]);
}

template <typename T> T product(ArrayRef<T> x, ArrayRef<T> y) {
  T sum = 0;
  for (auto [a, b] : llvm::zip_equal(x, y))
    sum = std::fma(a, b, sum);
  return sum;
}

/// sum += factor * x
template <typename T> void addScaled(llvm::MutableArrayRef<T> sum, T factor, ArrayRef<T> x) {
  for (auto [s, value] : llvm::zip_equal(sum, x))
    s = std::fma(factor, value, s);
}

/// The scores of one query with all keys.
template <typename T>
std::vector<T> scoresOf(const HostTensor &query, const HostTensor &key, const Masks &masks,
                        double scale, ArrayRef<int64_t> place) {
  std::vector<T> scores;
  ArrayRef<T> features = featuresOf<T>(query, place[0], place[2], place[1]);
  for (int64_t s = 0; s < key.shape()[1]; ++s)
    scores.push_back(masks.allow({place[0], place[1], place[2], s})
                         ? static_cast<T>(scale) *
                               product(features, featuresOf<T>(key, place[0], s, place[1]))
                         : static_cast<T>(kMaskedScore));
  return scores;
}

llvm::Expected<HostTensors> evaluateAttention(AttentionOp op, ArrayRef<HostTensor> operands,
                                              const Scope &scope) {
  const HostTensor &query = operands[0], &key = operands[1], &value = operands[2];
  Masks masks(operands.drop_front(3), op.getCausal());
  HostTensors results;
  for (Value result : op.getResults())
    results.emplace_back(query.type(),
                         concreteShape(cast<RankedTensorType>(result.getType()), scope.getRows()));
  visitFloatType(query.type(), [&]<typename T>(std::type_identity<T>) {
    int64_t position = 0;
    forEachIndex(results[1].shape(), [&](ArrayRef<int64_t> place) {
      std::vector<T> scores =
          scoresOf<T>(query, key, masks, op.getScale().convertToDouble(), place);
      T maximum = *llvm::max_element(scores), sum = 0;
      for (T &score : scores)
        sum += score = std::exp(score - maximum);
      auto output = featuresOf<T>(results[0], place[0], place[2], place[1]);
      for (auto [s, weight] : llvm::enumerate(scores))
        addScaled(output, weight / sum, featuresOf<T>(value, place[0], s, place[1]));
      results[1].elements<T>()[position] = maximum;
      results[2].elements<T>()[position++] = sum;
    });
  });
  return results;
}

llvm::Expected<HostTensors>
evaluateAttentionGradient(AttentionGradientOp op, ArrayRef<HostTensor> operands, const Scope &) {
  const HostTensor &query = operands[0], &key = operands[1], &value = operands[2];
  const HostTensor &output = operands[3], &maximum = operands[4], &sum = operands[5],
                   &gradient = operands[6];
  Masks masks(operands.drop_front(7), op.getCausal());
  HostTensors results;
  for (const HostTensor *operand : {&query, &key, &value})
    results.emplace_back(operand->type(), operand->shape());
  double scale = op.getScale().convertToDouble();
  visitFloatType(query.type(), [&]<typename T>(std::type_identity<T>) {
    int64_t position = 0;
    forEachIndex(maximum.shape(), [&](ArrayRef<int64_t> place) {
      int64_t row = place[0], head = place[1], t = place[2];
      std::vector<T> scores = scoresOf<T>(query, key, masks, scale, place);
      T most = maximum.elements<T>()[position], total = sum.elements<T>()[position++];
      ArrayRef<T> g = featuresOf<T>(gradient, row, t, head);
      T mean = product(g, featuresOf<T>(output, row, t, head));
      for (auto [s, score] : llvm::enumerate(scores)) {
        T weight = std::exp(score - most) / total;
        addScaled(featuresOf<T>(results[2], row, s, head), weight, g);
        if (!masks.allow({row, head, t, static_cast<int64_t>(s)}))
          continue;
        T change = static_cast<T>(scale) * weight *
                   (product(g, featuresOf<T>(value, row, s, head)) - mean);
        addScaled(featuresOf<T>(results[0], row, t, head), change,
                  featuresOf<T>(key, row, s, head));
        addScaled(featuresOf<T>(results[1], row, s, head), change,
                  featuresOf<T>(query, row, t, head));
      }
    });
  });
  return results;
}

} // namespace

void addAttentionEvaluators(EvaluatorTable &table) {
  table.add<AttentionOp>(evaluateAttention);
  table.add<AttentionGradientOp>(evaluateAttentionGradient);
}

} // namespace lamina::ir
