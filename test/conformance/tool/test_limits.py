"""Threads that cannot be started and memory that is short: fewer threads and a word, or one line."""
import os
import pathlib
import resource
import shutil
import tempfile

import numpy as np
import pytest

import small_models as models
from lamina import Lamina

MIB = 1 << 20
NOBODY = 65534


@pytest.fixture
def small(tmp_path):
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(64), models.dense("hidden", 256, activation="relu"),
        models.dense("middle", 128, activation="tanh"), models.dense("out", 8)))
    random = np.random.default_rng(0)
    models.write_data(tmp_path / "data.npz", x=random.standard_normal((64, 64)).astype("float32"),
                      y=random.standard_normal((64, 8)).astype("float32"))
    (tmp_path / "data.csv").write_text("".join(
        ",".join(map(str, row)) + "\n" for row in random.integers(0, 9, (64, 72))))
    return tmp_path


COMMANDS = {
    "train": ["train", "model.json", "--data", "data.npz", "--threads", "4", "-o", "out.keras"],
    "predict": ["predict", "model.json", "--data", "data.csv", "--threads", "4", "-o", "out.npy"],
    "bench": ["bench", "model.json", "--steps", "2", "--threads", "4", "--json"],
    "profile": ["bench", "model.json", "--steps", "2", "--threads", "4", "--profile"],
    "inspect": ["inspect", "model.json"],
    "compile": ["compile", "model.json", "-o", "out.o"],
}
ARGUMENTS = {**COMMANDS, "predict": [*COMMANDS["predict"], "--target", ",".join(map(str, range(64, 72)))]}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_room_for_threads(command, lamina, small):
    """Stacks of threads that no address space is left for."""
    huge = (1 << 46, 1 << 46)  # of each stack
    unlimited = lamina.run(*ARGUMENTS[command], cwd=small)
    assert unlimited.returncode == 0
    done = lamina.run(*ARGUMENTS[command], cwd=small,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, huge))
    assert done.returncode == 0, done.stderr
    if command in ("train", "predict", "bench", "profile"):
        assert ("warning: only 1 of 4 threads can be started; a limit on processes or memory allows "
                "no more\n") in done.stderr


def without_processes():
    """What a container's limit does to everybody: no further thread, no further process."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@pytest.fixture
def open_folder(lamina, small):
    """A folder that somebody without rights can reach and write to, with the tool and its files."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody without processes")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in (lamina.binary, *small.iterdir()):
            shutil.copy(path, folder)
        os.chmod(folder, 0o777)
        yield folder


def run_without_processes(folder, *arguments):
    return Lamina(folder / "lamina").run(*arguments, cwd=folder, preexec_fn=without_processes)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_further_process(command, open_folder):
    done = run_without_processes(open_folder, *ARGUMENTS[command])
    assert done.returncode == 0, done.stderr
    if command in ("train", "predict", "bench"):
        assert "warning: only 1 of 4 threads can be started" in done.stderr


def test_no_process_to_read_in(lamina, open_folder):
    """Weights in HDF5 are read in a process of their own."""
    lamina("convert", open_folder / "model.json", open_folder / "model.keras")
    done = run_without_processes(open_folder, "convert", "model.keras", "again.keras")
    assert done.returncode == 1
    assert done.stderr == ("error: cannot start a process to read the file in: Resource temporarily "
                           "unavailable\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_little_address_space(command, lamina, small):
    """Whatever allocation is the one that fails: it works, or one line says why it does not."""
    outcomes = set()
    for size in [*range(80, 200, 15), 240, 320]:
        limit = (size * MIB, size * MIB)
        done = lamina.run(*ARGUMENTS[command], cwd=small,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))
        outcomes.add(done.returncode)
        errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
        assert done.returncode in (0, 1), f"{size} MiB: {done.returncode}\n{done.stderr}"
        if done.returncode:
            assert errors[-1].startswith("error: "), f"{size} MiB: {done.stderr}"
            assert not list(small.glob("out.*")), size
        for path in small.glob("out.*"):
            path.unlink()
    assert 0 in outcomes
    if command == "train":
        assert 1 in outcomes, "no size is small enough to try anything"
