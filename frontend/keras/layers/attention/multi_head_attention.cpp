// keras.layers.MultiHeadAttention: keras/src/layers/attention/multi_head_attention.py
// (Vaswani et al. 2017)
#include "frontend/keras/layers/attention/projected_attention.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

class MultiHeadAttention : public ProjectedAttention {
public:
  explicit MultiHeadAttention(Config &config)
      : ProjectedAttention(config, readSizes(config), QueryMask::OfTensor, ""),
        axes(config.integers("attention_axes")) {}

  bool penalizesInside() const override { return true; }

private:
  static Sizes readSizes(Config &config) {
    int64_t heads = config.positive("num_heads"), key = config.positive("key_dim");
    Sizes sizes = {heads, heads, key, config.has("value_dim") ? config.positive("value_dim") : key};
    sizes.output = config.integers("output_shape").value_or(std::vector<int64_t>());
    if (llvm::any_of(sizes.output, [](int64_t extent) { return extent < 1; }))
      config.fail("'output_shape' must hold positive integers");
    return sizes;
  }

  /// All but the rows and the features unless the file says so.
  llvm::SmallVector<int64_t> findAxes(const Place &place, Tensor query, Tensor value,
                                      Tensor key) const override {
    int64_t rank = query.rank();
    llvm::SmallVector<int64_t> attended;
    if (axes)
      for (int64_t axis : *axes)
        attended.push_back(normalizeAxis(place, axis, rank));
    else
      attended = llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));
    refuseRepeated(place, attended);
    if (attended.empty() || llvm::is_contained(attended, 0) ||
        llvm::is_contained(attended, rank - 1))
      place.fail("'attention_axes' must name dimensions between the rows and the features");
    bool fits = value.rank() == rank && value.shape().drop_back() == key.shape().drop_back();
    for (int64_t i = 0; fits && i < rank - 1; ++i)
      fits = llvm::is_contained(attended, i) || query.dim(i) == value.dim(i);
    if (!fits)
      failShapes(place, query, value, key,
                 "value and key may differ in their features alone, query and value in these and "
                 "in the dimensions of 'attention_axes'");
    return attended;
  }

  std::optional<std::vector<int64_t>> axes;
};

} // namespace

const LayerEntry multiHeadAttentionLayer = {"MultiHeadAttention",
                                            createFromConfig<MultiHeadAttention>,
                                            MaskUse::Takes,
                                            {},
                                            attentionParameters()};

} // namespace lamina::frontend::keras
