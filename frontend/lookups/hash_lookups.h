#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "frontend/lookups/category_encoding.h"
#include "frontend/lookups/hashing.h"
#include "frontend/lookups/lookup.h"

namespace lamina::frontend {

/// Keras' Hashing (keras/src/layers/preprocessing/hashing.py). With a mask and more than one bin
/// the first one is the mask's.
struct HashSettings {
  int64_t bins = 1;
  std::variant<std::monostate, std::string, double> mask = std::monostate();
  std::optional<SipKey> salt;
  CategoryEncoding encoding;
};
std::unique_ptr<Lookup> makeHashing(HashSettings settings);

/// Keras' HashedCrossing (keras/src/layers/preprocessing/hashed_crossing.py): one bin for each
/// combination of the columns' values.
std::unique_ptr<Lookup> makeHashedCrossing(int64_t bins, CategoryEncoding encoding);

} // namespace lamina::frontend
