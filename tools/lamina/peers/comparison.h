#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tools/lamina/peers/peer_process.h"

/// A compiled function beside other frameworks that run the same model on the same batch, all of
/// them in turns within one run, so that a busy machine slows all alike.
namespace lamina::tools {

/// What one of them took.
struct PeerResult {
  std::string title, versions;
  std::vector<double> medians; ///< of every round's calls, milliseconds
  double firstSeconds = 0;     ///< from the start of its process to the end of its first call
  int64_t peakBytes = 0;       ///< of its process
};

struct PeerComparison {
  std::vector<double> lamina; ///< medians, as those of the peers
  std::vector<PeerResult> peers;
  std::vector<std::pair<std::string, std::string>> missing; ///< titles, and why they do not run
  /// Rounds that do not count, for the machine gave less than its peak meanwhile.
  size_t roundsLeftOut = 0;
};

/// Starts the frameworks one after the other and measures in turns for so many rounds. `step` makes
/// one call of the compiled function and returns its milliseconds.
PeerComparison comparePeers(const PeerTask &task, int64_t rounds,
                            const std::function<double()> &step);

/// The peer's time over Lamina's: the median of the rounds' ratios.
double ratioOf(const PeerResult &peer, const PeerComparison &comparison);

nlohmann::ordered_json toJson(const PeerComparison &comparison);
void print(const PeerComparison &comparison);

/// Bars of milliseconds as SVG.
std::string drawPeers(const PeerComparison &comparison, const std::string &title);

} // namespace lamina::tools
