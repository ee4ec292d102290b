"""What a run writes: never over what it reads, into one folder of checkpoints at a time; options that
mean nothing for the data at hand are told."""
import os
import signal
import subprocess

import numpy as np
import pytest

import small_models as models
from lamina import TIME_LIMIT


@pytest.fixture
def small(tmp_path):
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(4), models.dense("out", 1), optimizer=models.sgd(0.01)))
    random = np.random.default_rng(0)
    x = random.standard_normal((64, 4)).astype("float32")
    models.write_data(tmp_path / "data.npz", x=x, y=x[:, 0])
    (tmp_path / "data.csv").write_text("a,b,c,d,y\n" + "".join(
        ",".join(f"{v:.4f}" for v in [*row, row[0]]) + "\n" for row in x))
    (tmp_path / "data.arff").write_text("@relation r\n" + "".join(
        f"@attribute {name} real\n" for name in "abcdy") + "@data\n1,2,3,4,5\n6,7,8,9,0\n")
    return tmp_path


@pytest.fixture
def model(lamina, small):
    lamina("convert", small / "model.json", small / "model.keras")
    return small


TRAIN = ["train", "model.keras", "--data", "data.csv"]
OVERWRITING = {
    "log_data": ([*TRAIN, "--log", "data.csv"], "data.csv",
                 "the file of --log would overwrite that of --data"),
    "log_by_another_path": ([*TRAIN, "--log", "./folder/../data.csv"], "./folder/../data.csv",
                            "the file of --log would overwrite that of --data"),
    "log_by_a_link": ([*TRAIN, "--log", "link"], "link",
                      "the file of --log would overwrite that of --data"),
    "log_by_a_hard_link": ([*TRAIN, "--log", "hard"], "hard",
                           "the file of --log would overwrite that of --data"),
    "validation_data": ([*TRAIN, "--validation-data", "other.csv", "--log", "other.csv"], "other.csv",
                        "the file of --log would overwrite that of --validation-data"),
    "model": ([*TRAIN, "-o", "model.keras"], "model.keras",
              "the file of --output would overwrite that of MODEL"),
    "model_checkpoint": ([*TRAIN, "--model-checkpoint", "model.keras"], "model.keras",
                         "the file of --model-checkpoint would overwrite that of MODEL"),
    "two_outputs": ([*TRAIN, "--model-checkpoint", "out.keras", "-o", "out.keras"], "out.keras",
                    "the file of --model-checkpoint is also that of --output"),
    "checkpoint": (["train", "model.keras", "--data", "kept/checkpoint.npz", "--checkpoint", "kept"],
                   "kept/checkpoint.npz", "the file of --checkpoint would overwrite that of --data"),
    "predict": (["predict", "model.keras", "--data", "data.csv", "-o", "data.csv"], "data.csv",
                "the file of --output would overwrite that of --data"),
    "compile": (["compile", "model.keras", "-o", "model.keras"], "model.keras",
                "the file of --output would overwrite that of MODEL"),
    "convert": (["convert", "model.keras", "model.keras"], "model.keras",
                "the file of OUT would overwrite that of MODEL"),
    "weights": (["convert", "model.json", "model.keras", "--weights", "model.keras"], "model.keras",
                "the file of OUT would overwrite that of --weights"),
    "trace": (["bench", "model.keras", "--trace", "model.keras"], "model.keras",
              "the file of --trace would overwrite that of MODEL"),
}


@pytest.mark.parametrize("name", OVERWRITING)
def test_overwriting(name, lamina, model):
    arguments, path, reason = OVERWRITING[name]
    (model / "folder").mkdir()
    (model / "link").symlink_to("data.csv")
    os.link(model / "data.csv", model / "hard")
    (model / "other.csv").write_bytes((model / "data.csv").read_bytes())
    (model / "kept").mkdir()
    (model / "kept/checkpoint.npz").write_bytes((model / "data.npz").read_bytes())
    before = {p: p.read_bytes() for p in model.rglob("*") if p.is_file()}
    done = lamina.run(*arguments, cwd=model)
    assert done.returncode == 1
    assert done.stderr == f"error: cannot write {path}: {reason}; choose another name\n"
    assert {p: p.read_bytes() for p in model.rglob("*") if p.is_file()} == before


def test_model_checkpoint_whose_name_becomes_an_input(lamina, model):
    (model / "2.keras").write_bytes((model / "model.keras").read_bytes())
    before = (model / "2.keras").read_bytes()
    done = lamina.run("train", "2.keras", "--data", "data.csv", "--epochs", 3, "--model-checkpoint",
                      "{epoch}.keras", "-o", "out.keras", cwd=model)
    assert done.returncode == 0, "the third epoch's could be written"
    assert ("warning: cannot write 2.keras: the file of --model-checkpoint would overwrite that of "
            "MODEL; choose another name; the training goes on\n") in done.stderr
    assert (model / "2.keras").read_bytes() == before
    assert (model / "1.keras").exists() and (model / "3.keras").exists()


def test_devices_may_be_named_twice(lamina, model):
    assert lamina.run(*TRAIN, "--log", "/dev/null", "--validation-data", "data.csv", cwd=model,
                      ).returncode == 0


EMPTY = {"-o": "--output", "--log": "--log", "--tensorboard": "--tensorboard",
         "--checkpoint": "--checkpoint", "--weights": "--weights",
         "--validation-data": "--validation-data"}


@pytest.mark.parametrize("option", EMPTY)
def test_empty_names(option, lamina, small):
    done = lamina.run("train", "model.json", "--data", "data.csv", option, "", cwd=small)
    assert done.returncode == 2
    assert done.stderr == f"error: {EMPTY[option]}: the name is empty; see 'lamina help train'\n"


@pytest.mark.parametrize("arguments", [["--log", "--epochs", "1"], ["--log=", "--epochs", "1"],
                                       ["--epochs", "1", "--log", "--epochs"]])
def test_name_that_was_forgotten(arguments, lamina, small):
    before = sorted(small.iterdir())
    done = lamina.run("train", "model.json", "--data", "data.npz", *arguments, cwd=small)
    assert done.returncode == 2
    assert done.stderr == ("error: --log: the name is missing before --epochs; a file of that name is "
                           "./--epochs; see 'lamina help train'\n")
    assert sorted(small.iterdir()) == before


TEXT_OPTIONS = {"--target": "4", "--drop": "0", "--classes": "a,b", "--delimiter": ";",
                "--missing": "drop", "--header": None, "--no-header": None}


@pytest.mark.parametrize("option", TEXT_OPTIONS)
@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_options_for_text_files(command, option, lamina, small):
    value = [TEXT_OPTIONS[option]] if TEXT_OPTIONS[option] else []
    out = ["-o", "out.csv"] if command == "predict" else []
    done = lamina.run(command, "model.json", "--data", "data.npz", option, *value, *out, cwd=small)
    assert done.returncode == 1
    assert done.stderr == (f"error: data.npz: {option} is for text files, and this file holds arrays; "
                           "leave it out\n")


def test_options_for_delimited_text(lamina, small):
    lamina("convert", small / "model.json", small / "model.keras")
    for option in (["--delimiter", ","], ["--header"], ["--no-header"]):
        done = lamina.run("train", "model.json", "--data", "data.arff", *option, cwd=small)
        assert done.returncode == 1
        assert done.stderr == (f"error: data.arff: {option[0]} is for other text files, an ARFF file "
                               "says this itself; leave it out\n")


def test_numbers_above_wider_rows(lamina, small):
    (small / "counts.csv").write_text("2,4\n1,2,3,4,0\n5,6,7,8,1\n")
    done = lamina.run("train", "model.json", "--data", "counts.csv", cwd=small)
    assert done.returncode == 1
    assert done.stderr == "error: counts.csv: line 2: 5 values, but the rows before have 2\n"


def test_one_run_in_a_checkpoint_folder(lamina, small):
    long_run = ["train", "model.json", "--data", "data.npz", "--checkpoint", "kept", "--epochs"]
    running = subprocess.Popen([lamina.binary, *long_run, "100000000", "--verbose", "2"], cwd=small,
                               stderr=subprocess.PIPE, text=True)
    try:
        while "Epoch 3/" not in running.stderr.readline():
            assert running.poll() is None
        done = lamina.run(*long_run, 1, cwd=small)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            "error: cannot write kept: another training keeps its checkpoints there; wait for its "
            "end, or use another folder")
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait(TIME_LIMIT)
        running.stderr.close()
    done = lamina.run(*long_run, 1, "--resume", cwd=small)
    assert done.returncode == 0, "a run that was killed holds no lock"
    assert [p.name for p in (small / "kept").iterdir()] == ["checkpoint.npz"]


def learning_rates(path):
    header, *rows = path.read_text().splitlines()
    column = header.split(",").index("learning_rate")
    return [float(row.split(",")[column]) for row in rows]


def test_learning_rate_of_a_resumed_training(lamina, small):
    """Another rate than before is taken over; the same command again changes nothing."""
    arguments = ["train", small / "model.json", "--data", small / "data.npz", "--checkpoint",
                 small / "kept", "--log", small / "log.csv", "--learning-rate-scheduler",
                 "factor=0.5,start-from-epoch=1", "--learning-rate", 0.5, "--epochs"]
    lamina(*arguments, 2)
    lamina(*arguments, 3, "--resume")
    assert learning_rates(small / "log.csv") == [0.5, 0.25, 0.125]
    lamina(*arguments, 4, "--resume", "--learning-rate", 2)
    assert learning_rates(small / "log.csv") == [0.5, 0.25, 0.125, 1]


def test_killed_runs_lose_nothing(lamina, small):
    """Kills at random moments, and runs that go on: the same files as those of one run, no others."""
    random = np.random.default_rng(3)
    arguments = ["train", "../model.json", "--data", "../data.npz", "--epochs", "600", "--batch-size",
                 "8", "--log", "log.csv", "--verbose", "0", "-o", "out.keras"]
    for folder in ("whole", "killed"):
        (small / folder).mkdir()
    assert lamina.run(*arguments, cwd=small / "whole").returncode == 0
    arguments += ["--checkpoint", "kept", "--checkpoint-steps", "3", "--resume"]
    for _ in range(6):
        running = subprocess.Popen([lamina.binary, *arguments], cwd=small / "killed")
        try:
            running.wait(0.1 + 0.3 * random.random())
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(TIME_LIMIT)
    assert lamina.run(*arguments, cwd=small / "killed").returncode == 0
    for name in ("log.csv", "out.keras"):
        assert (small / "killed" / name).read_bytes() == (small / "whole" / name).read_bytes(), name
    assert sorted(p.name for p in (small / "killed").rglob("*")) == [
        "checkpoint.npz", "kept", "log.csv", "out.keras"]


def test_file_that_a_killed_run_has_left(lamina, small):
    for name in ("out.keras.4000000-0.tmp", "out.keras.old.tmp", "other.keras.4000000-0.tmp"):
        (small / name).write_text("half")
    lamina("train", small / "model.json", "--data", small / "data.npz", "-o", small / "out.keras")
    assert sorted(p.name for p in small.glob("*.tmp")) == ["other.keras.4000000-0.tmp",
                                                           "out.keras.old.tmp"]
