#pragma once

#include <future>
#include <string>

#include "tools/lamina/options.h"
#include "tools/lamina/session.h"

namespace lamina::tools {

/// A data file that is read while the model is compiled.
class PendingData {
public:
  PendingData(const std::string &path, const trainer::TextOptions &options);
  /// Waits for the file and fits it to the model. Tells on stderr what was decided about classes
  /// and rows left out, if `tell`.
  trainer::Dataset bind(const Session &session, const trainer::BindOptions &options, bool tell);

private:
  std::future<trainer::DataFile> file_;
};

} // namespace lamina::tools
