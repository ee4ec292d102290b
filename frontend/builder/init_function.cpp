#include "frontend/builder/init_function.h"

#include "frontend/builder/function_writer.h"
#include "ir/host_tensor.h"

using namespace mlir;

namespace lamina::frontend::builder {

void writeInit(ModuleOp module, ArrayRef<const Variable *> variables, const std::string &file) {
  FunctionWriter writer(module, ir::kInit);
  OpBuilder &builder = writer.getBuilder();
  Value seed = writer.addArgument(RankedTensorType::get({}, builder.getI64Type()), ir::kSeedAttr,
                                  builder.getUnitAttr());
  for (const Variable *variable : variables) {
    Emitter emitter(builder, NameLoc::get(builder.getStringAttr(variable->symbol)));
    Place place{file, variable->owner};
    InitializerCall call{emitter,
                         variable->shape,
                         ir::toMlirType(builder.getContext(), variable->type),
                         Tensor(emitter, seed),
                         static_cast<int64_t>(variable->index),
                         place};
    writer.assign(*variable, initialize(variable->initializer, call));
  }
  writer.finish();
}

} // namespace lamina::frontend::builder
