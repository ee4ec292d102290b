"""Options and fixtures of the conformance tests: the binary, Keras' answers, the error table."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cases  # noqa: E402,F401
from case import CASES  # noqa: E402
from cases import random_models  # noqa: E402
from compare import Table  # noqa: E402
from differences import EVERY, sample_of_today  # noqa: E402
from lamina import Lamina  # noqa: E402
from oracles import Oracles  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--lamina", default=os.environ.get("LAMINA_BIN", ROOT / "build/bin/lamina"),
                     help="the binary to test")
    parser.addoption("--work", default=ROOT / "build/conformance",
                     help="folder for models, data and Keras' cached answers")
    parser.addoption("--random-models", type=int, default=24, help="how many random models to run")
    parser.addoption("--table", default=ROOT / "build/conformance.json",
                     help="where the errors of all cases are written")
    parser.addoption("--record", action="store_true",
                     help="run Keras on JAX for every case and keep its differences")


def pytest_generate_tests(metafunc):
    """A test that takes `case` runs for every case, or for those its `cases` marker selects."""
    if "case" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("cases")
        chosen = [c for c in CASES.values() if marker is None or marker.kwargs["where"](c)]
        left_out = {f"{random_models.PREFIX}{n}" for n in range(
            metafunc.config.getoption("--random-models"), random_models.COUNT)}
        chosen = [c for c in chosen if c.name not in left_out]
        metafunc.parametrize("case", chosen, ids=[c.name for c in chosen])


def pytest_configure(config):
    config.addinivalue_line("markers", "cases(where): run for the cases that fit")


@pytest.fixture(scope="session")
def lamina(pytestconfig):
    return Lamina(pathlib.Path(pytestconfig.getoption("--lamina")).resolve())


@pytest.fixture(scope="session")
def oracles(request, pytestconfig):
    """Keras' answers to the selected cases, computed in the background while tests run."""
    selected = (getattr(item, "callspec", None) for item in request.session.items)
    names = dict.fromkeys(spec.params["case"].name for spec in selected
                          if spec and "case" in spec.params)
    sample = EVERY if pytestconfig.getoption("--record") else sample_of_today()
    answers = Oracles(pathlib.Path(pytestconfig.getoption("--work")).resolve(), list(names), sample)
    yield answers
    if sample == EVERY:
        answers.keep_differences()
    answers.stop()


@pytest.fixture(scope="session")
def table(pytestconfig):
    errors = Table()
    yield errors
    path = pathlib.Path(pytestconfig.getoption("--table"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(errors.rows, indent=1) + "\n")


@pytest.fixture(scope="session")
def load_in_keras(tmp_path_factory):
    """A function that loads model files with real Keras (keras_loader.py), all in one process: from
    {name: (model, data)} to the folder with what came of it."""

    def run(jobs, backend="tensorflow"):
        folder = tmp_path_factory.mktemp("loaded")
        lines = "".join(f"{name}\t{model}\t{data}\n" for name, (model, data) in jobs.items())
        loader = pathlib.Path(__file__).parent / "keras_loader.py"
        subprocess.run([sys.executable, loader, folder], input=lines, text=True, check=True,
                       capture_output=True, env={**os.environ, "KERAS_BACKEND": backend})
        reports = sorted(folder.glob("*.error"))
        assert not reports, "\n".join(f"{r.stem}: {r.read_text()}" for r in reports)
        return folder

    return run
