#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frontend/keras/import.h"
#include "ir/host_tensor.h"
#include "mlir/IR/MLIRContext.h"

/// Models for tests, as the files of Keras say them.
namespace lamina::frontend::test {

/// {"module": "keras.layers", "class_name": …, "config": {"name": …, …}}
nlohmann::json layer(const std::string &className, const std::string &name,
                     nlohmann::json config = nlohmann::json::object());
/// An InputLayer for rows of this shape.
nlohmann::json input(const std::string &name, std::vector<int64_t> rowShape,
                     const std::string &dtype = "float32");
/// A call of a layer on outputs of others: names, all of their first call.
nlohmann::json called(nlohmann::json layer, const std::vector<std::string> &inputs);
nlohmann::json tensor(const std::string &layerName, int node = 0);

nlohmann::json sequential(std::vector<nlohmann::json> layers);
/// Layers have been given their calls with `called`.
nlohmann::json functional(std::vector<nlohmann::json> layers,
                          const std::vector<std::string> &inputs,
                          const std::vector<std::string> &outputs);

/// The file "model.keras" with this model, compiled so (null: not compiled), without weights.
KerasFile makeFile(nlohmann::json model, nlohmann::json compileConfig = nullptr);

/// The message of the UserError that `action` throws; "no error" when it throws none.
std::string errorOf(const std::function<void()> &action);
std::string importError(const KerasFile &file, const ImportOptions &options = {});

/// An imported model whose functions the reference interpreter runs.
class Imported {
public:
  explicit Imported(const KerasFile &file, const ImportOptions &options = {});

  std::string text();
  mlir::ModuleOp getModule() { return *module; }
  /// "dense/kernel", …: the variables' names in order.
  std::vector<std::string> variableNames();
  /// Results of a function; the arguments are given without variables that have values in `state`.
  std::vector<ir::HostTensor> run(const std::string &function,
                                  std::vector<ir::HostTensor> arguments, int64_t rows);
  /// Values of variables by name that `run` uses, and updates from results.
  std::map<std::string, ir::HostTensor> state;
  /// Sets the state to what @init makes of the seed.
  void initialize(int64_t seed);

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// f32 elements as a vector.
std::vector<float> values(const ir::HostTensor &tensor);
ir::HostTensor floats(std::vector<int64_t> shape, std::vector<float> values);

} // namespace lamina::frontend::test
