"""Which rows are kept for validation: the last ones, drawn ones, of each class the same part, whole groups, the
latest ones. A model whose metric counts what it is given tells which."""
import re

import numpy as np
import pandas
import pytest

import small_models as models

COUNT = 60


@pytest.fixture
def folder(tmp_path):
    """A row's target is its number, and a model that always says 0: mae is the mean of the numbers."""
    model = models.sequential(
        models.input_layer(1), models.dense("out", 1, kernel_initializer="zeros", trainable=True),
        optimizer=models.sgd(0.0), metrics=["mae"])
    models.write(tmp_path / "m.json", model)
    random = np.random.default_rng(3)
    table = pandas.DataFrame({"one": 1.0, "person": [f"p{i % 7}" for i in range(COUNT)],
                              "day": random.permutation(COUNT), "number": np.arange(COUNT)})
    table.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path


def validation_mean(lamina, folder, *more, data="d.csv", drop=("person", "day"), seed=1):
    done = lamina.run("train", "m.json", "--data", data, "--seed", seed, "--validation-split", 0.2, "--log",
                      "log.csv", *(["--drop", ",".join(drop)] if drop else []), *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    return pandas.read_csv(folder / "log.csv").iloc[-1]


def test_last(lamina, folder):
    log = validation_mean(lamina, folder)
    assert (log.val_mae, log.mae) == pytest.approx((np.arange(48, 60).mean(), np.arange(48).mean()))


def test_shuffled(lamina, folder):
    first, again, other = (validation_mean(lamina, folder, "--split", "shuffled", seed=seed)
                           for seed in (1, 1, 2))
    assert first.val_mae == again.val_mae != other.val_mae
    # All rows are in one part or the other.
    assert 12 * first.val_mae + 48 * first.mae == pytest.approx(np.arange(60).sum(), rel=1e-5)
    assert 15 < first.val_mae < 45


def test_grouped(lamina, folder):
    """Of seven persons two have at least 12 rows."""
    log = validation_mean(lamina, folder, "--split", "grouped", "--split-column", "person", drop=("day",))
    numbers = np.arange(COUNT)
    pairs = {(a, b): numbers[np.isin(numbers % 7, [a, b])] for a in range(7) for b in range(a)}
    wanted = [rows for rows in pairs.values() if np.isclose(rows.mean(), log.val_mae)]
    assert any(np.isclose(np.setdiff1d(numbers, rows).mean(), log.mae) for rows in wanted)


def test_time(lamina, folder):
    log = validation_mean(lamina, folder, "--split", "time", "--split-column", "day", drop=("person",))
    days = pandas.read_csv(folder / "d.csv").day
    assert log.val_mae == pytest.approx(np.arange(COUNT)[days >= 48].mean())
    np.savez(folder / "d.npz", x=np.ones((COUNT, 1)), y=np.arange(COUNT), day=days)
    log = validation_mean(lamina, folder, "--split", "time", "--split-column", "day", data="d.npz", drop=())
    assert log.val_mae == pytest.approx(np.arange(COUNT)[days >= 48].mean())


def test_stratified(lamina, tmp_path):
    """Iris as it is: sorted by class. The last rows have one class only."""
    rows = [f"{i * 7 % 60},{'abc'[i // 20]}\n" for i in range(60)]
    (tmp_path / "d.csv").write_text("n,kind\n" + "".join(rows))
    lamina("new", tmp_path / "d.csv", "--target", "kind", "-o", tmp_path / "m.keras")
    for kind, counts in [("last", [0, 0, 15]), ("stratified", [5, 5, 5])]:
        lamina("train", tmp_path / "m.keras", "--data", tmp_path / "d.csv", "--validation-split", 0.25,
               "--split", kind, "--run", tmp_path / kind)
        lamina("report", tmp_path / kind, "-o", tmp_path / "r.html")
        page = (tmp_path / "r.html").read_text()
        found = [sum(map(int, re.findall(r"rgba\([^)]*\)\">(\d+)</td>", page.split(f'<th scope="row">{name}</th>')[1]
                                         .split("</tr>")[0]))) for name in "abc"]
        assert found == counts


@pytest.mark.parametrize("more, status, message", [
    (["--split", "time"], 2, "--split time requires --split-column; see 'lamina help train'"),
    (["--split", "grouped", "--split-column", "nobody"], 1,
     "d.csv: there is no column 'nobody'; the file has one, person, day, number"),
    (["--split", "stratified", "--target", "one", "--drop", "person,day"], 1,
     "d.csv: line 2: a stratified split is by class numbers, and the target is 0.5; use --split shuffled"),
])
def test_refused(more, status, message, lamina, folder):
    text = (folder / "d.csv").read_text().replace("1.0,", "0.5,")
    (folder / "d.csv").write_text(text)
    done = lamina.run("train", "m.json", "--data", "d.csv", "--validation-split", 0.2, *more, cwd=folder)
    assert (done.returncode, done.stderr) == (status, f"error: {message}\n")
    done = lamina.run("train", "m.json", "--data", "d.csv", "--split", "shuffled", cwd=folder)
    assert (done.returncode, done.stderr) == (
        2, "error: --split requires --validation-split; see 'lamina help train'\n")


def test_no_key(lamina, folder):
    text = (folder / "d.csv").read_text().replace("p3", "?", 1)
    (folder / "d.csv").write_text(text)
    done = lamina.run("train", "m.json", "--data", "d.csv", "--drop", "day", "--validation-split", 0.2,
                      "--split", "grouped", "--split-column", "person", cwd=folder)
    assert done.stderr == ("error: d.csv: line 5: column 'person', by which rows are split, has no value\n")


def test_a_resumed_training_splits_the_same(lamina, folder):
    run = ["train", "m.json", "--data", "d.csv", "--drop", "person,day", "--validation-split", 0.2,
           "--checkpoint", "ck"]
    assert lamina.run(*run, "--split", "shuffled", cwd=folder).returncode == 0
    done = lamina.run(*run, "--resume", "--epochs", 2, cwd=folder)
    assert done.returncode == 1 and 'made with split "shuffled", this run has "last"' in done.stderr
