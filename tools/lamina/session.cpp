#include "tools/lamina/session.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <unistd.h>

#include "frontend/keras/import.h"
#include "frontend/keras/weights.h"
#include "ir/module.h"
#include "support/error.h"

namespace lamina::tools {

namespace {

frontend::ImportOptions importOptions(const ModelOptions &options, bool training) {
  frontend::ImportOptions result;
  result.batchSize = options.batchSize;
  result.training = training;
  result.optimizer = options.optimizer;
  result.learningRate = options.learningRate;
  result.loss = options.loss;
  result.metrics = options.metrics;
  result.inputShapes = options.parsedInputShapes();
  return result;
}

/// Errors of the passes name the layer, not the file.
template <typename Call> auto withFileName(const std::string &path, Call call) {
  try {
    return call();
  } catch (const UserError &error) {
    std::string message = error.what();
    if (message.starts_with(path + ":"))
      throw;
    throw UserError(path + ": " + message);
  }
}

} // namespace

Session::Session(const ModelOptions &options, bool training)
    : file_(frontend::readKerasFile(options.model)),
      context_(mlir::MLIRContext::Threading::DISABLED), pool_(options.threads) {
  withFileName(name(), [&] {
    module_ = frontend::importModel(context_, file_, importOptions(options, training));
    auto binding = frontend::bindWeights(*module_, file_);
    size_t index = 0;
    for (ir::VariableOp variable : module_->getOps<ir::VariableOp>()) {
      if (const frontend::Array *array = binding.arrays[index++])
        initial_.emplace(variable.getPath().str(), *array);
    }
  });
  compileOptions_.compileThreads = pool_.threads();
  readSignature();
}

void Session::readSignature() {
  imported_ = codegen::makeSignature(*module_);
  auto evaluate = module_->lookupSymbol<mlir::func::FuncOp>(ir::kEvaluate);
  for (unsigned i = 0; evaluate && i < evaluate.getNumArguments(); ++i) {
    if (!evaluate.getArgAttr(i, ir::kTargetAttr))
      continue;
    auto classes = evaluate.getArgAttrOfType<mlir::IntegerAttr>(i, frontend::kClassesAttr);
    targetClasses_.push_back(classes ? classes.getInt() : 0);
  }
}

void Session::lower(passes::Stage stage) {
  withFileName(name(), [&] { codegen::lower(*module_, stage, compileOptions_); });
}

trainer::ModelRunner &Session::compile(uint64_t seed) {
  lower(passes::Stage::Memory);
  compiled_ = withFileName(name(), [&] { return codegen::compileJit(*module_, compileOptions_); });
  runner_ = std::make_unique<trainer::ModelRunner>(name(), *compiled_, pool_.env());
  runner_->initialize(seed);
  runner_->load(initial_);
  return *runner_;
}

std::map<std::string, frontend::Array> Session::weights() const {
  auto weights = runner_->save();
  for (const auto &[path, array] : file_.weights)
    if (!path.starts_with("optimizer/"))
      weights.emplace(path, array);
  return weights;
}

void requireWritable(const std::string &path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(path, error))
    fail("cannot write {}: it is a folder", path);
  bool exists = fs::exists(path, error);
  fs::path folder = fs::path(path).parent_path();
  std::string place = exists ? path : folder.empty() ? "." : folder.string();
  if (access(place.c_str(), W_OK) != 0)
    fail("cannot write {}: {}", path, std::strerror(errno));
}

} // namespace lamina::tools
