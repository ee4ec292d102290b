#pragma once

#include "frontend/keras/operations/operation_call.h"

/// What attention layers are called with: keras/src/layers/attention/
namespace lamina::frontend::keras {

/// Which keys each query sees.
struct AttentionMask {
  Tensor mask = {};      ///< i1, of rank 3 or of the scores' rank; null where all count
  bool isCausal = false; ///< the keys up to the query's own step, and there is no `mask`
};

/// Whose mask of steps a layer takes for the queries.
enum class QueryMask {
  OfTensor, ///< the one that the query has, whatever the call names
  OfCall,   ///< the one that the call names, or else that of the query
};

/// The parameters of the calls of layers with query, value and key (LayerEntry::parameters).
std::vector<std::string> attentionParameters();

/// A call with these.
class AttentionCall {
public:
  AttentionCall(LayerCall &call, llvm::ArrayRef<Tensor> inputs)
      : arguments(call, call.arguments().is_null() ? empty : call.arguments(), inputs),
        inputs(inputs), call(call) {}

  /// "query", "value" or "key", where a missing key is the value. Refuses a missing one and one
  /// without steps.
  Tensor tensor(const char *name);
  /// A setting of the call; false unless given.
  bool flag(const char *name) { return arguments.settings.boolean(name, false); }
  /// The mask that the argument's tensor has; null for none.
  Tensor maskOf(const char *name);
  /// All masks of the call together. With `window` queries see only keys whose steps are nearer
  /// than this. `ofSoftmax`: a given mask that is the only one goes to Softmax as it is.
  AttentionMask readMask(QueryMask source, std::optional<int64_t> window, bool ofSoftmax);

private:
  Tensor stepMask(const char *name, QueryMask source);
  Tensor both(Tensor a, Tensor b);

  static const nlohmann::json empty;
  OperationCall arguments;
  llvm::ArrayRef<Tensor> inputs;
  LayerCall &call;
};

/// `mask` with dimensions of extent 1 where scores of this shape have those that are no steps:
/// Keras inserts them before the last 2 * `axes`. Refuses a mask that does not fit.
Tensor alignMask(const Place &place, Tensor mask, llvm::ArrayRef<int64_t> scores, int64_t axes);

/// Where a mask counts for Keras' layer Softmax: where it is true, or a number above a half.
Tensor countForSoftmax(Tensor mask);

/// Keras' layer Softmax over the last dimensions, of which there are `axes`: scores that do not
/// count get the weight 0, all of them where none of a query's counts.
Tensor maskedSoftmax(LayerCall &call, Tensor scores, Tensor mask, int64_t axes);

} // namespace lamina::frontend::keras
