"""Answers of Keras that outlive a build folder: what they depend on, what is kept and given back."""
import os
import pathlib
import time
import zipfile

import pytest

from case import CASES
from kept_answers import DAYS, MOST_BYTES, KeptAnswers
from oracle_runs import fingerprint
from sources import HERE, with_imports


@pytest.fixture
def answered(tmp_path):
    """The folder of a case with two answers, an error, and what Lamina wrote."""
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("model.keras", "tensorflow.npz", "jax.error", "lamina.keras", "stamp"):
        (folder / name).write_text(f"content of {name}")
    return folder


def fresh(folder):
    folder.mkdir()
    return folder


def test_round_trip(answered, tmp_path):
    kept = KeptAnswers(tmp_path / "kept")
    kept.keep("key", answered)
    other = fresh(tmp_path / "other")
    kept.take("another key", other)
    assert not list(other.iterdir())
    kept.take("key", other)
    assert {p.name: p.read_text() for p in other.iterdir()} == {
        "model.keras": "content of model.keras", "tensorflow.npz": "content of tensorflow.npz"}


def test_later_answers_are_added(answered, tmp_path):
    kept = KeptAnswers(tmp_path / "kept")
    kept.keep("key", answered)
    (answered / "opinion.json").write_text("{}")
    kept.keep("key", answered)
    other = fresh(tmp_path / "other")
    kept.take("key", other)
    assert (other / "opinion.json").exists()
    assert [p.name for p in (tmp_path / "kept").iterdir()] == ["key.zip"]


def test_damaged_archives_are_removed(tmp_path):
    (tmp_path / "key.zip").write_text("no archive")
    kept, other = KeptAnswers(tmp_path), fresh(tmp_path / "other")
    kept.take("key", other)
    assert not list(other.iterdir()) and not (tmp_path / "key.zip").exists()


def test_unused_archives_are_removed(answered, tmp_path):
    kept = KeptAnswers(tmp_path / "kept")
    for key, days in (("old", DAYS + 1), ("new", DAYS - 1)):
        kept.keep(key, answered)
        then = time.time() - days * 24 * 3600
        os.utime(tmp_path / "kept" / f"{key}.zip", (then, then))
    kept.prune()
    assert [p.name for p in (tmp_path / "kept").iterdir()] == ["new.zip"]


def test_large_answers_are_not_kept(answered, tmp_path):
    with (answered / "model.keras").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    KeptAnswers(tmp_path / "kept").keep("key", answered)
    assert not (tmp_path / "kept" / "key.zip").exists()


def test_nothing_is_kept_without_a_folder(answered, tmp_path):
    kept = KeptAnswers(None)
    kept.keep("key", answered)
    kept.take("key", fresh(tmp_path / "other"))
    kept.prune()
    assert not list((tmp_path / "other").iterdir())


def declared_in(case):
    return {str(file.relative_to(HERE)) for file in with_imports(case.files)}


@pytest.mark.parametrize("name, files", [
    ("ops_arithmetic", {"cases/operations/operations.py", "case.py"}),
    ("random_model_3", {"cases/random_models.py", "case.py"}),
    ("random_sequence_3", {"cases/random_sequences.py", "cases/random_models.py",
                           "cases/layers/masks.py"}),
])
def test_files_of_a_case(name, files):
    assert files <= declared_in(CASES[name])
    assert "cases/training/losses.py" not in declared_in(CASES[name])


def test_every_case_knows_the_file_that_declares_it():
    for case in CASES.values():
        named = pathlib.Path(case.build.__code__.co_filename)
        assert named in with_imports(case.files), case.name
        assert {file.name for file in case.files} != {"__init__.py"}, case.name


def test_fingerprints_differ():
    assert len({fingerprint(case) for case in CASES.values()}) == len(CASES)


def test_archives_have_plain_names(answered, tmp_path):
    KeptAnswers(tmp_path / "kept").keep("key", answered)
    with zipfile.ZipFile(tmp_path / "kept" / "key.zip") as archive:
        assert archive.namelist() == ["model.keras", "tensorflow.npz"]
