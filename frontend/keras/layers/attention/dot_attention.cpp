// keras.layers.Attention, AdditiveAttention: keras/src/layers/attention/attention.py (Luong et al.
// 2015), additive_attention.py (Bahdanau et al. 2015)
#include "frontend/builder/attention.h"
#include "frontend/builder/functions.h"
#include "frontend/keras/layers/attention/projected_attention.h"
#include "frontend/keras/layers/dropout.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

/// What is taken off scores that do not count.
constexpr double kPadding = 1e9;

/// A list with query, value and perhaps key, which else is the value: ... x steps x features. The
/// query's steps get the mean of the values, weighted by the softmax of their scores with the keys.
class ScoredAttention : public LayerMeaning {
public:
  explicit ScoredAttention(Config &config) : dropout(readFraction(config, "dropout")) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    OperationCall arguments(call, call.arguments(), inputs);
    size_t count = countInputs(call.place(), arguments);
    Tensor query = inputs[0].toFloat(), value = inputs[1].toFloat();
    Tensor key = count == 3 ? inputs[2].toFloat() : value;
    checkShapes(call.place(), query, value, key);
    Tensor queryMask = readMask(call, arguments, inputs, 0);
    call.setMask(queryMask, 1);
    Tensor scores =
        maskScores(call, scoresOf(call, query, key), readMask(call, arguments, inputs, 1),
                   arguments.settings.boolean("use_causal_mask", false));
    Tensor weights = softmax(scores, {-1});
    call.setLogits(weights, scores);
    Tensor kept = dropOut(call, weights, dropout, weights.shape());
    auto batch = llvm::to_vector(llvm::seq<int64_t>(0, kept.rank() - 2));
    Tensor output = dot(kept, value, kept.rank() - 1, value.rank() - 2, batch, batch);
    if (queryMask)
      output = where(spread(queryMask, {-1}, output), output, 0.0);
    if (arguments.settings.boolean("return_attention_scores", false))
      return {output, weights};
    return {output};
  }

protected:
  /// ... x queries x keys
  virtual Tensor scoresOf(LayerCall &call, Tensor query, Tensor key) const = 0;

  /// query + key of all pairs: ... x queries x keys x features
  static Tensor sumPairs(Tensor query, Tensor key) {
    llvm::SmallVector<int64_t> queries(query.shape()), keys(key.shape());
    queries.insert(queries.end() - 1, 1);
    keys.insert(keys.end() - 2, 1);
    return query.reshape(queries) + key.reshape(keys);
  }

private:
  static size_t countInputs(const Place &place, OperationCall &arguments) {
    const json &list = arguments.settings.raw("inputs");
    if (!list.is_array() || list.size() < 2 || list.size() > 3)
      place.fail("is called with a list of two or three tensors: query, value and perhaps key");
    return list.size();
  }

  static void checkShapes(const Place &place, Tensor query, Tensor value, Tensor key) {
    int64_t rank = query.rank();
    bool fits = rank >= 3 && value.rank() == rank && key.rank() == rank &&
                query.shape().drop_back(2) == value.shape().drop_back(2) &&
                value.shape().drop_back() == key.shape().drop_back() &&
                query.dim(rank - 1) == key.dim(rank - 1);
    if (!fits)
      failShapes(
          place, query, value, key,
          "all are rows x steps x features, value and key have the same steps, query and key "
          "the same features");
  }

  /// The `index`-th of the masks that the call names; where it names none, that of the input.
  static Tensor readMask(LayerCall &call, OperationCall &arguments, ArrayRef<Tensor> inputs,
                         size_t index) {
    if (!arguments.settings.has("mask"))
      return call.mask(index);
    const json &masks = arguments.settings.raw("mask");
    if (!masks.is_array() || masks.size() < 2 || masks.size() > 3)
      call.fail("is called with a 'mask' that is no list of two or three masks");
    const json &mask = masks[index];
    if (mask.is_null())
      return {};
    const json place = mask.is_object() ? mask.value("config", json()) : json();
    if (!place.is_number_unsigned())
      call.fail("is called with a mask that is no tensor of the model");
    return inputs[place.get<size_t>()].convert(IntegerType::get(call.emit().getContext(), 1));
  }

  static Tensor maskScores(LayerCall &call, Tensor scores, Tensor valueMask, bool isCausal) {
    int64_t rank = scores.rank(), queries = scores.dim(rank - 2), keys = scores.dim(rank - 1);
    Tensor mask;
    if (valueMask) {
      if (valueMask.rank() != rank - 1 || valueMask.dim(rank - 2) != keys)
        call.fail(fmt::format("a mask of shape {} does not fit {} values",
                              describeShape(valueMask.shape()), keys));
      mask = spread(valueMask, {-2}, scores);
    }
    if (isCausal) {
      Tensor causal = causalMask(call.emit(), queries, keys).broadcastTo(scores.shape());
      mask = mask ? logicalAnd(mask, causal) : causal;
    }
    return mask ? where(mask, scores, scores - kPadding) : scores;
  }

  double dropout;
};

/// Scores are products of queries and keys, or sums of tanh(query + key).
class Attention : public ScoredAttention {
public:
  explicit Attention(Config &config)
      : ScoredAttention(config), useScale(config.boolean("use_scale", false)) {
    std::string mode = config.text("score_mode", "dot");
    if (mode != "dot" && mode != "concat")
      config.fail(
          fmt::format("'score_mode' must be \"dot\" or \"concat\", not \"{}\"", printable(mode)));
    concatenates = mode == "concat";
  }

  std::vector<VariableDeclaration> build(const Place &, ArrayRef<RankedTensorType>) const override {
    std::vector<VariableDeclaration> variables;
    if (useScale)
      variables.push_back({"scale", {}, "ones"});
    if (concatenates)
      variables.push_back({"concat_score_weight", {}, "ones"});
    return variables;
  }

private:
  Tensor scoresOf(LayerCall &call, Tensor query, Tensor key) const override {
    int64_t rank = query.rank();
    if (concatenates) {
      Tensor pairs = sumPairs(query, key);
      Tensor sums = sum(tanh(useScale ? call.variable(0) * pairs : pairs), {-1});
      return call.variable(useScale ? 1 : 0) * sums;
    }
    auto batch = llvm::to_vector(llvm::seq<int64_t>(0, rank - 2));
    Tensor scores = dot(query, key, rank - 1, rank - 1, batch, batch);
    return useScale ? scores * call.variable(0) : scores;
  }

  bool useScale, concatenates = false;
};

/// Scores are sums of scale * tanh(query + key).
class AdditiveAttention : public ScoredAttention {
public:
  explicit AdditiveAttention(Config &config)
      : ScoredAttention(config), useScale(config.boolean("use_scale", true)) {}

  std::vector<VariableDeclaration> build(const Place &,
                                         ArrayRef<RankedTensorType> inputs) const override {
    if (!useScale)
      return {};
    return {{"scale", {inputs[0].getShape().back()}, "glorot_uniform"}};
  }

private:
  Tensor scoresOf(LayerCall &call, Tensor query, Tensor key) const override {
    Tensor activity = tanh(sumPairs(query, key));
    return sum(useScale ? call.variable(0) * activity : activity, {-1});
  }

  bool useScale;
};

} // namespace

const LayerEntry attentionLayer = {
    "Attention",
    createFromConfig<Attention>,
    MaskUse::Drops,
    {},
    {"inputs", "mask", "training", "return_attention_scores", "use_causal_mask"}};
const LayerEntry additiveAttentionLayer = {
    "AdditiveAttention",
    createFromConfig<AdditiveAttention>,
    MaskUse::Drops,
    {},
    {"inputs", "mask", "training", "return_attention_scores", "use_causal_mask"}};

} // namespace lamina::frontend::keras
