#include "codegen/objects/aot_interface.h"

#include <algorithm>

#include "codegen/objects/c_names.h"
#include "ir/module.h"
#include "passes/memory/plan.h"

namespace lamina::codegen {
namespace {

/// What tasks, and functions without their arrays of pointers, stay below: registers that they save
/// and spill, and the frames that call them.
constexpr size_t kTaskStackBytes = 12 * 1024;

size_t alignedTo(size_t bytes, size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// A name without small letters might be somebody's macro.
std::string parameterName(const std::string &name, const char *prefix) {
  std::string identifier = cIdentifier(name, prefix);
  if (identifier == upperCase(identifier))
    for (char &c : identifier)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return identifier;
}

/// Names the tensors of one kind, in a scope of parameters and one of constants.
class TensorNamer {
public:
  explicit TensorNamer(std::string constantPrefix) : constantPrefix(std::move(constantPrefix)) {}

  std::vector<CTensor> name(const std::vector<TensorSpec> &specs, const char *kind,
                            const char *prefix) {
    std::vector<CTensor> tensors;
    for (const TensorSpec &spec : specs) {
      CTensor tensor;
      tensor.spec = spec;
      tensor.parameter = scope.add(parameterName(spec.name, prefix));
      tensor.constant = constants.add(constantPrefix + "_" + kind + "_" +
                                      upperCase(cIdentifier(spec.name, prefix)));
      for (int64_t extent : spec.shape) {
        tensor.hasRows |= extent < 0;
        tensor.rowElements *= extent < 0 ? 1 : extent;
      }
      tensors.push_back(std::move(tensor));
    }
    return tensors;
  }

private:
  std::string constantPrefix;
  CScope scope = CScope::parameters({"env", "state", "workspace", "rows", "logs"});
  CScope constants;
};

CFunction makeFunction(const Signature &signature, const std::string &function,
                       const std::string &constantPrefix) {
  CFunction result;
  result.function = function;
  TensorNamer namer(constantPrefix);
  result.inputs = namer.name(signature.inputs, "INPUT", "x");
  if (function == ir::kPredict) {
    result.outputs = namer.name(signature.outputs, "OUTPUT", "y");
    return result;
  }
  result.targets = namer.name(signature.targets, "TARGET", "y");
  for (const LogSpec &log :
       function == ir::kTrainStep ? signature.trainLogs : signature.evaluateLogs)
    result.logs.push_back(log.name);
  return result;
}

std::vector<CVariable> placeVariables(const Signature &signature,
                                      const std::string &constantPrefix) {
  std::vector<CVariable> variables;
  CScope constants;
  size_t offset = 0;
  for (const VariableSpec &spec : signature.variables) {
    std::string constant =
        constants.add(constantPrefix + "_OFFSET_" + upperCase(cIdentifier(spec.name, "V")));
    variables.push_back({spec, std::move(constant), offset});
    offset = alignedTo(offset + spec.byteSize(), kDataAlignment);
  }
  return variables;
}

} // namespace

size_t CInterface::workspaceBytes() const {
  return arenaBytes + alignedTo(scratchBytes, passes::kPageBytes);
}

size_t CInterface::stackBytes() const {
  return alignedTo(kTaskStackBytes + variables.size() * sizeof(void *), passes::kPageBytes);
}

CInterface makeCInterface(const Signature &signature, const std::string &name,
                          const std::vector<std::string> &functions) {
  CInterface interface;
  interface.name = name;
  interface.constantPrefix = upperCase(name);
  interface.variables = placeVariables(signature, interface.constantPrefix);
  for (const std::string &function : functions)
    interface.functions.push_back(makeFunction(signature, function, interface.constantPrefix));
  if (!interface.variables.empty()) {
    const CVariable &last = interface.variables.back();
    interface.dataBytes = alignedTo(last.offset + last.spec.byteSize(), kDataAlignment);
  }
  // A model without variables or intermediate values still has a state and a workspace, so that
  // programs need not treat it differently.
  interface.stateBytes = std::max<size_t>(signature.stateBytes, passes::kPageBytes);
  interface.arenaBytes = std::max<size_t>(signature.workspaceBytes, passes::kPageBytes);
  interface.batchSize = signature.batchSize;
  return interface;
}

} // namespace lamina::codegen
