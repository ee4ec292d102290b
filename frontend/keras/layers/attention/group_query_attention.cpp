// keras.layers.GroupQueryAttention: keras/src/layers/attention/grouped_query_attention.py
// (Ainslie et al. 2023)
#include "frontend/keras/layers/attention/projected_attention.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Several heads of the queries share one of the keys and values. A penalty on the activity is
/// taken of the inner layers and of the output.
class GroupQueryAttention : public ProjectedAttention {
public:
  explicit GroupQueryAttention(Config &config)
      : ProjectedAttention(config, readSizes(config), QueryMask::OfCall, "_") {
    comparesMask = true;
  }

private:
  static Sizes readSizes(Config &config) {
    int64_t size = config.positive("head_dim");
    Sizes sizes = {config.positive("num_query_heads"), config.positive("num_key_value_heads"), size,
                   size};
    if (sizes.heads % sizes.sharedHeads != 0)
      config.fail(fmt::format("'num_key_value_heads' {} does not divide 'num_query_heads' {}",
                              sizes.sharedHeads, sizes.heads));
    return sizes;
  }

  llvm::SmallVector<int64_t> findAxes(const Place &place, Tensor query, Tensor value,
                                      Tensor key) const override {
    if (query.rank() != 3 || value.rank() != 3 || key.rank() != 3 || key.dim(1) != value.dim(1) ||
        query.dim(2) != value.dim(2))
      failShapes(place, query, value, key,
                 "all are rows x steps x features, value and key have the same steps, query and "
                 "value the same features");
    return {1};
  }
};

} // namespace

const LayerEntry groupQueryAttentionLayer = {
    "GroupQueryAttention", createFromConfig<GroupQueryAttention>,
    MaskUse::Drops,        {},
    attentionParameters(), "GroupedQueryAttention"};

} // namespace lamina::frontend::keras
