"""The record of how far other answers of Keras are from that on TensorFlow, those of JAX or those with
noise (Case.noise): the measure of the error rule.

JAX compiles the functions of each case for seconds, several times as long as everything else that a
case takes. So the differences are kept in differences.json, one line a case, and measured for the
cases without a valid line and for a sample that changes from day to day. `./dev test --record`
measures all cases that are tested and renews their lines.
"""
import hashlib
import json
import pathlib
import time
import zipfile
import zlib
from importlib import metadata

FILE = pathlib.Path(__file__).with_name("differences.json")
SAMPLES = 64  # days until every case has been measured once
EVERY = "every"


def sample_of_today():
    """The number of the sample that is due; EVERY stands for all cases."""
    return str(int(time.time() // 86400) % SAMPLES)


def stamp(case, model):
    """What a difference depends on: the model's configuration, the data, the settings of the case,
    the versions of Keras and its backends. `model` is the case's .keras file."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(model) as archive:
        config = json.loads(archive.read("config.json"))
    versions = [metadata.version(package) for package in ("keras", "tensorflow-cpu", "jax")]
    for part in (without_identities(config), case.name, case.batch_size, case.epochs, case.resume,
                 case.predict_only, versions, *filter(None, [case.class_weight, case.noise])):
        digest.update(json.dumps(part, sort_keys=True).encode())
    for part in case.parts():
        for array in [a for arrays in part or () for a in arrays]:
            digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def without_identities(config):
    """A configuration without the addresses by which Keras marks shared objects."""
    if isinstance(config, dict):
        return {k: without_identities(v) for k, v in config.items() if k != "shared_object_id"}
    return [without_identities(v) for v in config] if isinstance(config, list) else config


class Record:
    def __init__(self):
        self.lines = json.loads(FILE.read_text()) if FILE.exists() else {}

    def find(self, case, model):
        """The differences by quantity, none where Keras on JAX cannot run the case; None when there
        is no line for the case as it is."""
        line = self.lines.get(case.name)
        return line["differences"] if line and line["stamp"] == stamp(case, model) else None

    def spares(self, case, model, sample):
        """Whether a difference is recorded and the case is not in the sample that runs all the same;
        False where there is no model."""
        return (sample not in (EVERY, str(zlib.crc32(case.name.encode()) % SAMPLES))
                and model.exists() and self.find(case, model) is not None)

    def set(self, case, model, differences):
        """Three digits are enough for a limit."""
        rounded = {name: float(f"{value:.3g}") for name, value in differences.items()}
        self.lines[case.name] = {"stamp": stamp(case, model), "differences": rounded}

    def write(self, names):
        """Writes the file with the lines of the cases that still exist."""
        lines = [f"{json.dumps(name)}: {json.dumps(self.lines[name], sort_keys=True)}"
                 for name in sorted(self.lines) if name in names]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
