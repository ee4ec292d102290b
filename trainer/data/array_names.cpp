#include "trainer/data/array_names.h"

#include <algorithm>
#include <span>

#include "frontend/files/arrays/array.h"

namespace lamina::trainer {

using codegen::TensorSpec;

std::vector<size_t> outputPlaces(const std::vector<TensorSpec> &targets,
                                 const std::vector<std::string> &outputs) {
  std::vector<size_t> places;
  size_t next = 0;
  for (const TensorSpec &target : targets) {
    auto found = std::find(outputs.begin() + static_cast<ptrdiff_t>(std::min(next, outputs.size())),
                           outputs.end(), target.name);
    size_t place = found == outputs.end() ? next : static_cast<size_t>(found - outputs.begin());
    places.push_back(place);
    next = place + 1;
  }
  return places;
}

std::vector<std::string> acceptedNames(const TensorSpec &spec, size_t place, bool isOnly,
                                       char letter) {
  std::vector<std::string> names = {spec.name, letter + std::to_string(place)};
  if (isOnly)
    names.insert(names.begin(), std::string(1, letter));
  return names;
}

std::string rowShape(const std::vector<int64_t> &shape) {
  return frontend::describeShape(std::span(shape).subspan(shape.empty() ? 0 : 1));
}

} // namespace lamina::trainer
