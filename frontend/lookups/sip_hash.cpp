#include <bit>

#include "frontend/files/arrays/byte_order.h"
#include "frontend/lookups/hashing.h"

namespace lamina::frontend {
namespace {

/// The names are the paper's.
struct State {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

} // namespace

uint64_t sipHash(const SipKey &key, std::string_view text) {
  State state = {key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
                 key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};
  size_t whole = text.size() / 8 * 8;
  for (size_t i = 0; i < whole; i += 8)
    state.take(loadLittle<uint64_t>(std::as_bytes(std::span(text.substr(i, 8)))));
  uint64_t last = static_cast<uint64_t>(text.size()) << 56;
  for (size_t i = whole; i < text.size(); ++i)
    last |= static_cast<uint64_t>(static_cast<unsigned char>(text[i])) << (8 * (i - whole));
  state.take(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i)
    state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

} // namespace lamina::frontend
