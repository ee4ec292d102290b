#include "frontend/keras/operations/operations.h"

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

std::vector<const OperationEntry *> allOperations() {
  std::vector<const OperationEntry *> all;
  for (llvm::ArrayRef<OperationEntry> part :
       {activationOperations(),    alignmentOperations(),  attentionOperations(),
        contractionOperations(),   conversionOperations(), cumulativeOperations(),
        decompositionOperations(), diagonalOperations(),   elementwiseOperations(),
        fourierOperations(),       shortTimeOperations(),  imageOperations(),
        indexingOperations(),      joiningOperations(),    labelOperations(),
        layerOperations(),         logicOperations(),      moveOperations(),
        nanReductionOperations(),  normOperations(),       normalizationOperations(),
        paddingOperations(),       patchOperations(),      productOperations(),
        rearrangeOperations(),     reductionOperations(),  scoreOperations(),
        shapeOperations(),         sortingOperations(),    specialOperations(),
        splittingOperations()})
    for (const OperationEntry &entry : part)
      all.push_back(&entry);
  return all;
}

/// A node of keras.ops: the arguments of its constructor, from the configuration, and of its call.
class Operation : public LayerMeaning {
public:
  Operation(const OperationEntry &entry, json config) : entry(entry), config(std::move(config)) {}

  Tensors call(LayerCall &call, llvm::ArrayRef<Tensor> inputs) const override {
    json arguments = bindArguments(call);
    OperationCall operation(call, arguments, inputs);
    operation.settings.ignore({"name"});
    Tensors results = entry.apply(operation);
    operation.settings.finish(entry.className);
    return results;
  }

private:
  /// All arguments by name. Later sources win: so does a call's argument over the constructor's.
  json bindArguments(LayerCall &call) const {
    json bound = config;
    const json positional = call.arguments().value("args", json::array());
    size_t index = 0;
    for (const char *parameter : entry.parameters) {
      if (parameter[0] == '*') {
        json &rest = bound[parameter + 1] = json::array();
        while (index < positional.size())
          rest.push_back(positional[index++]);
      } else if (index < positional.size()) {
        bound[parameter] = positional[index++];
      }
    }
    if (index < positional.size())
      call.fail(fmt::format("{} takes {} argument{}, not {}", entry.className,
                            entry.parameters.size(), entry.parameters.size() == 1 ? "" : "s",
                            positional.size()));
    bound.update(call.arguments().value("kwargs", json::object()));
    return bound;
  }

  const OperationEntry &entry;
  json config;
};

} // namespace

bool isOperation(const ObjectConfig &object) {
  llvm::StringRef module(object.module);
  return module.starts_with("keras.src.ops.") || module == "keras.ops" ||
         module.starts_with("keras.ops.");
}

std::unique_ptr<LayerMeaning> createOperation(const Place &place, const ObjectConfig &object) {
  std::vector<std::string> names;
  for (const OperationEntry *entry : allOperations()) {
    if (object.className == entry->className)
      return std::make_unique<Operation>(*entry, object.config);
    names.push_back(entry->className);
  }
  if (std::string advice = adviseOn(object.className, refusedOperations()); !advice.empty())
    place.refuse(fmt::format("the operation {} of keras.ops is refused: {}",
                             printable(object.className), advice));
  place.refuse(
      notSupported(fmt::format("the operation {} of keras.ops", printable(object.className)),
                   object.className, names));
}

} // namespace lamina::frontend::keras
