#pragma once

namespace lamina::tools {

/// The whole command line: options and printing only. It prepares the process for it: standard
/// streams, what happens when memory runs out. Exit status: 0 done; 1 the input or the request is
/// at fault, one line on standard error; 2 wrong usage.
int runCommandLine(int argc, char **argv);

} // namespace lamina::tools
