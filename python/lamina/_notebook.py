"""How steps show themselves in notebooks."""
import html

import numpy as np


def format_bytes(count):
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GiB"


def step_html(step):
    """A table of inputs, outputs, parameters and memory."""
    core = step._core
    parameters = sum(int(np.prod(shape, dtype=np.int64)) for _, _, _, shape, _, of_optimizer
                     in core.variables if not of_optimizer)
    rows = [("inputs", ", ".join(f"{s.name}: {s}" for s in step.input_specs)),
            ("outputs", ", ".join(f"{s.name}: {s}" for s in step.output_specs)),
            ("logs", ", ".join(step.metrics_names) or "none: no loss"),
            ("parameters", f"{parameters:,}"),
            ("batches", f"up to {step.batch_size} rows, {step.threads} threads"),
            ("memory", f"{format_bytes(core.state_bytes)} of state, "
                       f"{format_bytes(core.workspace_bytes)} for a step")]
    cells = "".join(f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>"
                    f"{html.escape(text)}</td></tr>" for name, text in rows)
    return f"<table><caption>lamina.Step of {html.escape(step.name)}</caption>{cells}</table>"
