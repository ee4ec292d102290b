"""Which files of these tests a case is made of: what must be the same for kept answers to hold."""
import ast
import functools
import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
CASES = HERE / "cases"


def calling_files():
    """The files of cases that the running call comes from, the module being imported among them."""
    files, frame = set(), sys._getframe(1)
    while frame:
        files.add(pathlib.Path(frame.f_code.co_filename))
        frame = frame.f_back
    return frozenset(file for file in files if file.is_relative_to(CASES))


def with_imports(files):
    """These files and all files of the tests that they import, directly or through others."""
    found, waiting = set(), list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported_files(file)
    return sorted(found)


@functools.cache
def imported_files(file):
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute_name(file, node)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    paths = [HERE.joinpath(*name.split(".")) for name in names]
    candidates = [p.with_suffix(".py") for p in paths] + [p / "__init__.py" for p in paths]
    return [path for path in candidates if path.exists()]


def absolute_name(file, node):
    """The name of the module that `from … import` takes names from."""
    relative = "." * node.level + (node.module or "")
    package = ".".join(file.relative_to(HERE).parent.parts)
    return importlib.util.resolve_name(relative, package) if node.level else relative
