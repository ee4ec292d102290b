#pragma once

#include "frontend/keras/model/lookup_layer.h"
#include "frontend/lookups/category_encoding.h"
#include "frontend/lookups/hashing.h"

/// Settings that several lookups have.
namespace lamina::frontend::keras {

/// "output_mode", one of `modes`, and "sparse", which is refused.
CategoryEncoding::Mode readOutputMode(Config &config, llvm::ArrayRef<CategoryEncoding::Mode> modes);

/// "salt": two integers, or one for both halves of the key; nothing for none.
std::optional<SipKey> readSalt(Config &config);

/// The type of a lookup with a "dtype" of its own: int32 or int64 for indices, a floating-point one
/// for vectors.
ElementType readLookupType(Config &config, CategoryEncoding::Mode mode);

/// The one input of a lookup.
const LookupInput &singleInput(const Place &place, llvm::ArrayRef<LookupInput> inputs);

/// Refuses rows that are too long to be kept.
void checkValues(const Place &place, int64_t values);

/// The shape of a row that is encoded. Refuses shapes for which Keras on TensorFlow would mix rows,
/// and encodings that are too large.
std::vector<int64_t> encodedRowShape(const Place &place, const CategoryEncoding &encoding,
                                     const std::vector<int64_t> &indices);

} // namespace lamina::frontend::keras
