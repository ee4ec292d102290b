#include "trainer/data/rows/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/shuffle.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

constexpr std::array<const char *, 5> kNames = {"last", "shuffled", "stratified", "grouped",
                                                "time"};

Array rowsOf(const Array &array, const std::vector<uint32_t> &rows) {
  Array part;
  part.type = array.type;
  part.shape = array.shape;
  part.shape[0] = static_cast<int64_t>(rows.size());
  size_t width = static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
  part.bytes.resize(rows.size() * width);
  for (size_t i = 0; i < rows.size() && width; ++i)
    std::memcpy(&part.bytes[i * width], &array.bytes[rows[i] * width], width);
  return part;
}

Dataset takeRows(const Dataset &data, const std::vector<uint32_t> &rows) {
  Dataset part;
  part.file = data.file;
  part.recipe = data.recipe;
  part.rows = static_cast<int64_t>(rows.size());
  for (auto member : {&Dataset::inputs, &Dataset::targets, &Dataset::weights})
    for (const Array &array : data.*member)
      (part.*member).push_back(rowsOf(array, rows));
  for (uint32_t row : rows) {
    if (!data.lines.empty())
      part.lines.push_back(data.lines[row]);
    if (!data.keys.empty())
      part.keys.push_back(data.keys[row]);
  }
  return part;
}

size_t partOf(size_t rows, double fraction) {
  return static_cast<size_t>(std::llround(static_cast<double>(rows) * fraction));
}

/// The class of each row: its class number, or the place of the largest of several values.
std::vector<int64_t> classesOf(const Dataset &data) {
  if (data.targets.empty())
    fail("{}: a stratified split is by the classes of a target, and there is none", data.file);
  const Array &target = data.targets[0];
  int64_t width = valuesPerRow(target.shape);
  std::vector<int64_t> classes;
  for (int64_t row = 0; row < data.rows; ++row) {
    auto value = [&](int64_t i) { return loadValue(target, static_cast<size_t>(row * width + i)); };
    int64_t best = 0;
    for (int64_t i = 1; i < width; ++i)
      best = value(i) > value(best) ? i : best;
    double number = width == 1 ? value(0) : static_cast<double>(best);
    if (number != std::trunc(number))
      fail("{}: {}: a stratified split is by class numbers, and the target is {}; use --split "
           "shuffled",
           data.file, data.describeRow(row), number);
    classes.push_back(static_cast<int64_t>(number));
  }
  return classes;
}

std::vector<uint32_t> drawByClass(const Dataset &data, double fraction,
                                  const std::vector<uint32_t> &order) {
  std::vector<int64_t> classes = classesOf(data);
  std::map<int64_t, std::vector<uint32_t>> members;
  for (uint32_t row : order)
    members[classes[row]].push_back(row);
  std::vector<uint32_t> taken;
  for (auto &[number, rows] : members) {
    rows.resize(partOf(rows.size(), fraction));
    taken.insert(taken.end(), rows.begin(), rows.end());
  }
  return taken;
}

/// Groups in the order in which the drawn rows meet them, until there are enough rows.
std::vector<uint32_t> drawGroups(const Dataset &data, size_t wanted,
                                 const std::vector<uint32_t> &order) {
  std::map<double, std::vector<uint32_t>> groups;
  for (uint32_t row = 0; row < order.size(); ++row)
    groups[data.keys[row]].push_back(row);
  std::vector<uint32_t> taken;
  for (uint32_t row : order) {
    if (taken.size() >= wanted)
      break;
    std::vector<uint32_t> &group = groups[data.keys[row]];
    taken.insert(taken.end(), group.begin(), group.end());
    group.clear();
  }
  return taken;
}

std::vector<uint32_t> orderOfKeys(const Dataset &data) {
  std::vector<uint32_t> rows(static_cast<size_t>(data.rows));
  std::iota(rows.begin(), rows.end(), uint32_t(0));
  std::ranges::stable_sort(rows, {}, [&](uint32_t row) { return data.keys[row]; });
  return rows;
}

std::vector<uint32_t> latest(const Dataset &data, size_t wanted) {
  std::vector<uint32_t> rows = orderOfKeys(data);
  return {rows.end() - static_cast<ptrdiff_t>(wanted), rows.end()};
}

std::vector<uint32_t> chooseRows(const Dataset &data, SplitKind kind, double fraction,
                                 uint64_t seed) {
  size_t wanted = partOf(static_cast<size_t>(data.rows), fraction);
  // No epoch has this number, so that the order is one of its own.
  auto order = shuffledRows(seed, -1, static_cast<uint32_t>(data.rows));
  switch (kind) {
  case SplitKind::Last:
    break;
  case SplitKind::Shuffled:
    order.resize(wanted);
    return order;
  case SplitKind::Stratified:
    return drawByClass(data, fraction, order);
  case SplitKind::Grouped:
    return drawGroups(data, wanted, order);
  case SplitKind::Time:
    return latest(data, wanted);
  }
  return {};
}

} // namespace

const char *nameOf(SplitKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::optional<SplitKind> findSplitKind(const std::string &name) {
  auto found = std::ranges::find(kNames, name);
  if (found == kNames.end())
    return std::nullopt;
  return static_cast<SplitKind>(found - kNames.begin());
}

bool needsKeys(SplitKind kind) {
  return kind == SplitKind::Grouped || kind == SplitKind::Time;
}

void sortByKeys(Dataset &data) {
  data = takeRows(data, orderOfKeys(data));
}

Dataset splitRows(Dataset &data, SplitKind kind, double fraction, uint64_t seed) {
  if (kind == SplitKind::Last)
    return splitLast(data, fraction);
  if (needsKeys(kind) && data.keys.empty())
    fail("{}: rows are split by a column, and none is named; use --split-column", data.file);
  std::vector<uint32_t> taken = chooseRows(data, kind, fraction, seed);
  std::vector<bool> isTaken(static_cast<size_t>(data.rows));
  for (uint32_t row : taken)
    isTaken[row] = true;
  std::vector<uint32_t> kept;
  taken.clear();
  for (uint32_t row = 0; row < isTaken.size(); ++row)
    (isTaken[row] ? taken : kept).push_back(row);
  if (taken.empty() || kept.empty())
    fail("{}: {} rows cannot be split with a validation fraction of {}: one part would be empty",
         data.file, data.rows, fraction);
  Dataset validation = takeRows(data, taken);
  int64_t dropped = data.droppedRows;
  data = takeRows(data, kept);
  data.droppedRows = dropped;
  return validation;
}

} // namespace lamina::trainer
