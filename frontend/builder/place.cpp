#include "frontend/builder/place.h"

#include "support/error.h"

namespace lamina::frontend::builder {

void Place::fail(std::string_view reason) const {
  throw UserError(part.empty() ? fmt::format("{}: {}", file, reason)
                               : fmt::format("{}: {}: {}", file, part, reason));
}

} // namespace lamina::frontend::builder
