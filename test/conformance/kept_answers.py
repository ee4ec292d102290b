"""Keras' answers that outlive a build folder, as the compiler's cache outlives one: an archive a case,
named by all that the answers depend on (oracle_runs.py), so that a second checkout on the same machine need
not ask Keras again."""
import fnmatch
import os
import pathlib
import tempfile
import time
import zipfile

# What Keras writes (oracle.py, second_opinion.py), whatever Lamina says. Errors are asked for again.
FILES = ("model.keras", "tensorflow.*", "jax.*", "noise.*", "eager.*", "graph.*", "double.*",
         "opinion.json")
DAYS = 30  # that an archive stays without being used
MOST_BYTES = 32 << 20  # of a case's answers; those of the large applications are not kept


def default_folder():
    caches = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(caches) / "lamina-tests" / "keras"


def answers_in(folder):
    """Names of the files that Keras wrote for a case."""
    return {path.name for path in folder.iterdir()
            if not path.name.endswith(".error") and any(fnmatch.fnmatch(path.name, p) for p in FILES)}


class KeptAnswers:
    """Archives of answers in a folder; None for a folder keeps none."""

    def __init__(self, folder):
        self.folder = folder

    def take(self, key, case_folder):
        """Lays the kept answers under the key, if there are any, into the folder of a case."""
        if self.folder is None or not self._path(key).exists():
            return
        os.utime(self._path(key))
        try:
            with zipfile.ZipFile(self._path(key)) as archive:
                archive.extractall(case_folder)
        except zipfile.BadZipFile:
            self._path(key).unlink()

    def keep(self, key, case_folder):
        """Keeps the answers in the folder of a case if they are more than those that are kept."""
        names = answers_in(case_folder)
        if self.folder is None or not names or names <= self._names(key):
            return
        if sum((case_folder / name).stat().st_size for name in names) > MOST_BYTES:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="partial.", delete=False) as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name in sorted(names):
                    archive.write(case_folder / name, name)
        os.replace(file.name, self._path(key))

    def prune(self):
        """Removes what nobody has used for a while, and what an interrupted run left half-written."""
        if self.folder is None or not self.folder.exists():
            return
        oldest = time.time() - DAYS * 24 * 3600
        for path in self.folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _names(self, key):
        if not self._path(key).exists():
            return set()
        with zipfile.ZipFile(self._path(key)) as archive:
            return set(archive.namelist())

    def _path(self, key):
        return self.folder / f"{key}.zip"
