"""Options and fixtures of the conformance tests: the binary, Keras' answers, the error table."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cases  # noqa: E402,F401
from case import CASES  # noqa: E402
from cases import applications, random_models, random_sequences  # noqa: E402
from compare import Judge  # noqa: E402
from differences import EVERY, sample_of_today  # noqa: E402
from kept_answers import default_folder  # noqa: E402
from lamina import Lamina  # noqa: E402
from oracle_runs import OracleRuns  # noqa: E402
from oracles import Oracles  # noqa: E402

CONDUCTOR = "conductor"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--lamina", default=os.environ.get("LAMINA_BIN", ROOT / "build/bin/lamina"),
                     help="the binary to test")
    parser.addoption("--work", default=ROOT / "build/conformance",
                     help="folder for models, data and Keras' cached answers")
    parser.addoption("--answers", default=str(default_folder()),
                     help="folder where Keras' answers are kept for other checkouts; none: nowhere")
    parser.addoption("--random-models", type=int, default=24, help="how many random models to run")
    parser.addoption("--random-sequences", type=int, default=12,
                     help="how many random models of sequences to run")
    parser.addoption("--applications", action="store_true",
                     help="compare all models of keras.applications, which takes hours")
    parser.addoption("--table", default=ROOT / "build/conformance.json",
                     help="where the errors of all cases are written")
    parser.addoption("--record", action="store_true",
                     help="run Keras on JAX for every case and keep its differences")


def pytest_generate_tests(metafunc):
    """A test that takes `case` runs for every case, or for those its `cases` marker selects."""
    if "case" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("cases")
        chosen = [c for c in CASES.values() if marker is None or marker.kwargs["where"](c)]
        left_out = {f"{family.PREFIX}{n}" for family in (random_models, random_sequences)
                    for n in range(metafunc.config.getoption(family.OPTION), family.COUNT)}
        if not metafunc.config.getoption("--applications"):
            left_out |= applications.NETWORKS.keys() - applications.SAMPLE
        chosen = [c for c in chosen if c.name not in left_out]
        metafunc.parametrize("case", chosen, ids=[c.name for c in chosen])


def pytest_configure(config):
    config.addinivalue_line("markers", "cases(where): run for the cases that fit")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Conductor(config), CONDUCTOR)


class CasesTogether(LoadScopeScheduling):
    """What one worker runs as a whole: tests of a case share a training, tests of a file its fixtures.
    Files come first, as long as Keras has answered few cases, and cases in the order of the answers."""

    def _split_scope(self, nodeid):
        parameter = parameter_of(nodeid)
        return parameter if parameter in CASES else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return CasesTogether(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: parameter_of(item.nodeid) in CASES)


def parameter_of(nodeid):
    """The first parameter of a test, None where it has none."""
    parts = re.split(r"[\[\]]", nodeid)
    return parts[1] if len(parts) > 1 else None


def work_folder(config):
    return pathlib.Path(config.getoption("--work")).resolve()


def kept_folder(config):
    name = config.getoption("--answers")
    return None if name == "none" else pathlib.Path(name).resolve()


def sample(config):
    return EVERY if config.getoption("--record") else sample_of_today()


class Conductor:
    """What is there once, in the process that runs the tests or hands them to its workers: the runs
    of Keras, and the table of errors."""

    def __init__(self, config):
        self.config = config
        self.names = self.runs = None
        self.errors = []

    def start(self, ids):
        """Lets Keras answer the cases of these tests, in the background."""
        if self.runs is None:
            self.names = [n for n in dict.fromkeys(map(parameter_of, ids)) if n in CASES]
            self.runs = OracleRuns(work_folder(self.config), self.names, sample(self.config),
                                   kept_folder(self.config))

    def pytest_collection_finish(self, session):
        self.start([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        self.start(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.errors += json.loads(getattr(node, "workeroutput", {}).get("errors", "[]"))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        if self.runs is None:
            return
        if self.config.getoption("--record"):
            Oracles(work_folder(self.config), EVERY).keep_differences(self.names)
        self.runs.stop()
        path = pathlib.Path(self.config.getoption("--table"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.errors, indent=1) + "\n")


@pytest.fixture(scope="session")
def lamina(pytestconfig):
    return Lamina(pathlib.Path(pytestconfig.getoption("--lamina")).resolve())


@pytest.fixture(scope="session")
def oracles(pytestconfig):
    """Keras' answers to the selected cases, computed in the background while tests run."""
    return Oracles(work_folder(pytestconfig), sample(pytestconfig))


@pytest.fixture(scope="session")
def judge(pytestconfig, oracles):
    """Decides by the error rule. The errors that this process measures go to the conductor at its
    end."""
    result = Judge(oracles)
    yield result
    if hasattr(pytestconfig, "workeroutput"):
        pytestconfig.workeroutput["errors"] = json.dumps(result.rows)
    else:
        pytestconfig.pluginmanager.get_plugin(CONDUCTOR).errors += result.rows


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
