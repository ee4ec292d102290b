#include "frontend/builder/place.h"

#include "support/error.h"
#include "support/unsupported.h"

namespace lamina::frontend::builder {

static std::string describe(const Place &place, std::string_view reason) {
  return place.part.empty() ? fmt::format("{}: {}", place.file, reason)
                            : fmt::format("{}: {}: {}", place.file, place.part, reason);
}

void Place::fail(std::string_view reason) const {
  throw UserError(describe(*this, reason));
}

void Place::refuse(std::string_view reason) const {
  throw UnsupportedError(describe(*this, reason));
}

} // namespace lamina::frontend::builder
