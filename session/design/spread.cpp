#include "session/design/spread.h"

#include <cmath>

#include "trainer/data/cast.h"

namespace lamina::session {

std::vector<Spread> spreadsOf(const frontend::Array &array, int64_t width) {
  auto count = static_cast<size_t>(array.elementCount()), columns = static_cast<size_t>(width);
  std::vector<Spread> spreads(columns, {0, 0});
  auto rows = static_cast<double>(count / columns);
  for (size_t i = 0; i < count; ++i)
    spreads[i % columns].mean += trainer::loadValue(array, i) / rows;
  for (size_t i = 0; i < count; ++i) {
    double distance = trainer::loadValue(array, i) - spreads[i % columns].mean;
    spreads[i % columns].deviation += distance * distance / rows;
  }
  for (Spread &spread : spreads)
    spread.deviation = spread.deviation > 0 ? std::sqrt(spread.deviation) : 1;
  return spreads;
}

double largestOf(const frontend::Array &array) {
  double largest = 0;
  for (size_t i = 0; i < static_cast<size_t>(array.elementCount()); ++i)
    largest = std::max(largest, std::abs(trainer::loadValue(array, i)));
  return largest;
}

} // namespace lamina::session
