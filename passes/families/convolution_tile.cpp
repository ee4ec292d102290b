#include "passes/families/convolution_tile.h"

namespace lamina::passes {

/// Cycles over lines of `positions` outputs, cut in tiles of about the same height.
static int64_t lineCycles(int64_t positions, int64_t height, int64_t vectors) {
  TileSplit split(positions, height);
  return split.tall * tileCycles(split.height, vectors) +
         (split.tiles - split.tall) * tileCycles(split.height - 1, vectors);
}

Tile chooseConvolutionTile(int64_t positions, int64_t filters, const VectorTarget &target) {
  Tile best;
  int64_t bestCycles = std::numeric_limits<int64_t>::max();
  int64_t needed = llvm::divideCeil(filters, target.lanes);
  for (int64_t vectors : {2, 4, 3, 1}) {
    if (vectors > needed)
      continue;
    for (int64_t height = std::min<int64_t>(14, positions); height >= 1; --height) {
      if (!fitsRegisters({height, vectors}, target))
        continue;
      int64_t cycles = needed / vectors * lineCycles(positions, height, vectors);
      if (needed % vectors)
        cycles += lineCycles(positions, height, needed % vectors);
      if (cycles < bestCycles) {
        bestCycles = cycles;
        best = {height, vectors};
      }
    }
  }
  return best;
}

} // namespace lamina::passes
