// keras.layers.ReversibleEmbedding: keras/src/layers/core/reversible_embedding.py
// (Press and Wolf 2016)
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/operations/operation_call.h"
#include "ir/host_tensor.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Rows of a table by their indices; called with `reverse`, the products of features with the rows
/// of the table, or with a matrix of their own.
class ReversibleEmbedding : public LayerMeaning {
public:
  explicit ReversibleEmbedding(Config &config)
      : count(config.positive("input_dim")), size(config.positive("output_dim")),
        embedding(createLayer(config.where(), embeddingConfig(config))),
        tiesWeights(config.boolean("tie_weights", true)),
        reverseInitializer(config.raw("embeddings_initializer")),
        softCap(config.optionalNumber("logit_soft_cap")) {
    if (config.has("reverse_dtype"))
      reverseType = readPolicy(config.where(), config.raw("reverse_dtype"));
    if (softCap == 0.0)
      config.fail("'logit_soft_cap' must not be 0");
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> variables = embedding->build(place, inputs);
    if (!tiesWeights)
      variables.push_back({"reverse_embeddings",
                           {size, count},
                           reverseInitializer.is_null() ? "uniform" : reverseInitializer});
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    const nlohmann::json arguments = call.arguments();
    if (arguments.is_null() ||
        !OperationCall(call, arguments, inputs).settings.boolean("reverse", false))
      return embedding->call(call, inputs);
    Tensor x = singleInput(call, inputs).toFloat(), table = call.variable(tiesWeights ? 0 : 1);
    if (x.dim(x.rank() - 1) != size)
      call.fail(fmt::format("called in reverse, it takes {} features, not an input of shape {}",
                            size, describeShape(x.shape())));
    if (reverseType) {
      Type type = ir::toMlirType(call.emit().getContext(), *reverseType);
      x = x.convert(type);
      table = table.convert(type);
    }
    Tensor logits = dot(x, table, x.rank() - 1, tiesWeights ? 1 : 0);
    return {softCap ? tanh(logits / *softCap) * *softCap : logits};
  }

private:
  /// What the class has from Embedding.
  static ObjectConfig embeddingConfig(Config &config) {
    ObjectConfig object = {"Embedding", "keras.layers"};
    for (const char *key : {"input_dim", "output_dim", "embeddings_initializer",
                            "embeddings_regularizer", "embeddings_constraint", "mask_zero"})
      if (config.has(key))
        object.config[key] = config.raw(key);
    return object;
  }

  int64_t count, size;
  std::shared_ptr<LayerMeaning> embedding;
  bool tiesWeights;
  nlohmann::json reverseInitializer;
  std::optional<double> softCap;
  std::optional<ElementType> reverseType;
};

} // namespace

const LayerEntry reversibleEmbeddingLayer = {"ReversibleEmbedding",
                                             createFromConfig<ReversibleEmbedding>,
                                             MaskUse::Drops,
                                             {},
                                             {"inputs", "reverse"}};

} // namespace lamina::frontend::keras
