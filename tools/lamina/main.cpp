// lamina: trains, runs and compiles networks on the command line.
#include "tools/lamina/command_line.h"

int main(int argc, char **argv) {
  return lamina::tools::runCommandLine(argc, argv);
}
