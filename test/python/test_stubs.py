"""What is said of the package is what it has: the extension's stub, docs/python.md, docstrings."""
import ast
import inspect
import pathlib
import re

import pytest
from conftest import ROOT

import lamina
from lamina import _core


def stub():
    path = pathlib.Path(lamina.__file__).with_name("_core.pyi")
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(body):
    """Names of arguments by function, and the names of values."""
    called, values = {}, set()
    for node in body:
        if isinstance(node, ast.FunctionDef):
            if any(getattr(d, "id", None) == "property" for d in node.decorator_list):
                values.add(node.name)
            else:
                called[node.name] = [a.arg for a in node.args.args]
        elif isinstance(node, ast.AnnAssign):
            values.add(node.target.id)
    return called, values


def arguments(function):
    """Those that the extension's docstring names."""
    text = function.__doc__.split("(", 1)[1].rsplit(")", 1)[0]
    depth, parts = 0, [""]
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.split(":")[0].split("=")[0].strip() for part in parts if part.strip()]


def public(owner):
    return {name for name in vars(owner) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["Running", "Step"])
def test_the_stub_of_a_class(name):
    node = next(n for n in stub().body if isinstance(n, ast.ClassDef) and n.name == name)
    called, values = functions(node.body)
    owner = getattr(_core, name)
    assert public(owner) == values | {f for f in called if f != "__init__"}
    for function, names in called.items():
        assert arguments(getattr(owner, function)) == names, function
    assert all(isinstance(vars(owner)[value], property) for value in values)


def test_the_stub_of_the_module():
    called, values = functions(stub().body)
    assert {n for n in public(_core) if not inspect.isclass(getattr(_core, n))} == values | set(called)
    for function, names in called.items():
        assert arguments(getattr(_core, function)) == names, function


def methods(owner):
    return {name: member for name, member in vars(owner).items()
            if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))}


def test_what_is_public_has_a_docstring_and_is_documented():
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    for name in lamina.__all__:
        assert re.search(rf"\b{name}\b", page), name
    for owner in (lamina.compile, lamina.bench, lamina.LaminaClassifier, lamina.LaminaRegressor):
        assert inspect.getdoc(owner), owner
    for name, member in methods(type(lamina.compile(str(ROOT / "examples/digits/digits.keras")))).items():
        assert inspect.getdoc(member), name
        assert re.search(rf"\b{name}\b", page), name


def test_the_page_names_the_arguments():
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    documented = {"compile": lamina.compile, **{
        name: member for name, member in methods(lamina.Step).items() if inspect.isfunction(member)}}
    for name, function in documented.items():
        names = [n for n in inspect.signature(function).parameters if n != "self"]
        row = re.search(rf"^\| `(?:step\.)?{name}\((.*?)\)`", page, re.MULTILINE)
        assert row, name
        assert [part.split("=")[0].strip() for part in row[1].split(",") if part.strip()] == names, name
