#pragma once

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace lamina {

/// Makes the process's surroundings such that output cannot end it. Call it first of all:
/// - standard streams that are closed are opened, so that no file takes their number; reading and
///   writing them fails as it did;
/// - writing to a pipe that nobody reads, or past the limit of a file's size, is an error and no
///   signal.
void prepareStandardStreams();

/// Writes words for people to standard error. What cannot be written there is left out.
void writeNote(std::string_view text);

/// Writes results to standard output. What cannot be written is for finishOutput to tell.
void writeOutput(std::string_view text);

/// Throws UserError `cannot write standard output: reason` unless all of it has been written. Files
/// come first: call this when they are.
void finishOutput();

template <typename... Args> void note(fmt::format_string<Args...> format, Args &&...args) {
  writeNote(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args> void output(fmt::format_string<Args...> format, Args &&...args) {
  writeOutput(fmt::format(format, std::forward<Args>(args)...));
}

} // namespace lamina
