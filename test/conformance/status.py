#!/usr/bin/env python3
"""Writes docs/keras.md: for every public class of Keras how Lamina stands to it, with the errors that
a run of the conformance tests measured.

Usage: status.py [--work FOLDER] [--table FILE] [--lamina BINARY] [--update] -o OUT.md
FOLDER and FILE are what `./dev test` leaves in build/. With --update OUT.md is a page that stays as it is
but for the classes of which it has fewer cases than this run, as after a run of some tests alone, and for
those that Lamina says something else of.
"""
import argparse
import inspect
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras  # noqa: E402

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
# Title, module, base class, the tool's option that takes a class of it.
KINDS = (
    ("Layers", keras.layers, keras.layers.Layer, None),
    ("Losses", keras.losses, keras.losses.Loss, "--loss"),
    ("Metrics", keras.metrics, keras.metrics.Metric, "--metrics"),
    ("Optimizers", keras.optimizers, keras.optimizers.Optimizer, "--optimizer"),
    ("Learning rate schedules", keras.optimizers.schedules,
     keras.optimizers.schedules.LearningRateSchedule, None),
    ("Initializers", keras.initializers, keras.initializers.Initializer, None),
    ("Regularizers", keras.regularizers, keras.regularizers.Regularizer, None),
    ("Constraints", keras.constraints, keras.constraints.Constraint, None),
)


OPERATIONS = "keras.src.ops."


def public_classes(module, base):
    """Names of a module's classes; of several names for one class the class's own."""
    found = {value.__name__ for value in vars(module).values()
             if inspect.isclass(value) and issubclass(value, base) and value is not base}
    return sorted(found)


def operations():
    """Names and modules of the classes that functions of keras.ops stand for in a model."""
    modules = {sys.modules[value.__module__] for part in (keras.ops, keras.ops.image)
               for value in vars(part).values()
               if inspect.isfunction(value) and value.__module__.startswith(OPERATIONS)}
    return sorted((value.__name__, value.__module__) for module in modules
                  for value in vars(module).values()
                  if inspect.isclass(value) and issubclass(value, keras.Operation)
                  and value.__module__ == module.__name__
                  and value.call is not keras.Operation.call)


def plain(name):
    return name.replace("_", "").lower()


class Names:
    """Classes by what stands in a configuration: their own name or a function's."""

    def __init__(self):
        self.known = {plain(name): name for _, module, base, _ in KINDS
                      for name in public_classes(module, base)}
        for module in (keras.losses, keras.metrics, keras.optimizers):
            for alias in ("mse", "mae", "mape", "msle", "bce"):
                if function := getattr(module, alias, None):
                    self.known.setdefault(alias, self.known.get(plain(function.__name__)))

    def of(self, text):
        return self.known.get(plain(text))


def own_name(exported):
    """The class's own name: files have the exported one."""
    layer = getattr(keras.layers, exported, None)
    return layer.__name__ if inspect.isclass(layer) else exported


def classes_in(value, names):
    """Classes that a configuration names, in objects and in strings; "ops.…" for operations, some of
    which share their names with layers."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            is_operation = str(value.get("module")).startswith(OPERATIONS)
            yield "ops." + value["class_name"] if is_operation else own_name(value["class_name"])
        for key, item in value.items():
            if key != "mode":  # a way of one class: "stft" is no initializer
                yield from classes_in(item, names)
    elif isinstance(value, list):
        for item in value:
            yield from classes_in(item, names)
    elif isinstance(value, str) and (name := names.of(value)):
        yield name


def cases_by_class(folder, cases, names):
    result = {}
    for case in cases:
        model = folder / case / "model.keras"
        if not model.exists():
            continue
        with zipfile.ZipFile(model) as archive:
            config = json.loads(archive.read("config.json"))
        for name in set(classes_in(config, names)):
            result.setdefault(name, []).append(case)
    return result


def model_with(layer=None, module="keras.layers"):
    """The JSON of a model with one layer or operation, which has no settings but its name."""
    source = {"class_name": "__keras_tensor__",
              "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["x", 0, 0]}}
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "name": "x",
               "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "x"},
               "inbound_nodes": [], "registered_name": None}]
    if layer:
        layers.append({"module": module, "class_name": layer, "config": {"name": "asked"},
                       "inbound_nodes": [{"args": [source], "kwargs": {}}], "name": "asked",
                       "registered_name": None})
    return json.dumps({"module": "keras", "class_name": "Functional", "registered_name": None,
                       "config": {"name": "model", "layers": layers,
                                  "input_layers": [["x", 0, 0]],
                                  "output_layers": [[layers[-1]["name"], 0, 0]]}})


def refusal(binary, name, option, module="keras.layers"):
    """What Lamina says of a class that no case uses."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.json"
        path.write_text(model_with(None if option else name, module))
        settings = [option, name] if option else []
        if option == "--metrics":
            settings += ["--loss", "mse"]
        if option == "--optimizer":
            settings += ["--loss", "mse"]
        elif option:
            settings += ["--optimizer", "sgd"]
        done = subprocess.run([binary, "inspect", str(path), *settings], capture_output=True,
                              text=True)
    text = done.stderr + done.stdout
    for line in text.splitlines():
        if re.search(r"not supported|refused", line) and (
                "asked" in line or option):
            said = line.split(str(path) + ": ")[-1]
            for beginning in ("layer 'asked': ", "losses and metrics are not looked at: "):
                said = said.removeprefix(beginning)
            return said.strip("- ")
    return None


def row(name, cases, table, refuses):
    """`refuses` says what Lamina says of a class without cases."""
    if not cases:
        reason = refuses()
        return f"| `{name}` | {'refused' if reason else 'no case'} | | | {reason or ''} |"
    rows = [r for case in cases for r in table.get(case, [])]
    if not rows:
        return f"| `{name}` | not run | {len(cases)} | | |"
    failed = [r for r in rows if r["outcome"] == "failed"]
    compared = [r for r in rows if r["outcome"] != "skipped"]
    if not compared:
        return f"| `{name}` | not comparable | {len(cases)} | | {rows[0]['said']} |"
    worst = max(compared, key=lambda r: r["error"] / r["limit"])
    return (f"| `{name}` | {'differs' if failed else 'agrees'} | {len(cases)} | "
            f"{worst['error']:.1e} of {worst['limit']:.1e} | {worst['quantity']} of "
            f"{worst['case']} |")


def rows_of(page):
    """The rows of a page by title and class."""
    rows, title = {}, None
    for line in page.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif match := re.match(r"\| `(\w+)` \|", line):
            rows[title, match[1]] = line
    return rows


def count(line):
    """The number of cases in a row."""
    return int(line.split("|")[3].strip() or 0)


def newer(old, new):
    """Of two rows of a class the one to keep: that of more cases; without any, what is said today."""
    return old if old and count(old) and count(old) >= count(new) else new


def header(title):
    return [f"\n## {title}\n", "| class | Lamina | cases | largest error, of its limit | where |",
            "|---|---|---|---|---|"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=pathlib.Path, default=BUILD / "conformance")
    parser.add_argument("--table", type=pathlib.Path, default=BUILD / "conformance.json")
    parser.add_argument("--lamina", default=BUILD / "bin/lamina")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("-o", dest="out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    page = options.out.read_text() if options.update else ""
    kept = rows_of(page)
    table = {}
    for entry in json.loads(options.table.read_text()):
        table.setdefault(entry["case"], []).append(entry)
    names = Names()
    used = cases_by_class(options.work / "cases", sorted(table), names)
    head = HEAD.format(version=keras.__version__, cases=len(table),
                       checks=sum(map(len, table.values())))
    lines = [page.partition("\n\n## ")[0] if options.update else head]
    for title, module, base, option in KINDS:
        asks = option or module is keras.layers
        lines += header(title)
        lines += [newer(kept.get((title, name)), row(
            name, used.get(name, []), table,
            lambda: refusal(options.lamina, name, option) if asks else None))
                  for name in public_classes(module, base)]
    lines += header("Operations")
    lines += [newer(kept.get(("Operations", name)), row(
        name, used.get(f"ops.{name}", []), table,
        lambda: refusal(options.lamina, name, None, module))) for name, module in operations()]
    options.out.write_text("\n".join(lines) + "\n")


HEAD = """# Keras, class by class

Every public class of Keras {version} in a table, written by `test/conformance/status.py` from what
`./dev test` measured: {checks} comparisons in {cases} cases with real Keras.

*agrees*: in all cases that use the class everything that is compared (predictions, losses and metrics
of every epoch, weights, optimizer state) is within the error rule of [testing](testing.md). *cases*:
models of the tests with the class, random ones included. *largest error*: of those cases the
comparison that comes closest to its limit; the class need not be its cause. *refused*: with what
Lamina says of it. *no case*: not compared, whatever Lamina does with it. Names of classes that stand
for several (`accuracy`) are counted for none. *Operations* are the classes that functions of
`keras.ops` (`x + y` is `Add`) become in Functional models. Rows may be of later runs, of the tests of
these classes alone."""


if __name__ == "__main__":
    main()
