#pragma once

#include <cstdint>
#include <string_view>

/// The hash functions by which TensorFlow gives texts their numbers.
namespace lamina::frontend {

/// FarmHash's Fingerprint64 (Pike, "Introducing FarmHash", 2014): the same on every machine. That
/// of tf.strings.to_hash_bucket_fast, which takes it modulo the number of buckets.
uint64_t fingerprint(std::string_view text);

/// Both fingerprints in one, not commutative: FingerprintCat64 of TensorFlow's sparse crosses.
uint64_t joinFingerprints(uint64_t first, uint64_t second);

/// The two halves of a key.
struct SipKey {
  uint64_t low = 0, high = 0;
};

/// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): that of
/// tf.strings.to_hash_bucket_strong.
uint64_t sipHash(const SipKey &key, std::string_view text);

} // namespace lamina::frontend
