"""Progress of training and evaluation, in the form of Keras' bar."""
import sys
import time

WIDTH = 20
SECONDS_BETWEEN = 0.1


def format_logs(logs):
    return "".join(f" - {name}: {value:.4f}" if abs(value) > 1e-3 or value == 0
                   else f" - {name}: {value:.4e}" for name, value in logs.items())


def format_time(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.0f}{unit}"
    return f"{seconds * 1e6:.0f}us"


class Progress:
    """Writes to standard output: nothing for `verbose` 0, a bar for 1, a line an epoch for 2. The bar
    moves where somebody looks: in terminals and notebooks."""

    def __init__(self, verbose, steps):
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.steps = steps
        self.begin = self.drawn = time.perf_counter()
        self.moves = self.verbose == 1 and ("ipykernel" in sys.modules or sys.stdout.isatty())
        self.width = 0

    def head(self, text):
        if self.verbose:
            print(text, flush=True)

    def update(self, step, logs):
        """`logs` is called where they are shown."""
        now = time.perf_counter()
        if self.moves and now - self.drawn >= SECONDS_BETWEEN:
            self.drawn = now
            self._write("\r", step, logs(), "")

    def end(self, step, logs):
        if self.verbose:
            self._write("\r" if self.moves else "", step, logs, "\n")

    def _write(self, start, step, logs, end):
        total = self.steps or step
        text = f"{step}/{self.steps or ('Unknown' if not end else step)}"
        if self.verbose == 1:
            full = WIDTH * step // max(total, 1)
            text += f" {'━' * full}{'─' * (WIDTH - full)}"
        seconds = time.perf_counter() - self.begin
        text += f" {seconds:.0f}s {format_time(seconds / max(step, 1))}/step{format_logs(logs)}"
        print(start + text.ljust(self.width), end=end, flush=True)
        self.width = len(text)
