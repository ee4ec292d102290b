#include "frontend/lookups/lookup.h"

#include <algorithm>

#include "support/error.h"

namespace lamina::frontend {

const std::vector<int64_t> &shapeOf(const Column &column) {
  return std::visit([](const auto &values) -> const std::vector<int64_t> & { return values.shape; },
                    column);
}

std::vector<Array> LookupPlan::run(std::vector<Column> data,
                                   const std::function<std::string(int64_t row)> &where) const {
  std::vector<Column> &values = data;
  for (const Call &call : calls) {
    std::vector<const Column *> operands;
    for (size_t operand : call.operands)
      operands.push_back(&values[operand]);
    auto refuse = [&](int64_t row, const std::string &reason) {
      fail("{}: layer '{}': {}", where(row), printable(call.name), reason);
    };
    values.push_back(call.lookup->apply(operands, refuse));
  }
  std::vector<Array> arrays;
  for (size_t i = 0; i < results.size(); ++i) {
    bool isAskedAgain =
        std::count(results.begin() + static_cast<ptrdiff_t>(i) + 1, results.end(), results[i]) > 0;
    Array &array = std::get<Array>(values[results[i]]);
    arrays.push_back(isAskedAgain ? array : std::move(array));
  }
  return arrays;
}

} // namespace lamina::frontend
