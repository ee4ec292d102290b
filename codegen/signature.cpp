// The arguments and results of compiled functions, read from a module.
#include <set>

#include "codegen/driver.h"
#include "codegen/first_error.h"
#include "ir/host_tensor.h"
#include "ir/logs.h"
#include "ir/signature.h"
#include "passes/memory/plan.h"
#include "support/error.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

std::vector<int64_t> shapeOf(RankedTensorType type) {
  std::vector<int64_t> shape;
  for (int64_t extent : type.getShape())
    shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
  return shape;
}

TensorSpec specOf(const ir::Port &port) {
  return {port.name.str(), ir::toElementType(port.type.getElementType()), shapeOf(port.type),
          port.bound, port.isProbability};
}

std::vector<TensorSpec> specsOf(llvm::ArrayRef<ir::Port> ports, ir::PortRole role) {
  std::vector<TensorSpec> specs;
  for (const ir::Port &port : ir::portsOf(ports, role))
    specs.push_back(specOf(port));
  return specs;
}

/// The function's logs; `summed` are those that follow from sums.
std::vector<LogSpec> logsOf(const ir::FunctionSignature &function,
                            const std::set<std::string> &summed) {
  std::vector<LogSpec> logs;
  for (const ir::Port &port : ir::portsOf(function.results, ir::PortRole::Log)) {
    std::string name = port.name.str();
    LogMean mean = summed.contains(name) ? LogMean::Sums
                   : port.isPerBatch     ? LogMean::Batches
                                         : LogMean::Rows;
    if (port.type.getRank() == 0)
      logs.push_back({name, mean});
    else
      for (int64_t element = 0; element < port.type.getNumElements(); ++element)
        logs.push_back({fmt::format("{}[{}]", name, element), mean});
  }
  return logs;
}

/// Reads one module.
class SignatureReader {
public:
  explicit SignatureReader(ModuleOp module) : module(module) {}

  Signature read() {
    signature.batchSize = ir::getBatchSize(module);
    signature.stateBytes = bytesOf(passes::kStateBytesAttr);
    signature.workspaceBytes = bytesOf(passes::kWorkspaceBytesAttr);
    readVariables();
    if (auto predict = find(ir::kPredict)) {
      signature.inputs = specsOf(predict->arguments, ir::PortRole::Input);
      signature.outputs = specsOf(predict->results, ir::PortRole::Output);
    }
    std::set<std::string> summed;
    if (auto results = find(ir::kResults)) {
      for (const ir::Port &sum : ir::portsOf(results->arguments, ir::PortRole::Sum))
        signature.sums += sum.type.getNumElements();
      for (const ir::Port &log : ir::portsOf(results->results, ir::PortRole::Log))
        summed.insert(log.name.str());
    }
    if (auto evaluate = find(ir::kEvaluate)) {
      signature.targets = specsOf(evaluate->arguments, ir::PortRole::Target);
      signature.weights = specsOf(evaluate->arguments, ir::PortRole::SampleWeight);
      signature.evaluateLogs = logsOf(*evaluate, summed);
    }
    if (auto step = find(ir::kTrainStep)) {
      if (signature.targets.empty())
        signature.targets = specsOf(step->arguments, ir::PortRole::Target);
      signature.trainLogs = logsOf(*step, summed);
      readAverages(*step);
    }
    return std::move(signature);
  }

private:
  size_t bytesOf(llvm::StringRef attribute) {
    auto bytes = module->getAttrOfType<IntegerAttr>(attribute);
    return bytes ? bytes.getInt() : 0;
  }

  /// The signature of a function; nothing when there is no such function.
  std::optional<ir::FunctionSignature> find(llvm::StringRef name) {
    auto function = module.lookupSymbol<func::FuncOp>(name);
    if (!function)
      return std::nullopt;
    return signatureOf(function);
  }

  void readVariables() {
    for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
      if (ir::isInternal(variable))
        continue;
      RankedTensorType type = variable.getTensorType();
      numbers.try_emplace(variable.getSymName(), signature.variables.size());
      signature.variables.push_back({variable.getSymName().str(), variable.getPath().str(),
                                     ir::toElementType(type.getElementType()), shapeOf(type),
                                     variable.getTrainable(), ir::roleOf(variable)});
    }
  }

  /// Averages count where the step keeps them.
  void readAverages(const ir::FunctionSignature &step) {
    llvm::StringSet<> assigned;
    for (const ir::Port &port : ir::portsOf(step.results, ir::PortRole::Variable))
      assigned.insert(port.name.getValue());
    for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
      auto average = variable->getAttrOfType<FlatSymbolRefAttr>(ir::kAverageAttr);
      if (average && !ir::isInternal(variable) && assigned.contains(average.getValue()))
        signature.variables[numbers.lookup(variable.getSymName())].average =
            numbers.lookup(average.getValue());
    }
  }

  ModuleOp module;
  Signature signature;
  llvm::StringMap<size_t> numbers; ///< of variables
};

} // namespace

int64_t VariableSpec::byteSize() const {
  int64_t bytes = byteWidth(type);
  for (int64_t extent : shape)
    bytes *= extent;
  return bytes;
}

ir::FunctionSignature signatureOf(func::FuncOp function) {
  FirstError error(function.getContext());
  FailureOr<ir::FunctionSignature> signature = ir::readSignature(function);
  if (failed(signature))
    error.raise("a function's signature could not be read");
  return std::move(*signature);
}

Signature makeSignature(ModuleOp module) {
  return SignatureReader(module).read();
}

} // namespace lamina::codegen
