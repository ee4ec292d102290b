// FarmHash's Fingerprint64 by its published description: short texts by their ends, longer ones in
// blocks of 64 bytes, with 56 bytes of state.
#include <bit>
#include <utility>

#include "frontend/files/arrays/byte_order.h"
#include "frontend/lookups/hashing.h"

namespace lamina::frontend {
namespace {

constexpr uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

uint64_t load64(const char *bytes) {
  return loadLittle<uint64_t>(std::as_bytes(std::span(bytes, 8)));
}

uint64_t load32(const char *bytes) {
  return loadLittle<uint32_t>(std::as_bytes(std::span(bytes, 4)));
}

uint64_t shiftMix(uint64_t value) {
  return value ^ (value >> 47);
}

/// Sixteen bytes to eight.
uint64_t hash16(uint64_t u, uint64_t v, uint64_t multiplier) {
  uint64_t a = shiftMix((u ^ v) * multiplier);
  return shiftMix((v ^ a) * multiplier) * multiplier;
}

uint64_t hashUpTo16(std::string_view text) {
  const char *s = text.data();
  size_t length = text.size();
  uint64_t multiplier = k2 + length * 2;
  if (length >= 8) {
    uint64_t a = load64(s) + k2;
    uint64_t b = load64(s + length - 8);
    uint64_t c = std::rotr(b, 37) * multiplier + a;
    uint64_t d = (std::rotr(a, 25) + b) * multiplier;
    return hash16(c, d, multiplier);
  }
  if (length >= 4)
    return hash16(length + (load32(s) << 3), load32(s + length - 4), multiplier);
  if (length == 0)
    return k2;
  auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(s[i])); };
  uint32_t y = at(0) + (at(length >> 1) << 8);
  uint32_t z = static_cast<uint32_t>(length) + (at(length - 1) << 2);
  return shiftMix(y * k2 ^ z * k0) * k2;
}

uint64_t hashUpTo32(std::string_view text) {
  const char *s = text.data();
  size_t length = text.size();
  uint64_t multiplier = k2 + length * 2;
  uint64_t a = load64(s) * k1;
  uint64_t b = load64(s + 8);
  uint64_t c = load64(s + length - 8) * multiplier;
  uint64_t d = load64(s + length - 16) * k2;
  return hash16(std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + k2, 18) + c,
                multiplier);
}

uint64_t hashUpTo64(std::string_view text) {
  const char *s = text.data();
  size_t length = text.size();
  uint64_t multiplier = k2 + length * 2;
  uint64_t a = load64(s) * k2;
  uint64_t b = load64(s + 8);
  uint64_t c = load64(s + length - 8) * multiplier;
  uint64_t d = load64(s + length - 16) * k2;
  uint64_t y = std::rotr(a + b, 43) + std::rotr(c, 30) + d;
  uint64_t z = hash16(y, a + std::rotr(b + k2, 18) + c, multiplier);
  uint64_t e = load64(s + 16) * multiplier;
  uint64_t f = load64(s + 24);
  uint64_t g = (y + load64(s + length - 32)) * multiplier;
  uint64_t h = (z + load64(s + length - 24)) * multiplier;
  return hash16(std::rotr(e + f, 43) + std::rotr(g, 30) + h, e + std::rotr(f + a, 18) + g,
                multiplier);
}

using Pair = std::pair<uint64_t, uint64_t>;

/// 32 bytes and two seeds to 16 bytes, quickly and weakly.
Pair hash32WithSeeds(const char *s, uint64_t a, uint64_t b) {
  uint64_t w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = std::rotr(b + a + z, 21);
  uint64_t c = a;
  a += x + y;
  b += std::rotr(a, 44);
  return {a + z, b + c};
}

/// The state that goes from block to block.
struct State {
  uint64_t x, y, z;
  Pair v = {0, 0}, w = {0, 0};

  /// Takes a block of 64 bytes. The last one has another multiplier than k1, and its w and v weigh
  /// more.
  void take(const char *s, uint64_t multiplier, uint64_t weight) {
    x = std::rotr(x + y + v.first + load64(s + 8), 37) * multiplier;
    y = std::rotr(y + v.second + load64(s + 48), 42) * multiplier;
    x ^= w.second * weight;
    y += v.first * weight + load64(s + 40);
    z = std::rotr(z + w.first, 33) * multiplier;
    v = hash32WithSeeds(s, v.second * multiplier, x + w.first);
    w = hash32WithSeeds(s + 32, z + w.second, y + load64(s + 16));
    std::swap(z, x);
  }
};

uint64_t hashLong(std::string_view text) {
  constexpr uint64_t seed = 81;
  State state = {seed, seed * k1 + 113, 0};
  state.z = shiftMix(state.y * k2 + 113) * k2;
  state.x = state.x * k2 + load64(text.data());
  const char *s = text.data();
  const char *last = s + text.size() - 64;
  for (const char *end = s + (text.size() - 1) / 64 * 64; s != end; s += 64)
    state.take(s, k1, 1);
  uint64_t multiplier = k1 + ((state.z & 0xff) << 1);
  state.w.first += (text.size() - 1) & 63;
  state.v.first += state.w.first;
  state.w.first += state.v.first;
  state.take(last, multiplier, 9);
  return hash16(hash16(state.v.first, state.w.first, multiplier) + shiftMix(state.y) * k0 + state.z,
                hash16(state.v.second, state.w.second, multiplier) + state.x, multiplier);
}

} // namespace

uint64_t fingerprint(std::string_view text) {
  if (text.size() <= 16)
    return hashUpTo16(text);
  if (text.size() <= 32)
    return hashUpTo32(text);
  return text.size() <= 64 ? hashUpTo64(text) : hashLong(text);
}

uint64_t joinFingerprints(uint64_t first, uint64_t second) {
  constexpr uint64_t multiplier = 0xc6a4a7935bd1e995; // of MurmurHash 2
  uint64_t result = first ^ multiplier;
  result ^= shiftMix(second * multiplier) * multiplier;
  return shiftMix(shiftMix(result * multiplier) * multiplier);
}

} // namespace lamina::frontend
