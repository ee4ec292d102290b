#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "passes/memory/plan.h"
#include "tools/lamina/commands/class_report.h"
#include "tools/lamina/correlation/analysis.h"
#include "tools/lamina/profile.h"

namespace lamina::tools {

/// What is known of a run; parts that are not known are left out of its page, for the reasons in
/// `missing`.
struct RunReport {
  nlohmann::ordered_json record;              ///< run.json
  std::vector<nlohmann::ordered_json> epochs; ///< lines of log.jsonl
  std::vector<NamedConfusion> confusions;
  std::string confusionRows; ///< which rows they are of
  std::optional<Analysis> correlation;
  std::optional<StepProfile> profile; ///< of a training step
  std::optional<passes::MemoryPlan> memory;
  std::string processor; ///< on which profile and memory were found
  std::vector<std::string> missing;
};

/// A page of HTML without a script and without any part outside of itself.
std::string reportPage(const RunReport &report);

} // namespace lamina::tools
