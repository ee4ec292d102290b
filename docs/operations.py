#!/usr/bin/env python3
"""Writes docs/operations.md, the table of operations by aspect, from the tree.

Usage: operations.py [--check] [--tblgen PROGRAM] [--include FOLDER]

With --check the file stays as it is; what differs is printed, with exit status 1.
"""
import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operations.md"

HEAD = """# Operations by aspect

What there is for each operation of the IR (`ir/lamina_ops.td`). `docs/operations.py` writes this table
from the tree; `./dev docs` renews it, and a test says when it is out of date. The reference with types
and meaning is `build/docs/ir.md`; [adding an operation](adding-an-operation.md) says what each aspect
takes.

- **Verifier**: its own (`yes`); `inferred`, where results have the type that is inferred from the
  operands, which says what does not fit; or the constraints on its types alone.
- **Folder**: whether it is computed where its operands are constants, and simplified where it is exact.
- **Gradient**: a rule; `zero`, where no gradient flows; `none`, where asking for one is an error; `-`
  for operations that no gradient reaches.
- **Interpreter**: whether the reference interpreter has its definition; `-` for operations that declare
  or hold something.
- **Kernel**: the families of kernels that are made around it; `any` for operations that are computed where
  their results are needed, in kernels of all families, or in one of the family `map`.
- **f64**: whether it takes or gives elements of 64 bits, for operations with floats.
- **Random graphs**: whether random graphs contain it, compiled against interpreted.

"""
COLUMNS = ["Operation", "Verifier", "Folder", "Gradient", "Interpreter", "Kernel", "f64",
           "Random graphs"]


def read(*patterns):
    """The text of all sources that a pattern names, without comments."""
    files = sorted(file for pattern in patterns for file in ROOT.glob(pattern))
    return re.sub(r"//[^\n]*", "", "\n".join(file.read_text() for file in files))


def records(tblgen, include):
    command = [tblgen, "-dump-json", "-I", include, "-I", ROOT, ROOT / "ir" / "lamina_ops.td"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def function_body(text, name):
    """The body of the function `name`, empty where there is none."""
    found = re.search(rf"\b{re.escape(name)}\([^;{{}}]*\)\s*{{", text)
    if not found:
        return ""
    depth, end = 1, found.end()
    while depth > 0:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return text[found.end():end]


def has_trait(record, name):
    return any(trait["def"] == name for trait in record["traits"])


def computes(record):
    """Whether the operation computes tensors; others declare or hold something."""
    return has_trait(record, "Lamina_CostInterface")


def evaluator(name, record, text):
    if re.search(rf"\badd\w*<{name}\b", text):
        return "yes"
    return "no" if computes(record) else "-"


def verifier(record, definitions):
    if record["hasVerifier"] or record["hasRegionVerifier"]:
        return "yes"
    interfaces = [definitions[trait["def"]].get("trait") for trait in record["traits"]]
    return "inferred" if "InferTypeOpInterface::Trait" in interfaces else "types"


def gradient(name, record, text):
    if not has_trait(record, "Lamina_AnyGradient"):
        return "-"
    if re.search(rf"LAMINA_CONSTANT_RULE\({name}\)", text):
        return "zero"
    if re.search(rf"LAMINA_UNARY_RULE\({name},", text):
        return "rule"
    body = function_body(text, f"{name}::buildGradient")
    if not body:
        sys.exit(f"operations.py: no gradient rule of {name} in ir/")
    if "results" in body or ".run(operandGradients)" in body:
        return "rule"
    return "none" if "emitOpError" in body else "zero"


def matched_operations(text, matcher, seen=()):
    """The operations that a family's matcher names, itself or through functions that it calls."""
    operations = set(re.findall(r"ir::(\w+Op)\b", matcher))
    for called in set(re.findall(r"\b(is\w+)\b", matcher)) - set(seen):
        operations |= matched_operations(text, function_body(text, called), (*seen, called))
    return operations


def families_by_operation():
    rows = re.findall(r"LAMINA_KERNEL_FAMILY\((\w+), (\w+)\)",
                      (ROOT / "passes/families/families.def").read_text())
    result = {}
    helpers = read("passes/**/*.cpp")
    for file in sorted((ROOT / "passes" / "families").glob("*.cpp")):
        text = read(str(file.relative_to(ROOT)))
        for family, name in rows:
            found = re.search(rf"const FamilyRules k{name}Family = {{(.*?)(true|false),", text, re.S)
            for operation in matched_operations(text + helpers, found[1]) if found else ():
                result.setdefault(operation, []).append(family)
    order = [family for family, _ in rows]
    return {operation: sorted(families, key=order.index) for operation, families in result.items()}


def kernel(name, record, families):
    if not has_trait(record, "Lamina_AnchorInterface"):
        return "any" if computes(record) else "-"
    if name not in families:
        sys.exit(f"operations.py: no kernel family matches the anchor {name}")
    return ", ".join(f"`{family}`" for family in families[name])


def types_of(record, definitions):
    """What the constraints of operands and results say in words."""
    names = [argument[0]["def"] for argument in record["arguments"]["args"] + record["results"]["args"]]
    return " ".join(definitions[name].get("summary") or "" for name in names)


def is_drawn(name, record, graphs):
    if not computes(record):
        return "-"
    return "yes" if re.search(rf"\b{name}\b", graphs) else "no"


def takes_f64(record, definitions):
    words = types_of(record, definitions)
    if "64-bit float" in words:
        return "yes"
    return "no" if "32-bit float" in words else "-"


def rows_of(definitions):
    gradients = read("ir/**/*.cpp")
    evaluators = read("ir/interpreter/*.cpp")
    graphs = read("test/random_graph/*.cpp")
    families = families_by_operation()
    names = sorted(definitions["!instanceof"]["Op"], key=lambda name: definitions[name]["opName"])
    for name in names:
        record = definitions[name]
        if record["opDialect"]["def"] != "Lamina_Dialect":
            continue
        yield [f"`{record['opName']}`", verifier(record, definitions), "yes" if record["hasFolder"] else "no",
               gradient(name, record, gradients),
               evaluator(name, record, evaluators),
               kernel(name, record, families), takes_f64(record, definitions),
               is_drawn(name, record, graphs)]


def page(definitions):
    rows = [COLUMNS, ["---"] * len(COLUMNS), *rows_of(definitions)]
    return HEAD + "".join("| " + " | ".join(row) + " |\n" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tblgen", default="llvm-tblgen-19")
    parser.add_argument("--include", default="/usr/lib/llvm-19/include")
    options = parser.parse_args()
    text = page(records(options.tblgen, options.include))
    if not options.check:
        PAGE.write_text(text)
        return
    old = PAGE.read_text()
    if old != text:
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True),
                                                   "docs/operations.md", "what the tree has"))
        sys.exit("docs/operations.md is out of date: run docs/operations.py")


if __name__ == "__main__":
    main()
