#!/usr/bin/env python3
"""Prints as Markdown how the layer configurations of Keras' own tests fare in compiled steps: how many agree
with Keras, and by which reasons the others are refused, the most frequent first.

Usage: PYTHONPATH=build/python keras_layers_table.py. Takes about five minutes; the first configuration that
differs ends it."""
import collections
import re
import warnings

import conftest  # noqa: F401, sets the environment
import keras

import keras_layer_tests as layer_tests
import lamina
from test_keras_layers import check


def without_names(message):
    """The reason of a refusal, without what differs from model to model and what to do instead."""
    line = message.splitlines()[0].split("; ")[0].split(". ")[0]
    line = re.sub(r"^(model|layer) '[^']*'( of class \w+)?: ", "", line)
    line = re.sub(r"^layer '[^']*'( of class \w+)?: ", "", line)
    line = re.sub(r"line \d+ of \S+: ", "", line)
    line = re.sub(r"'[^']*'", "'…'", line)
    return re.sub(r"[\[(][\d, ?]*[\])]|\b\d+\b", "…", line).replace("|", "\\|")


def outcomes():
    """A text for each configuration: "agrees", or why there is nothing to compare."""
    compile_model, refusals = lamina.compile, []

    def remember(*arguments, **settings):
        try:
            return compile_model(*arguments, **settings)
        except (NotImplementedError, ValueError) as problem:
            refusals.append(without_names(str(problem)))
            raise
    lamina.compile = remember
    for file in layer_tests.files():
        for case in layer_tests.collect(file):
            refusals.clear()
            if check(keras, case):
                yield "agrees"
            else:
                yield refusals[0] if refusals else "Keras refuses it, or its tensors are sparse or ragged"


def main():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counts = collections.Counter(outcomes())
    print("# The layers of Keras' own tests\n\nWritten by `test/python/keras_layers_table.py`: the configurations "
          "that Keras' tests hand to\n`run_layer_test`, in compiled steps. None differs from Keras.\n")
    print("| configurations | |\n|--:|---|")
    print(f"| {counts.total()} | in Keras {keras.__version__} |")
    for text, count in sorted(counts.items(), key=lambda item: (item[0] != "agrees", -item[1], item[0])):
        print(f"| {count} | {text} |")


if __name__ == "__main__":
    main()
