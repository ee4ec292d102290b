#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codegen/driver.h"
#include "frontend/files/models/keras_file.h"
#include "frontend/lookups/lookup.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "session/initial_values.h"
#include "session/options.h"
#include "session/pool.h"
#include "session/recipe.h"
#include "trainer/data/open_shapes.h"
#include "trainer/model_runner.h"

namespace lamina::session {

/// Reads the model and, where the options name some, weights in place of its own.
frontend::KerasFile readModel(const Options &options);

/// The model's inputs and targets as its file and the options have them.
trainer::DeclaredTensors declaredTensors(const frontend::KerasFile &file, const Options &options);

/// Every reason why the model does not compile, each a line that importing it would throw.
/// With `forwardOnly` losses and metrics are none.
std::vector<std::string> findProblems(const frontend::KerasFile &file, const Options &options,
                                      bool forwardOnly = false);

/// What becomes of the file's weights when they are put into a state: weights are large, so they
/// are given back one by one, unless they will be asked for again.
enum class FileWeights { Take, Keep };

/// A model file on its way to native code.
class Session {
public:
  /// Reads and imports the model. Without `training` there is neither step nor optimizer; with
  /// `forwardOnly` losses and metrics that are not understood are left out. What the user should
  /// know goes to options.tell.
  Session(const Options &options, bool training, bool forwardOnly = false);
  /// The same for a model that was read before.
  Session(frontend::KerasFile file, const Options &options, bool training,
          bool forwardOnly = false);

  /// Runs all stages up to `stage`.
  void lower(passes::Stage stage);
  /// Computes once what frozen layers make of the rows of these data sets, and puts it in the place
  /// of the inputs: what is compiled then goes on from there, with the same results to the bit. To
  /// be called before everything else. False, and nothing is done, where no layer is like that: the
  /// first ones are trained, or draw random numbers.
  bool cacheFrozen(llvm::ArrayRef<trainer::Dataset *> data, uint64_t seed);
  /// Compiles for calls and makes a state with the file's weights, or with initial weights from
  /// `seed` where the file has none. The module is then of the memory stage. A second call compiles
  /// again, with what compileOptions() says by then; what the first one returned is gone, and where
  /// it took the file's weights the second state begins with initial ones.
  trainer::ModelRunner &compile(uint64_t seed, FileWeights weights = FileWeights::Take);

  const std::string &name() const { return file_.path; }
  /// Without the weights that a state has taken.
  frontend::KerasFile &file() { return file_; }
  mlir::ModuleOp module() { return *module_; }
  /// Inputs and targets; complete from the start.
  const codegen::Signature &importedSignature() const { return imported_; }
  /// The columns and classes that the model was trained on, as far as they are known.
  trainer::ColumnRecipe recipe() const { return readRecipe(file_, imported_.targets); }
  /// How the signature's inputs follow from those of data; empty where they are the same.
  const frontend::LookupPlan &lookups() const { return lookups_; }
  const Options &options() const { return options_; }
  codegen::CompileOptions &compileOptions() { return options_.compile; }
  uint32_t threads() const { return pool_->threads(); }
  const codegen::CompiledModel &compiled() const { return *compiled_; }

  /// The weights to write: the state's, and those of the file that the compiled functions do not
  /// need.
  std::map<std::string, frontend::Array> weights() const;

private:
  void tell(const std::string &line) const;
  trainer::InitialValues initialValues(uint64_t seed, FileWeights weights);

  Options options_;
  frontend::KerasFile file_;
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  codegen::Signature imported_;
  frontend::LookupPlan lookups_;
  passes::Stage stage_ = passes::Stage::Import; ///< of the module
  std::map<std::string, std::string> stored_;   ///< where the file has values, by symbol
  PlainInitialValues plain_;
  std::shared_ptr<trainer::ThreadPool> pool_; ///< of the process
  std::unique_ptr<codegen::CompiledModel> compiled_;
  std::unique_ptr<trainer::ModelRunner> runner_;
};

/// The values that the file gives variables, as the variables' types, by symbol: what compiled
/// objects start with.
std::map<std::string, std::vector<std::byte>> storedValues(Session &session);

} // namespace lamina::session
