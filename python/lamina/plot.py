"""Pictures of trainings, data, kernels and memory, by seaborn and matplotlib. Each function draws on
`ax`, or on new axes, and returns what it drew on."""
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns


def _axes(ax, width=6.4, height=4.0):
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def history(history, ax=None):
    """Losses and metrics by epoch, validation dashed. `history` is what `fit` returned, its
    `.history`, or a DataFrame such as `lamina train --log` writes. Returns an array of axes, one for
    each log."""
    logs = pd.DataFrame(getattr(history, "history", history))
    logs = logs.drop(columns="epoch", errors="ignore")
    names = [name for name in logs.columns if not name.startswith("val_")]
    if not names:
        raise ValueError("the history has no epochs")
    if ax is None:
        ax = plt.subplots(1, len(names), figsize=(4.2 * len(names), 3.2), layout="constrained",
                          squeeze=False)[1][0]
    axes = np.atleast_1d(ax)
    if len(axes) != len(names):
        raise ValueError(f"{len(names)} logs need as many axes, not {len(axes)}")
    for axis, name in zip(axes, names):
        for column, style in ((name, "-"), (f"val_{name}", "--")):
            if column in logs:
                sns.lineplot(x=np.arange(1, len(logs) + 1), y=logs[column], ax=axis, label=column,
                             linestyle=style)
        axis.set(xlabel="epoch", ylabel=name)
    return axes


def corr(data, method="pearson", ax=None):
    """The correlation matrix of a DataFrame's columns of numbers as a heat map. `method`: "pearson",
    "spearman" or "kendall"; pairs with a missing value are left out pairwise."""
    matrix = pd.DataFrame(data).corr(method=method, numeric_only=True)
    if matrix.empty:
        raise ValueError("there are no columns of numbers")
    size = 2.0 + 0.5 * len(matrix)
    return sns.heatmap(matrix, vmin=-1, vmax=1, cmap="vlag", square=True,
                       annot=len(matrix) <= 12, fmt=".2f", ax=_axes(ax, size + 1, size))


def kernels(step, function="train_step", ax=None, most=25):
    """Floating-point operations and bytes of a function's kernels, the largest `most` of them, in the
    order in which they run; each bar is a kernel, labelled by layer and family."""
    table = step.kernels().query("function == @function")
    if table.empty:
        raise ValueError(f"the step has no kernels of '{function}'")
    chosen = table.nlargest(most, "bytes").sort_index()
    labels = chosen["layer"].replace("", "-") + " " + chosen["family"]
    data = pd.DataFrame({"kernel": [f"{i}: {label}" for i, label in zip(chosen.index, labels)],
                         "KiB": chosen["bytes"] / 1024, "family": chosen["family"]})
    axis = _axes(ax, 7, 1 + 0.24 * len(data))
    sns.barplot(data, x="KiB", y="kernel", hue="family", dodge=False, ax=axis)
    axis.set(xlabel="KiB read and written for a full batch", ylabel="")
    return axis


def memory(step, function="train_step", ax=None):
    """The arena of a function: each buffer is a box over the waves in which it lives and the bytes
    that it takes."""
    table = step.memory_plan().query("function == @function")
    if table.empty:
        raise ValueError(f"the step has no buffers of '{function}'")
    axis = _axes(ax, 7, 4)
    colors = sns.color_palette("husl", len(table))
    for color, (_, row) in zip(colors, table.iterrows()):
        box = (row.first_wave, row.offset / 1024)
        axis.add_patch(plt.Rectangle(box, row.last_wave - row.first_wave + 1, row.bytes / 1024,
                                     facecolor=color, edgecolor="white", linewidth=0.5))
    axis.set(xlim=(0, table.last_wave.max() + 1), xlabel="wave", ylabel="KiB of the arena",
             ylim=(0, ((table.offset + table.bytes).max()) / 1024))
    return axis
