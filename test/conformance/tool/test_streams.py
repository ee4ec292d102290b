"""Standard streams that are closed, full or read by nobody, and disks that are full: no training is
lost to them. Files are written first, then there are words; what is missing is one line and status 1."""
import os
import resource
import subprocess

import numpy as np
import pytest

import small_models as models
from lamina import TIME_LIMIT

COMMANDS = {
    "train": ["train", "model.json", "--data", "data.npz", "--epochs", "2", "--log", "log.csv",
              "--checkpoint", "kept", "-o", "out.keras"],
    "predict": ["predict", "model.json", "--data", "data.npz", "-o", "out.csv"],
    "evaluate": ["evaluate", "model.json", "--data", "data.npz"],
    "compile": ["compile", "model.json", "-o", "out.o"],
    "inspect": ["inspect", "model.json"],
    "bench": ["bench", "model.json", "--steps", "2", "--trace", "out.trace"],
    "convert": ["convert", "model.json", "out.keras"],
    "help": ["--help"],
}
# Those whose standard output is what they are for.
PRINTING = {"evaluate", "compile", "inspect", "bench", "help"}
WRITTEN = {"train": ["log.csv", "out.keras", "kept/checkpoint.npz"], "predict": ["out.csv"],
           "compile": ["out.o", "out.h"], "bench": ["out.trace"], "convert": ["out.keras"]}
REDIRECTIONS = {
    "stdin_closed": ("<&-", None),
    "stdout_closed": (">&-", "Bad file descriptor"),
    "stderr_closed": ("2>&-", None),
    "all_closed": ("<&- >&- 2>&-", "Bad file descriptor"),
    "stdout_full": (">/dev/full", "No space left on device"),
    "stderr_full": ("2>/dev/full", None),
    "both_full": (">/dev/full 2>&1", "No space left on device"),
}


@pytest.fixture
def small(tmp_path):
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(4), models.dense("hidden", 40), models.dense("out", 3)))
    random = np.random.default_rng(0)
    models.write_data(tmp_path / "data.npz", x=random.standard_normal((8, 4)).astype("float32"),
                      y=random.standard_normal((8, 3)).astype("float32"))
    return tmp_path


def redirected(lamina, arguments, redirection, folder):
    """A run under a shell that redirects its streams; what is left of them is returned."""
    return subprocess.run(["sh", "-c", f'"$@" {redirection}', "sh", lamina.binary, *arguments],
                          cwd=folder, capture_output=True, text=True, timeout=TIME_LIMIT)


def with_unread_pipe(lamina, arguments, folder, **streams):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        settings = {name: writing for name, broken in streams.items() if broken}
        return subprocess.run([lamina.binary, *arguments], cwd=folder, text=True, timeout=TIME_LIMIT,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings})
    finally:
        os.close(writing)


def check(done, command, folder, reason):
    """Everything is written; the status tells whether standard output is, and so does standard error
    where it can."""
    expected = 1 if reason and command in PRINTING else 0
    assert done.returncode == expected, f"{done.returncode}\n{done.stderr}"
    if done.stderr and expected:
        assert done.stderr.splitlines()[-1] == f"error: cannot write standard output: {reason}"
    for name in WRITTEN.get(command, []):
        assert (folder / name).stat().st_size > 0
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.parametrize("redirection", REDIRECTIONS)
@pytest.mark.parametrize("command", COMMANDS)
def test_redirection(command, redirection, lamina, small):
    shell, reason = REDIRECTIONS[redirection]
    done = redirected(lamina, COMMANDS[command], shell, small)
    if "2>" not in shell and reason and command in PRINTING:
        assert done.stderr
    check(done, command, small, reason)


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_reads_output(command, lamina, small):
    check(with_unread_pipe(lamina, COMMANDS[command], small, stdout=True), command, small,
          "Broken pipe")


@pytest.mark.parametrize("verbose", ["1", "2"])
def test_nobody_reads_progress(verbose, lamina, small):
    done = with_unread_pipe(lamina, [*COMMANDS["train"], "--verbose", verbose], small, stderr=True)
    check(done, "train", small, None)


def test_lost_streams_change_nothing_that_is_written(lamina, small):
    """Closed streams' numbers go to no file: what is said would otherwise end up in the model."""
    lamina.run(*COMMANDS["train"], cwd=small)
    written = {name: (small / name).read_bytes() for name in WRITTEN["train"]}
    for name in written:
        (small / name).unlink()
    redirected(lamina, COMMANDS["train"], "<&- >&- 2>&-", small)
    for name, content in written.items():
        assert (small / name).read_bytes() == content, name


def test_full_log_does_not_end_a_training(lamina, small):
    done = lamina.run("train", "model.json", "--data", "data.npz", "--epochs", 3, "--log",
                      "/dev/full", "-o", "out.keras", cwd=small)
    assert done.returncode == 1
    reason = "cannot write /dev/full: No space left on device"
    assert done.stderr.splitlines()[-1] == f"error: {reason}"
    assert done.stderr.count(f"warning: {reason}; the training goes on\n") == 1
    lamina.run("train", "model.json", "--data", "data.npz", "--epochs", 3, "-o", "same.keras",
               cwd=small)
    assert (small / "out.keras").read_bytes() == (small / "same.keras").read_bytes()


def limited(lamina, folder, bytes_of_a_file, *arguments):
    """A run that cannot write files of more than so many bytes."""
    limit = (bytes_of_a_file, bytes_of_a_file)
    return lamina.run(*arguments, cwd=folder,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))


def test_checkpoint_that_cannot_be_written_leaves_the_one_before(lamina, small):
    arguments = ["train", "model.json", "--data", "data.npz", "--checkpoint", "kept", "--log",
                 "log.csv", "--epochs"]
    assert lamina.run(*arguments, 1, cwd=small).returncode == 0
    before = (small / "kept/checkpoint.npz").read_bytes()
    done = limited(lamina, small, 1000, *arguments, 4, "--resume")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: cannot write kept/checkpoint.npz: File too large")
    assert (small / "kept/checkpoint.npz").read_bytes() == before
    assert len((small / "log.csv").read_text().splitlines()) == 5, "the training went on"
    assert lamina.run(*arguments, 4, "--resume", cwd=small).returncode == 0


@pytest.mark.parametrize("command", ["train", "predict", "convert", "compile"])
def test_output_that_does_not_fit_leaves_the_one_before(command, lamina, small):
    outputs = [name for name in WRITTEN[command] if name.startswith("out.")]
    for out in outputs:
        (small / out).write_text("precious")
    arguments = [a for a in COMMANDS[command] if a not in ("--log", "log.csv", "--checkpoint", "kept")]
    done = limited(lamina, small, 50, *arguments)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] in [
        f"error: cannot write {out}: File too large" for out in outputs]
    for out in outputs:
        assert (small / out).read_text() == "precious"
    assert not list(small.glob("*.tmp"))


@pytest.fixture
def full_disk(tmp_path):
    """A function that mounts a file system of some KiB, and fills all but some bytes of it."""
    mounted = []

    def mount(kibibytes):
        folder = tmp_path / "disk"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", folder],
                              capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a file system here: {done.stderr}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def fill(folder):
    with open(folder / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


# What each option writes beside the training: the folder is on the disk that is full.
ON_DISK = {"--log": "disk/log.csv", "--tensorboard": "disk/events", "--checkpoint": "disk/kept",
           "--model-checkpoint": "disk/{epoch}.keras"}


@pytest.mark.parametrize("option", ON_DISK)
def test_full_disk(option, lamina, small, full_disk):
    disk = full_disk(24)
    (disk / "events/train").mkdir(parents=True)
    fill(disk)
    done = lamina.run("train", "model.json", "--data", "data.npz", "--epochs", 2, option,
                      ON_DISK[option], "-o", "out.keras", cwd=small)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith("error: cannot write disk/")
    assert errors[0].endswith(": No space left on device")
    if option != "--tensorboard":  # its file begins with a record: that is found out before
        assert (small / "out.keras").stat().st_size > 0
    assert not list(disk.rglob("*.tmp"))


def test_log_is_whole_again_when_there_is_space(lamina, small, full_disk):
    """Lines that did not fit come with the next one that does."""
    disk = full_disk(8)
    fill(disk)
    reading, writing = os.pipe()
    running = subprocess.Popen(
        [lamina.binary, "train", "model.json", "--data", "data.npz", "--epochs", "20000", "--log",
         "disk/log.csv", "--verbose", "0"], cwd=small, stderr=writing, text=True)
    os.close(writing)
    with os.fdopen(reading) as errors:
        assert errors.readline() == (
            "warning: cannot write disk/log.csv: No space left on device; the training goes on\n")
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        assert errors.read() == ""
    assert running.wait(TIME_LIMIT) == 0
    lines = (disk / "log.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,")
    assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(20000))
