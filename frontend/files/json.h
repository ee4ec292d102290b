#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace lamina::frontend {

/// Bounds on JSON text of foreign origin. A model nested in a model costs six levels, so 256 levels
/// hold some forty models in each other; real configurations stay below 2 MB.
struct JsonLimits {
  size_t bytes = size_t(32) << 20;
  size_t values = 1'000'000;
  unsigned depth = 256;
};

/// Parses JSON as Python's `json` module writes it: RFC 8259 plus the bare literals NaN, Infinity
/// and -Infinity, which become floating-point numbers. (nlohmann's own parser refuses those three
/// and keeps the last of duplicate keys; hence a parser of our own into its value type.)
///
/// Stricter than Python: duplicate keys, integers outside 64 bits with sign, floating-point numbers
/// outside double's range, text that is not UTF-8, unpaired surrogates and anything beyond `limits`
/// are refused. Throws UserError `FILE: not valid JSON at byte N: reason`; N counts from 0.
nlohmann::json parseJson(std::string_view file, std::string_view text,
                         const JsonLimits &limits = {});

/// JSON text as Python's `json.dumps` writes it: ", " and ": " between items, ASCII only, NaN and
/// Infinity as bare literals, floating-point numbers in the shortest form that reads back equal.
std::string dumpJson(const nlohmann::json &value);

/// `text`, a JSON object that parseJson accepts, with the member `key` set to `value`; every other
/// byte stays as it is.
std::string setJsonMember(std::string_view file, std::string_view text, std::string_view key,
                          const nlohmann::json &value);

} // namespace lamina::frontend
