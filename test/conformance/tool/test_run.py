"""Runs that lose nothing: `train --run`, Ctrl-C, the last checkpoints, logs and events, and the page that
`lamina report` makes of a run."""
import hashlib
import html.parser
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import numpy as np
import pandas
import pytest

import small_models as models

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")


def write_table(path, rows=90):
    random = np.random.default_rng(4)
    data = pandas.DataFrame({"a": random.normal(size=rows).round(3), "b": random.normal(size=rows).round(3)})
    data["kind"] = np.where(data.a + 0.2 * data.b > 0, "<up>", "down & out")
    data.to_csv(path, index=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory, request):
    """A finished run of a classifier, and its page."""
    from lamina import Lamina
    lamina = Lamina(pathlib.Path(request.config.getoption("--lamina")))
    folder = tmp_path_factory.mktemp("run")
    write_table(folder / "d.csv")
    lamina("new", folder / "d.csv", "-o", folder / "m.keras")
    lamina("train", folder / "m.keras", "--data", folder / "d.csv", "--target", "kind", "--epochs", 12,
           "--validation-split", 0.2, "--run", folder / "run", "--keep-checkpoints", 3, "--seed", 5)
    lamina("report", folder / "run", "-o", folder / "page.html")
    return folder


def test_record(run):
    record = json.loads((run / "run/run.json").read_text())
    assert (record["status"], record["batch_size"], record["seed"]) == ("finished", 32, 5)
    assert "--epochs=12" in record["arguments"] and "--target=kind" in record["arguments"]
    for part, name in [("data", "d.csv"), ("model", "m.keras")]:
        assert record[part]["path"] == str(run / name)
        assert record[part]["sha256"] == hashlib.sha256((run / name).read_bytes()).hexdigest()
    assert (record["data"]["rows"], record["validation"]["rows"]) == (72, 18)
    assert record["machine"]["threads"] >= 1 and record["machine"]["memory_bytes"] > 2**28
    assert record["versions"].startswith("lamina ") and record["seconds"] > 0


def test_logs(run):
    lines = [json.loads(line) for line in (run / "run/log.jsonl").read_text().splitlines()]
    csv = pandas.read_csv(run / "run/log.csv")
    assert [line["epoch"] for line in lines] == list(range(12)) == list(csv.epoch)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [line[name] for line in lines] == list(csv[name])
    assert all(line["seconds"] > 0 for line in lines)


def test_a_log_of_json_lines(lamina, run, tmp_path):
    lamina("train", run / "m.keras", "--data", run / "d.csv", "--log", tmp_path / "log.jsonl", "--epochs", 2)
    assert [sorted(json.loads(line)) for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        ["accuracy", "epoch", "loss", "seconds"]] * 2


def test_the_last_checkpoints(run):
    kept = sorted(path.name for path in (run / "run/checkpoint").iterdir())
    assert kept == [f"checkpoint-0000{epoch}-000000.npz" for epoch in (10, 11, 12)] + ["checkpoint.npz"]
    epochs = [json.loads(np.load(run / "run/checkpoint" / name)["meta"].tobytes())["position"]["epoch"]
              for name in kept]
    assert epochs == [10, 11, 12, 12]


EVENTS = """
import pathlib, sys
import numpy as np
from tensorflow.core.util import event_pb2
from tensorflow.compat.v1.io import tf_record_iterator
for part in ("train", "validation"):
    file, = (pathlib.Path(sys.argv[1]) / part).iterdir()
    for record in tf_record_iterator(str(file)):
        event = event_pb2.Event.FromString(record)
        if event.graph_def:
            from tensorflow.core.framework import graph_pb2
            graph = graph_pb2.GraphDef.FromString(event.graph_def)
            print("graph", *[f"{n.name}:{n.op}:{','.join(n.input)}" for n in graph.node])
        for value in event.summary.value:
            if value.HasField("histo"):
                h = value.histo
                assert len(h.bucket_limit) == len(h.bucket) and sum(h.bucket) == h.num
                assert h.min <= h.sum / h.num <= h.max <= h.bucket_limit[-1]
                print("histo", event.step, value.tag, int(h.num))
            else:
                print("scalar", event.step, value.tag, part)
"""


def test_tensorboard_events(run):
    """As TensorFlow reads them."""
    done = subprocess.run([os.sys.executable, "-c", EVENTS, run / "run/tensorboard"], check=True, text=True,
                          capture_output=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    lines = done.stdout.splitlines()
    assert lines[0] == ("graph inputs:InputLayer: scale_inputs:Normalization:inputs "
                        "hidden_1:Dense:scale_inputs hidden_2:Dense:hidden_1 output:Dense:hidden_2")
    for epoch in range(12):
        assert f"histo {epoch} hidden_1/kernel/histogram 32" in lines
        assert f"scalar {epoch} epoch_loss train" in lines
        assert f"scalar {epoch} epoch_accuracy validation" in lines


def test_another_run_in_the_folder(lamina, run):
    done = lamina.run("train", run / "m.keras", "--data", run / "d.csv", "--run", run / "run")
    assert (done.returncode, done.stderr) == (1, (
        f"error: cannot write {run}/run: it holds a run already; go on with it by --resume, or choose "
        "another folder\n"))


@pytest.mark.parametrize("option", [["--resume"], ["--keep-checkpoints", "2"], ["--checkpoint-steps", "2"]])
def test_options_that_need_a_folder(option, lamina, run):
    done = lamina.run("train", "m.keras", "--data", "d.csv", *option, cwd=run)
    assert (done.returncode, done.stderr) == (
        2, f"error: {option[0]} requires --checkpoint or --run; see 'lamina help train'\n")
    done = lamina.run("train", "m.keras", "--data", "d.csv", "--histogram-epochs", 1, cwd=run)
    assert (done.returncode, done.stderr) == (
        2, "error: --histogram-epochs requires --tensorboard or --run; see 'lamina help train'\n")


@contextlib.contextmanager
def long_training(lamina, folder, interrupt, *more):
    """A training that has begun, with `interrupt` as what its shell does about Ctrl-C; it ends here."""
    model = models.sequential(models.input_layer(64), models.dense("h", 256), models.dense("out", 1))
    models.write(folder / "big.json", model)
    random = np.random.default_rng(0)
    np.savez(folder / "big.npz", x=random.normal(size=(4000, 64)).astype("float32"),
             y=random.normal(size=(4000, 1)).astype("float32"))
    command = [lamina.binary, "train", "big.json", "--data", "big.npz", "--epochs", 100000, "--seed", 1,
               "--verbose", 0, *more]
    process = subprocess.Popen([str(part) for part in command], cwd=folder, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt))
    first = folder / "run/checkpoint/checkpoint.npz"
    until = time.monotonic() + 60
    while not first.exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c(number, lamina, tmp_path):
    with long_training(lamina, tmp_path, signal.SIG_DFL, "--run", "run") as process:
        process.send_signal(number)
        error = process.communicate(timeout=60)[1]
    state = np.load(tmp_path / "run/checkpoint/checkpoint.npz")
    position = json.loads(state["meta"].tobytes())["position"]
    epochs = position["epoch"]
    assert process.returncode == 1
    assert error == (
        f"error: big.json: interrupted after {epochs} of 100000 epochs; run/model.keras has the model; the "
        "same command with --resume goes on from run/checkpoint\n")
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["status"] == "interrupted" and error == f"error: {record['error']}\n"
    # What was done until then and the rest are the same as all in one go.
    wanted = epochs + 1
    again = ["big.json", "--data", "big.npz", "--epochs", wanted, "--seed", 1, "--verbose", 0]
    for more in (["--run", "run", "--resume", "-o", "part.keras"], ["-o", "whole.keras"]):
        done = lamina.run("train", *again, *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "part.keras").read_bytes() == (tmp_path / "whole.keras").read_bytes()
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "finished"


def test_ctrl_c_that_is_ignored_stays_so(lamina, tmp_path):
    """As of a command that a shell runs in the background."""
    with long_training(lamina, tmp_path, signal.SIG_IGN, "--run", "run") as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None


def test_a_failed_run(lamina, tmp_path):
    write_table(tmp_path / "d.csv")
    lamina("new", tmp_path / "d.csv", "-o", tmp_path / "m.keras")
    done = lamina.run("train", "m.keras", "--data", "d.csv", "--learning-rate", "1e30", "--run", "run",
                      "--optimizer", "sgd", "--epochs", 5, cwd=tmp_path)
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["status"] == "failed" and done.stderr.endswith(f"error: {record['error']}\n")
    assert (tmp_path / "run/checkpoint/replay.npz").exists()
    lamina("report", tmp_path / "run", "-o", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Confusion matrix, kernels and memory cannot be shown: there is no " in page


class Outline(html.parser.HTMLParser):
    """Checks that elements are closed in order and collects what the page says."""
    VOID = {"meta", "line", "path", "rect"}

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text, self.svg, self.links = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.links += [attributes[k] for k in ("src", "href", "xlink:href") if k in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if self.open and tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open and self.open[-1] == tag, (tag, self.open)
            self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def test_page(run):
    """One file without scripts or links; every picture has a title and every table a caption."""
    page = (run / "page.html").read_text()
    outline = Outline()
    outline.feed(page)
    tags = [tag for tag, _ in outline.tags]
    assert not outline.open and not outline.links and "script" not in tags
    assert len(page) < 2_000_000 and "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert tags.count("h1") == 1 and tags.count("main") == 1
    assert tags.count("table") == tags.count("caption")
    pictures = [attributes for tag, attributes in outline.tags if tag == "svg"]
    assert len(pictures) >= 5 and all(p.get("role") == "img" for p in pictures)
    assert tags.count("title") > len(pictures)  # marks tell their numbers too
    labels = {p.get("aria-label") for p in pictures}
    assert {"loss by epoch", "accuracy by epoch", "Roofline of the kernels",
            "Memory in use over the step"} <= labels
    regions = [a for _, a in outline.tags if a.get("role") == "region"]
    assert regions and all(r.get("tabindex") == "0" and r.get("aria-label") for r in regions)
    headings = ["Curves", "Confusion matrix", "Correlation", "Kernels by time", "Memory over the step",
                "Settings, data and machine"]
    assert [t for t in outline.text if t in headings] == headings
    assert "&lt;up&gt;" in page and "<up>" not in page and "down &amp; out" in page


def test_numbers_of_the_page(lamina, run):
    """The last epoch's, the matrix of the validation rows, the relevance for the target."""
    page = (run / "page.html").read_text()
    last = [json.loads(line) for line in (run / "run/log.jsonl").read_text().splitlines()][-1]
    assert f"<dt>val_loss</dt><dd>{last['val_loss']:.5g}</dd>" in page
    rows = pandas.read_csv(run / "d.csv").tail(18)
    rows.to_csv(run / "last.csv", index=False)
    report = lamina("evaluate", run / "run/model.keras", "--data", run / "last.csv", "--report")
    for name in ("<up>", "down & out"):
        counts = [line.split()[-2:] for line in report.splitlines() if line.startswith(name)][0]
        cells = page.split(f'<th scope="row">{name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}'
                           "</th>")[1].split("</tr>")[0]
        assert [cell.split(">")[1].split("<")[0] for cell in cells.split("<td")[1:]] == counts
    strongest = json.loads(lamina("corr", run / "d.csv", "--target", "kind", "--json"))["relevance"][0]
    assert "Relevance for kind" in page
    assert f"<th scope=\"row\">{strongest['column']}</th><td>{strongest['coefficient']:.3f}</td>" in page


@pytest.mark.parametrize("change, message", [
    (lambda folder: (folder / "run.json").unlink(),
     "run.json: cannot be read: No such file or directory; check the path"),
    (lambda folder: (folder / "run.json").write_text("{}"),
     "run.json: this is no record of a run; lamina train --run DIR writes one"),
    (lambda folder: (folder / "run.json").write_text('{"lamina_run": 1}'),
     "run.json: the record is damaged: it does not say what was trained on"),
    (lambda folder: (folder / "run.json").write_text('{"lamina_run": 1, "arguments": ["--what"]}'),
     "run.json: the record is damaged: "),
    (lambda folder: (folder / "log.jsonl").write_text("[1]\n"),
     "log.jsonl: a line is no object; the log is damaged"),
])
def test_damaged_run(change, message, lamina, run, tmp_path):
    shutil.copytree(run / "run", tmp_path / "run")
    change(tmp_path / "run")
    done = lamina.run("report", tmp_path / "run", "-o", tmp_path / "r.html")
    assert done.returncode == 1 and done.stderr.startswith(f"error: {tmp_path}/run/{message}"), done.stderr
    assert not (tmp_path / "r.html").exists()


def test_changed_data(lamina, run, tmp_path):
    shutil.copytree(run / "run", tmp_path / "run")
    record = json.loads((tmp_path / "run/run.json").read_text())
    (tmp_path / "d.csv").write_text("a,b,kind\n1,2,down & out\n")
    record["data"]["path"] = str(tmp_path / "d.csv")
    (tmp_path / "run/run.json").write_text(json.dumps(record))
    done = lamina.run("report", tmp_path / "run", "-o", tmp_path / "r.html")
    assert done.returncode == 0
    assert f"The confusion matrix cannot be shown: {tmp_path}/d.csv has changed since the run." in done.stderr
    assert lamina.run("report", tmp_path / "run", "-o", tmp_path / "r.pdf").stderr == (
        f"error: cannot write {tmp_path}/r.pdf: the name must end in .html\n")


@pytest.mark.skipif(CHROMIUM is None, reason="no headless Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(width, run, tmp_path):
    """Nothing is wider than the window, and the browser has nothing to complain of."""
    probe = ("<script>document.title = 'width ' + document.documentElement.scrollWidth + ' of ' + "
             "document.documentElement.clientWidth</script>")
    page = (run / "page.html").read_text().replace("</body>", probe + "</body>")
    (tmp_path / "p.html").write_text(page)
    done = subprocess.run(
        [CHROMIUM, "--no-sandbox", "--disable-gpu", "--dump-dom", "--enable-logging=stderr", "--v=0",
         f"--window-size={width},2000", (tmp_path / "p.html").as_uri()],
        capture_output=True, text=True, timeout=120)
    title = done.stdout.split("<title>")[1].split("</title>")[0].split()
    assert title[0] == "width" and int(title[1]) <= int(title[3]) <= width, title
    assert "CONSOLE" not in done.stderr, done.stderr
