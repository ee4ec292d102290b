#include "model_file.h"

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::frontend::test {

using nlohmann::json;

json layer(const std::string &className, const std::string &name, json config) {
  config["name"] = name;
  return {{"module", "keras.layers"},
          {"class_name", className},
          {"config", config},
          {"registered_name", nullptr},
          {"name", name}};
}

json input(const std::string &name, std::vector<int64_t> rowShape, const std::string &dtype) {
  json shape = {nullptr};
  for (int64_t extent : rowShape)
    shape.push_back(extent < 0 ? json() : json(extent));
  json object = layer("InputLayer", name, {{"batch_shape", shape}, {"dtype", dtype}});
  object["inbound_nodes"] = json::array();
  return object;
}

json tensor(const std::string &layerName, int node) {
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"keras_history", {layerName, node, 0}}}}};
}

json called(json layer, const std::vector<std::string> &inputs) {
  json arguments = json::array();
  for (const std::string &name : inputs)
    arguments.push_back(tensor(name));
  json args = json::array({inputs.size() == 1 ? arguments[0] : arguments});
  layer["inbound_nodes"].push_back({{"args", args}, {"kwargs", json::object()}});
  return layer;
}

json sequential(std::vector<json> layers) {
  return {{"module", "keras"},
          {"class_name", "Sequential"},
          {"config", {{"name", "model"}, {"layers", layers}}}};
}

json functional(std::vector<json> layers, const std::vector<std::string> &inputs,
                const std::vector<std::string> &outputs) {
  auto ports = [](const std::vector<std::string> &names) {
    json list = json::array();
    for (const std::string &name : names)
      list.push_back({name, 0, 0});
    return list;
  };
  return {{"module", "keras.src.models.functional"},
          {"class_name", "Functional"},
          {"config",
           {{"name", "model"},
            {"layers", layers},
            {"input_layers", ports(inputs)},
            {"output_layers", ports(outputs)}}}};
}

KerasFile makeFile(json model, json compileConfig) {
  KerasFile file;
  file.path = "model.keras";
  if (!compileConfig.is_null()) {
    model["compile_config"] = compileConfig;
    file.compileConfig = compileConfig;
  }
  file.config = std::move(model);
  file.configText = file.config.dump();
  return file;
}

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const UserError &error) {
    return error.what();
  }
  return "no error";
}

std::string importError(const KerasFile &file, const ImportOptions &options) {
  mlir::MLIRContext context;
  return errorOf([&] { importModel(context, file, options); });
}

Imported::Imported(const KerasFile &file, const ImportOptions &options)
    : module(importModel(context, file, options)) {}

std::string Imported::text() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

std::vector<std::string> Imported::variableNames() {
  std::vector<std::string> names;
  for (auto variable : module->getOps<ir::VariableOp>())
    names.push_back(variable.getSymName().str());
  return names;
}

std::vector<ir::HostTensor> Imported::run(const std::string &name,
                                          std::vector<ir::HostTensor> arguments, int64_t rows) {
  auto function = module->lookupSymbol<mlir::func::FuncOp>(name);
  std::vector<ir::HostTensor> all;
  size_t next = 0;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto variable = ir::getArgumentVariable(function, i);
    all.push_back(variable ? state.at(variable.getValue().str()) : arguments.at(next++));
  }
  auto results = ir::interpret(function, all, rows);
  if (!results)
    throw std::runtime_error(llvm::toString(results.takeError()));
  std::vector<ir::HostTensor> others;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto variable = ir::getResultVariable(function, i))
      state[variable.getValue().str()] = (*results)[i];
    else
      others.push_back((*results)[i]);
  return others;
}

void Imported::initialize(int64_t seed) {
  run("init", {ir::HostTensor::scalar<int64_t>(seed)}, 1);
}

std::vector<float> values(const ir::HostTensor &tensor) {
  return tensor.elements<float>().vec();
}

ir::HostTensor floats(std::vector<int64_t> shape, std::vector<float> values) {
  return ir::HostTensor::of<float>(shape, values);
}

} // namespace lamina::frontend::test
