"""lit tests: text in, text out, of every operation, pass, stage and tool.

Tools on the path: lamina, lamina-opt, FileCheck, not, count. Substitutions: %examples is the
examples folder, %cc the C compiler, %python the Python that runs lit, %source the checkout,
%runtime the folder of the runtime's headers (the checkout's root) and %librt its archive;
%{lamina} and %{not} are those programs by path, for tests that search none.
"""
import os
import sys

import lit.formats

config.name = "lamina"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["unit", "conformance", "random_graph", "Inputs"]
config.test_source_root = os.path.join(config.lamina_source, "test")
config.test_exec_root = os.path.join(config.lamina_build, "test")
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.lamina_build, "bin"), config.llvm_tools, os.environ["PATH"]])
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.environment["FILECHECK_OPTS"] = "--dump-input-filter=error"

config.substitutions += [
    ("%examples", os.path.join(config.lamina_source, "examples")),
    ("%cc", config.c_compiler),
    ("%python", sys.executable),
    ("%source", config.lamina_source),
    ("%runtime", config.lamina_source),
    ("%{lamina}", os.path.join(config.lamina_build, "bin", "lamina")),
    ("%{not}", os.path.join(config.llvm_tools, "not")),
    ("%librt", os.path.join(config.lamina_build, "lib", "liblamina_runtime.a")),
]
