#pragma once

#include <array>
#include <cstdint>

namespace lamina {

/// Philox 2x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
/// SC11): two words of random bits for a counter under a key.
constexpr std::array<uint32_t, 2> philox2x32(std::array<uint32_t, 2> counter, uint32_t key) {
  constexpr uint32_t multiplier = 0xD256D193u, weyl = 0x9E3779B9u;
  for (int round = 0; round < 10; ++round) {
    uint64_t product = static_cast<uint64_t>(multiplier) * counter[0];
    counter = {static_cast<uint32_t>(product >> 32) ^ key ^ counter[1],
               static_cast<uint32_t>(product)};
    key += weyl;
  }
  return counter;
}

} // namespace lamina
