"""Times single kernels beside OpenBLAS and oneDNN and prints tables.

    python bench/kernels.py [--binary build/bin/kernel_bench] [--filter REGEX] [--threads 1,2]
                            [--min-time SECONDS] [--rounds N] [--json build/kernels.json]
                            [--document docs/benchmarks.md]

Figures are GFLOP/s with the share of the multiply-add peak that was measured in the same process,
and GB/s for what is bound by memory. Code for older processors (lamina_v1: x86-64 without
extensions; lamina_v3: AVX2, where the processor has AVX-512) is compared with the peak of their
instructions. A document also gets a picture, beside it with the ending .svg
(matplotlib); nothing else needs more than the standard library.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="build/bin/kernel_bench")
    parser.add_argument("--filter", default=".", help="kernels to time, as a regular expression")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--min-time", type=float, default=0.2, help="seconds for each figure")
    parser.add_argument("--rounds", type=int, default=1,
                        help="how often all is timed, at different times; the best figure counts")
    parser.add_argument("--json", help="file for Google Benchmark's results")
    parser.add_argument("--document", help="page for the tables and the machine they come from")
    return parser.parse_args()


CONTENDERS = ("lamina", "lamina_direct", "onednn", "openblas")
OLDER = ("lamina_v1", "lamina_v3")


def run_once(arguments):
    """Google Benchmark's results, one dict a benchmark. Every contender has a process of its own: the
    libraries' teams of threads go on waiting actively after their turn."""
    results = []
    teams = "|".join(arguments.threads.split(","))
    for contender in CONTENDERS + OLDER:
        command = [arguments.binary, "--benchmark_format=json",
                   f"--benchmark_min_time={arguments.min_time}",
                   f"--benchmark_filter=({arguments.filter}).*/{contender}/threads:({teams})/"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {arguments.binary} failed ({done.returncode}): {done.stderr.strip()}")
        if done.stdout.strip():
            results += json.loads(done.stdout)["benchmarks"]
    if not results:
        sys.exit(f"error: no kernel matches '{arguments.filter}' with {arguments.threads} threads")
    return results


def rate(result):
    return result.get("FLOP/s", result.get("bytes/s", 0))


def run(arguments):
    """The best of all rounds, benchmark by benchmark; "peak" becomes the share of the largest peak
    that was measured with as many threads and the same instructions."""
    best, peaks = {}, {}
    for _ in range(arguments.rounds):
        for result in run_once(arguments):
            name = result["name"]
            if name not in best or rate(result) > rate(best[name]):
                best[name] = result
            if result.get("peak"):
                peak = peak_of(name)
                peaks[peak] = max(peaks.get(peak, 0), result["FLOP/s"] / result["peak"])
    for name, result in best.items():
        if result.get("peak"):
            result["peak"] = result["FLOP/s"] / peaks[peak_of(name)]
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"benchmarks": list(best.values())}, file, indent=1)
    return list(best.values())


def threads_of(name):
    return int(name.split("/")[3].split(":")[1])


def peak_of(name):
    """What a figure is a share of: as many threads, and the instructions of the processor or of an
    older one."""
    contender = name.split("/")[2]
    return threads_of(name), contender if contender in OLDER else None


def figure(result):
    if result.get("error_occurred"):
        return "failed"
    if "bytes/s" in result:
        return f"{result['bytes/s'] / 1e9:.1f}"
    return f"{result['FLOP/s'] / 1e9:.1f} ({100 * result['peak']:.0f} %)"


def table_of(title, results):
    """Lines of a table. `results`: (kernel, direction) -> (contender, threads) -> text."""
    columns = sorted({column for row in results.values() for column in row},
                     key=lambda column: (column[1], column[0] != "lamina", column[0]))
    names = [f"{name}, {threads} thread{'s' * (threads != 1)}" for name, threads in columns]
    lines = ["", f"**{title}**", "", f"| kernel | direction | {' | '.join(names)} |",
             "|---|---|" + "---:|" * len(columns)]
    for (kernel, direction), row in results.items():
        figures = " | ".join(row.get(column, "") for column in columns)
        lines.append(f"| {kernel} | {direction} | {figures} |")
    return lines


def processor():
    """The processor's name as the system gives it."""
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else "unknown processor"


DIRECTIONS = {"forward": "forward", "by_data": "by data", "by_weights": "by weights"}
MARKS = dict(zip(CONTENDERS, "o.x+"))


def draw(path, shares):
    """Shares of the peak, a panel for each direction and number of threads. `shares`: (threads,
    direction, contender) -> kernel -> share."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    matplotlib.rcParams.update({"svg.fonttype": "none", "font.size": 8})
    kernels = list(dict.fromkeys(kernel for row in shares.values() for kernel in row))
    places = {kernel: len(kernels) - number for number, kernel in enumerate(kernels)}
    teams = sorted({threads for threads, _, _ in shares})
    figure, panels = pyplot.subplots(len(teams), len(DIRECTIONS), sharex=True, sharey=True,
                                     squeeze=False, layout="constrained",
                                     figsize=(10, len(teams) * (1 + 0.17 * len(kernels))))
    for line, threads in zip(panels, teams):
        for panel, (direction, title) in zip(line, DIRECTIONS.items()):
            panel.set_title(f"{title}, {threads} thread{'s' * (threads != 1)}")
            panel.set_yticks(list(places.values()), list(places))
            panel.grid(alpha=0.3)
            panel.axvline(1, color="grey", linewidth=0.8)
            for contender, mark in MARKS.items():
                row = shares.get((threads, direction, contender), {})
                panel.plot(list(row.values()), [places[kernel] for kernel in row], mark,
                           label=contender, markersize=5)
    for panel in panels[-1]:
        panel.set_xlabel("share of the multiply-add peak")
        panel.set_xlim(left=0)
    panels[0][0].legend()
    figure.savefig(path, metadata={"Date": None})


def write_document(path, tables):
    loads = os.getloadavg()
    picture = pathlib.Path(path).with_suffix(".svg").name
    with open(path, "w") as file:
        file.write("# Single kernels\n\nWritten by `./dev bench kernels --document FILE`; what is "
                   "measured and how stands in `bench/README.md`.\n\n"
                   f"Processor: {processor()}, {os.cpu_count()} of its cores; load of the last "
                   f"minute at the end {loads[0]:.1f} (what other programs add to one takes part "
                   "of caches and bandwidth).\n\n"
                   f"![Shares of the peak]({picture})\n")
        file.write("\n".join(tables) + "\n")


def main():
    arguments = parse_arguments()
    flops, older, memory = ("GFLOP/s (share of the peak)",
                            "For older processors: GFLOP/s (share of their peak)", "GB/s")
    tables = {flops: {}, older: {}, memory: {}}
    shares = {}
    for result in run(arguments):
        kernel, direction, contender = result["name"].split("/")[:3]
        title = memory if "bytes/s" in result else older if contender in OLDER else flops
        row = tables[title].setdefault((kernel, direction), {})
        threads = threads_of(result["name"])
        row[contender, threads] = figure(result)
        if "peak" in result and contender not in OLDER:
            shares.setdefault((threads, direction, contender), {})[kernel] = result["peak"]
        if result.get("error_occurred"):
            print(f"{result['name']}: {result['error_message']}", file=sys.stderr)
    lines = [line for title, results in tables.items() if results
             for line in table_of(title, results)]
    print("\n".join(lines))
    if arguments.document:
        write_document(arguments.document, lines)
        draw(pathlib.Path(arguments.document).with_suffix(".svg"), shares)


if __name__ == "__main__":
    main()
