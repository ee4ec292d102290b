#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "trainer/data/data_file.h"

namespace lamina::tools {

/// What is in a data file, and what training does with it:
///
///     {"file", "rows", "columns": [{"name", "kind", "missing", …, "treatment"}]}     of a table
///     {"file", "arrays": [{"name", "type", "shape", "min", "max", "not_finite"}]}      of arrays
///
/// A column's kind is "numbers" (with "min", "max", "mean", "standard_deviation", "distinct" and
/// "integers", whether all of them are whole; and "dates" where they stand for dates), "categories"
/// (with "distinct" and "values", the most frequent first, with their rows), "mixed" (numbers and
/// text: "first_text" and its "line") or "empty". "distinct" is null from many on.
nlohmann::ordered_json describeData(trainer::DataFile &file);

/// The same in lines for people.
std::string describeInWords(const nlohmann::ordered_json &description);

} // namespace lamina::tools
