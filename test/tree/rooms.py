"""Says where the tree outgrows its rules: at most 25 files in a folder, at most 400 lines in a file.

    rooms.py CHECKOUT

Prints a line for everything that is too large; nothing is printed, and the exit status is 0, where all
fits. Builds and hidden folders are left out. Lines are counted in what people write by hand: not in
data, pictures and pages.
"""
import collections
import os
import pathlib
import re
import sys

MOST_FILES = 25
MOST_LINES = 400
WRITTEN = {"", ".c", ".cpp", ".def", ".h", ".in", ".mlir", ".py", ".sh", ".td", ".test",
           ".txt"}
# One entry for each operation, which is looked up and not read from top to bottom.
TABLES = {"ir/lamina_ops.td"}


def files_of(checkout):
    for folder, folders, names in os.walk(checkout):
        folders[:] = [name for name in folders if not re.match(r"\.|build|__pycache__", name)]
        for name in names:
            yield (pathlib.Path(folder) / name).relative_to(checkout)


def main(checkout):
    files = list(files_of(checkout))
    problems = [f"{folder}: {count} files; at most {MOST_FILES} are read at a glance: make folders"
                for folder, count in collections.Counter(path.parent for path in files).items()
                if count > MOST_FILES]
    for path in files:
        if path.suffix not in WRITTEN or str(path) in TABLES:
            continue
        lines = (checkout / path).read_bytes().count(b"\n")
        if lines > MOST_LINES:
            problems.append(f"{path}: {lines} lines; at most {MOST_LINES}: make files of its parts")
    print(*sorted(problems), sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
