#include "frontend/builder/init_function.h"

#include "frontend/builder/function_writer.h"
#include "ir/host_tensor.h"

using namespace mlir;

namespace lamina::frontend::builder {

namespace {

/// Assigns the variables their first values; `seed` is null where none is random.
void assignFirstValues(FunctionWriter &writer, ArrayRef<const Variable *> variables, Value seed,
                       const std::string &file) {
  OpBuilder &builder = writer.getBuilder();
  for (const Variable *variable : variables) {
    Emitter emitter(builder, NameLoc::get(builder.getStringAttr(variable->symbol)));
    Place place{file, variable->owner};
    InitializerCall call{emitter,
                         variable->shape,
                         ir::toMlirType(builder.getContext(), variable->type),
                         seed ? Tensor(emitter, seed) : Tensor(),
                         static_cast<int64_t>(variable->index),
                         place};
    writer.assign(*variable, initialize(variable->initializer, call));
  }
}

} // namespace

void writeInit(ModuleOp module, ArrayRef<const Variable *> variables, const std::string &file) {
  FunctionWriter writer(module, ir::kInit);
  OpBuilder &builder = writer.getBuilder();
  Value seed = writer.addArgument(RankedTensorType::get({}, builder.getI64Type()), ir::kSeedAttr,
                                  builder.getUnitAttr());
  assignFirstValues(writer, variables, seed, file);
  writer.finish();
}

void writeResetStates(ModuleOp module, ArrayRef<const Variable *> states, const std::string &file) {
  FunctionWriter writer(module, ir::kResetStates);
  assignFirstValues(writer, states, {}, file);
  writer.finish();
}

} // namespace lamina::frontend::builder
