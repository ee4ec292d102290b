#pragma once

#include <future>
#include <string>

#include "tools/lamina/usage/options.h"

namespace lamina::tools {

/// A data file that is read while the model is compiled.
class PendingData {
public:
  PendingData(const std::string &path, const DataOptions &options);

  /// Opens a session on the model. Where its inputs or targets have dimensions that neither its
  /// file nor the options know, waits for the data, whose arrays or columns say them.
  Session open(session::Options options, bool training, bool forwardOnly = false);
  /// The options with these dimensions in them.
  session::Options complete(session::Options options, const frontend::KerasFile &model,
                            bool forwardOnly = false);

  /// Waits for the file and fits it to the model, as the columns and classes that `options` knows.
  trainer::Dataset bind(const Session &session, const trainer::BindOptions &options);
  /// As bind, and tells what was decided about rows left out and, where the file decides them,
  /// about classes. Throws UserError where options for text files were given for one of arrays.
  trainer::Dataset bindAloud(const Session &session, const trainer::BindOptions &options);

private:
  trainer::DataFile &wait();
  /// The same, with the cells of a table as they stand where the model takes texts.
  trainer::DataFile &waitFor(const frontend::LookupPlan &lookups);

  std::future<trainer::DataFile> pending_;
  std::optional<trainer::DataFile> file_; ///< once it is read
  std::string path_;
  trainer::TextOptions text_;
  trainer::BindOptions binding_;
  std::string part_;                     ///< of the file's arrays
  std::vector<std::string> textOptions_; ///< those that were given
};

} // namespace lamina::tools
