#include "codegen/first_error.h"

#include "ir/layer_name.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {

FirstError::FirstError(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error || !message.empty())
          return success();
        std::string layer = ir::layerOf(diagnostic.getLocation());
        message = layer.empty() ? diagnostic.str()
                                : fmt::format("layer '{}': {}", layer, diagnostic.str());
        return success();
      }) {}

void FirstError::raise(const std::string &otherwise) const {
  throw UserError(message.empty() ? otherwise : message);
}

} // namespace lamina::codegen
