#include "tools/lamina/peers/comparison.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/roofline.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// Milliseconds of a turn, and how many calls it has at the least and at the most.
constexpr double kTurn = 300, kLeastCalls = 3, kMostCalls = 2000;
/// A round counts in which the machine gave this share of its peak.
constexpr double kFullSpeed = 0.85;

int64_t callsOfTurn(double milliseconds) {
  return std::llround(std::clamp(kTurn / milliseconds, kLeastCalls, kMostCalls));
}

double median(const std::vector<double> &values) {
  return quantile(values, 0.5);
}

/// A peer that runs.
struct Contender {
  std::unique_ptr<PeerProcess> process;
  PeerResult result;
  int64_t calls = 0;
};

class Turns {
public:
  Turns(const PeerTask &task, const std::function<double()> &step) : task(task), step(step) {}

  PeerComparison run(int64_t rounds) {
    for (const Framework &framework : kFrameworks)
      if (framework.trains || task.function == "predict")
        start(framework);
    requireOne();
    lamina = callsOfTurn(takeTurn(kLeastCalls));
    std::vector<double> peaks;
    for (int64_t round = 0; round < rounds && !contenders.empty(); ++round) {
      note("Round {} of {}\n", round + 1, rounds);
      double before = measurePeakFlops(task.threads);
      takeRound();
      peaks.push_back(std::min(before, measurePeakFlops(task.threads)));
    }
    leaveOutSlowRounds(peaks);
    for (Contender &contender : contenders)
      comparison.peers.push_back(std::move(contender.result));
    return std::move(comparison);
  }

private:
  void start(const Framework &framework) {
    note("{}: loads and compiles\n", framework.title);
    auto begin = Clock::now();
    auto process = std::make_unique<PeerProcess>(framework, task);
    nlohmann::json answer = process->waitUntilReady();
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (!answer.contains("versions"))
      return leaveOut(framework, answer);
    nlohmann::json trial = process->run(static_cast<int64_t>(kLeastCalls));
    if (!trial.contains("ms"))
      return leaveOut(framework, trial);
    PeerResult result{framework.title, answer["versions"], {}, seconds, 0};
    contenders.push_back({std::move(process), std::move(result),
                          callsOfTurn(median(trial["ms"].get<std::vector<double>>()))});
  }

  void leaveOut(const Framework &framework, const nlohmann::json &answer) {
    std::string reason =
        answer.contains("missing")
            ? fmt::format("{} is not installed", printable(answer.value("missing", "")))
            : printable(answer.value("error", "it gives no answer"), 200);
    note("{}: left out: {}\n", framework.title, reason);
    comparison.missing.emplace_back(framework.title, reason);
  }

  void requireOne() const {
    if (!contenders.empty())
      return;
    std::string reasons;
    for (const auto &[title, reason] : comparison.missing)
      reasons += fmt::format("{}{} ({})", reasons.empty() ? "" : ", ", title, reason);
    fail("{}: no peer runs there: {}; --python names the Python that has some", task.python,
         reasons);
  }

  /// Milliseconds of a call in the middle of so many.
  double takeTurn(double calls) {
    std::vector<double> times;
    for (int64_t i = 0; i < static_cast<int64_t>(calls); ++i)
      times.push_back(step());
    return median(times);
  }

  void takeRound() {
    comparison.lamina.push_back(takeTurn(static_cast<double>(lamina)));
    std::erase_if(contenders, [&](Contender &contender) {
      nlohmann::json answer = contender.process->run(contender.calls);
      if (!answer.contains("ms")) {
        leaveOut(contender.process->framework(), answer);
        return true;
      }
      contender.result.medians.push_back(median(answer["ms"].get<std::vector<double>>()));
      contender.result.peakBytes = answer["peak_rss_bytes"];
      return false;
    });
  }

  void leaveOutSlowRounds(const std::vector<double> &peaks) {
    double full = kFullSpeed * *std::ranges::max_element(peaks);
    auto keep = [&](std::vector<double> &medians) {
      std::vector<double> kept;
      for (size_t round = 0; round < medians.size(); ++round)
        if (peaks[round] >= full)
          kept.push_back(medians[round]);
      medians = std::move(kept);
    };
    comparison.roundsLeftOut =
        static_cast<size_t>(std::ranges::count_if(peaks, [&](double peak) { return peak < full; }));
    keep(comparison.lamina);
    for (Contender &contender : contenders)
      keep(contender.result.medians);
  }

  const PeerTask &task;
  const std::function<double()> &step;
  PeerComparison comparison;
  std::vector<Contender> contenders;
  int64_t lamina = 0; ///< calls of its turn
};

} // namespace

PeerComparison comparePeers(const PeerTask &task, int64_t rounds,
                            const std::function<double()> &step) {
  return Turns(task, step).run(rounds);
}

double ratioOf(const PeerResult &peer, const PeerComparison &comparison) {
  std::vector<double> ratios;
  for (size_t round = 0; round < peer.medians.size(); ++round)
    ratios.push_back(peer.medians[round] / comparison.lamina[round]);
  return median(ratios);
}

nlohmann::ordered_json toJson(const PeerComparison &comparison) {
  nlohmann::ordered_json peers = nlohmann::ordered_json::array();
  for (const PeerResult &peer : comparison.peers)
    peers.push_back({{"name", peer.title},
                     {"versions", peer.versions},
                     {"median_ms", number(median(peer.medians))},
                     {"min_ms", number(quantile(peer.medians, 0))},
                     {"ratio", number(ratioOf(peer, comparison))},
                     {"first_call_s", number(peer.firstSeconds)},
                     {"peak_rss_bytes", peer.peakBytes}});
  nlohmann::ordered_json missing = nlohmann::ordered_json::array();
  for (const auto &[title, reason] : comparison.missing)
    missing.push_back({{"name", title}, {"reason", reason}});
  return {{"rounds", comparison.lamina.size()},
          {"rounds_left_out", comparison.roundsLeftOut},
          {"median_ms", number(median(comparison.lamina))},
          {"min_ms", number(quantile(comparison.lamina, 0))},
          {"peers", std::move(peers)},
          {"missing", std::move(missing)}};
}

void print(const PeerComparison &comparison) {
  output("\n{:<26}{:>12}{:>14}{:>14}{:>12}\n", "", "median ms", "over Lamina", "first call s",
         "peak MiB");
  output("{:<26}{:>12.4g}{:>14}\n", "Lamina", median(comparison.lamina), 1);
  for (const PeerResult &peer : comparison.peers)
    output("{:<26}{:>12.4g}{:>14.2f}{:>14.2f}{:>12.0f}\n", peer.title, median(peer.medians),
           ratioOf(peer, comparison), peer.firstSeconds,
           static_cast<double>(peer.peakBytes) / (1 << 20));
  for (const auto &[title, reason] : comparison.missing)
    output("{:<26}left out: {}\n", title, reason);
  output("Medians over {} rounds in turns; {} left out, for the machine gave less than its peak.\n",
         comparison.lamina.size(), comparison.roundsLeftOut);
}

} // namespace lamina::tools
