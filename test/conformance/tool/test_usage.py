"""Wrong usage names what was meant; help, manual pages and completion come from the options
themselves."""
import re
import shutil
import subprocess

import pytest

from lamina import TIME_LIMIT

WRONG = {
    "no_command": ([], "a command is missing; 'lamina help' lists them"),
    "command": (["trian", "m.keras"], "unknown command 'trian'; did you mean train?"),
    "beginning_of_a_command": (["eval", "m.keras"], "unknown command 'eval'; did you mean evaluate?"),
    "no_near_command": (["frobnicate"], "unknown command 'frobnicate'; 'lamina help' lists them"),
    "control_characters": (["\x1b[2J"], "unknown command '\\x1b[2J'; 'lamina help' lists them"),
    "top_level_option": (["--versoin"], "unknown option --versoin; did you mean --version?"),
    "option": (["train", "m.keras", "--data", "d.csv", "--epoch", "3"],
               "unknown option --epoch; did you mean --epochs?"),
    "option_with_value": (["train", "m.keras", "--data", "d.csv", "--epoch=3"],
                          "unknown option --epoch; did you mean --epochs?"),
    "option_before_what_is_missing": (["predict", "m.keras", "--dat", "d.csv"],
                                      "unknown option --dat; did you mean --data?"),
    "option_of_another_command": (["predict", "m.keras", "--data", "d.csv", "--epochs", "3"],
                                  "unknown option --epochs; 'lamina help predict' lists them"),
    "short_option": (["inspect", "m.keras", "-x"],
                     "unknown option -x; 'lamina help inspect' lists them"),
    "missing_option": (["predict", "m.keras", "--data", "d.csv"],
                       "--output is required; see 'lamina help predict'"),
    "define_without_a_file": (["predict", "m.keras", "--data", "d.csv", "-o", "o.npy", "--define"],
                              "--define: 1 required CLASS=FILE missing; see 'lamina help predict'"),
    "missing_model": (["inspect"], "MODEL is required; see 'lamina help inspect'"),
    "surplus": (["inspect", "m.keras", "n.keras"],
                "there is no place for 'n.keras'; see 'lamina help inspect'"),
    "no_number": (["train", "m.keras", "--data", "d.csv", "--epochs", "many"],
                  "--epochs: Value many not in range 1 to 1099511627776; see 'lamina help train'"),
    "none_of_the_choices": (["bench", "m.keras", "--function", "fit"],
                            "--function: fit not in {train_step,predict}; see 'lamina help bench'"),
    "no_value": (["train", "m.keras", "--data"],
                 "--data: 1 required FILE missing; see 'lamina help train'"),
    "contradiction": (["train", "m.keras", "--data", "d.csv", "--header", "--no-header"],
                      "--header excludes --no-header; see 'lamina help train'"),
    "weights_twice": (["train", "m.keras", "--data", "d.csv", "--sample-weight", "w", "--class-weight",
                       "0=1"], "--sample-weight excludes --class-weight; see 'lamina help train'"),
    "help_of_no_command": (["help", "me"], "COMMAND: me not in {"),
    "completion_of_no_shell": (["completion", "fish"],
                               "SHELL: fish not in {bash,zsh}; see 'lamina help completion'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage(name, lamina):
    arguments, message = WRONG[name]
    done = lamina.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    if message.endswith("{"):
        assert done.stderr.startswith(f"error: {message}") and done.stderr.count("\n") == 1
    else:
        assert done.stderr == f"error: {message}\n"


def test_version(lamina):
    lines = lamina("--version").splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"lamina \d+\.\d+\.\d+", lines[0])
    assert re.fullmatch(r"LLVM 19\.\d+\.\d+", lines[1])
    assert re.fullmatch(r"target \S+, (x86-64-v[34]|baseline) \(\d+ bits in a vector\)", lines[2])


@pytest.fixture(scope="module")
def commands(lamina):
    """The commands that help lists, with their descriptions."""
    listed = lamina("help").partition("Subcommands:\n")[2]
    return dict(re.fullmatch(r"  (\S+) +(.*)", line).groups() for line in listed.splitlines() if line)


def long_options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def options_of(lamina, command):
    """Those that help declares, not those that descriptions mention."""
    lines = lamina("help", command).splitlines()
    return set().union(*(long_options(line[:30].split(" ")[2]) for line in lines
                         if line.startswith("  -")))


def test_help(lamina, commands):
    assert lamina("help") == lamina("--help") == lamina("-h")
    assert {"train", "predict", "evaluate", "compile", "inspect", "bench", "convert", "help",
            "completion"} <= set(commands)
    for command in commands:
        text = lamina("help", command)
        assert text == lamina(command, "--help") == lamina(command, "-h")
        assert text.startswith(commands[command])


def plain(page):
    """A manual page without groff's escapes."""
    return re.sub(r"\\f[BRI]|\\:", "", page).replace("\\-", "-")


def test_manual_pages_tell_what_help_tells(lamina, commands):
    page = plain(lamina("help", "--man"))
    assert page.startswith(".TH LAMINA 1 ")
    for command, description in commands.items():
        assert f"{command}\n{description}\n" in page
        own = plain(lamina("help", command, "--man"))
        assert own.startswith(f".TH LAMINA-{command.upper()} 1 ")
        assert f".SH NAME\nlamina-{command} - {description}\n" in own
        assert options_of(lamina, command) <= long_options(own)


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_the_pages(lamina, commands, tmp_path):
    for command in [None, *commands]:
        page = tmp_path / "page.1"
        page.write_text(lamina("help", *([command] if command else []), "--man"))
        done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True,
                              timeout=TIME_LIMIT, env={"PATH": "/usr/bin:/bin", "MANWIDTH": "100",
                                                       "LC_ALL": "C", "MANPAGER": "cat"})
        assert done.returncode == 0 and done.stderr == ""
        shown = re.sub(".\b", "", done.stdout)
        for option in options_of(lamina, command) if command else ["--version"]:
            assert option in shown


@pytest.fixture(scope="module")
def complete(lamina, tmp_path_factory):
    """A function that asks bash for what completes the last of some words."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "lamina.bash").write_text(lamina("completion", "bash"))
    (folder / "model one.keras").write_text("")
    (folder / "models").mkdir()

    def ask(*words):
        script = ('source lamina.bash && complete -p lamina | grep -q -- "-F _lamina" && '
                  'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _lamina && '
                  '((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], cwd=folder,
                              capture_output=True, text=True, timeout=TIME_LIMIT)
        assert done.stderr == ""
        return done.stdout.splitlines()

    return ask


def test_bash_completes(complete, lamina, commands):
    assert set(complete("lamina", "")) == {*commands, "--help", "--version"}
    assert complete("lamina", "tr") == ["train"]
    assert complete("lamina", "train", "--epo") == ["--epochs"]
    assert complete("lamina", "bench", "m", "--function", "") == ["train_step", "predict"]
    assert complete("lamina", "bench", "m", "--function", "=", "pre") == ["predict"]
    assert complete("lamina", "bench", "m", "--function", "=") == ["train_step", "predict"]
    assert complete("lamina", "completion", "") == ["bash", "zsh"]
    assert complete("lamina", "help", "ins") == ["inspect"]
    assert set(complete("lamina", "train", "mod")) == {"models", "model one.keras"}
    assert complete("lamina", "train", "m.keras", "--checkpoint", "mod") == ["models"]
    assert set(complete("lamina", "train", "m.keras", "--data", "mod")) == {
        "models", "model one.keras"}
    assert complete("lamina", "train", "m.keras", "--epochs", "") == []
    for command in commands:
        assert set(complete("lamina", command, "--")) == options_of(lamina, command)


# Types a line into an interactive zsh, presses TAB, and prints the line as it stands there then.
ASK_ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
until_seen() {
  local part
  answer=
  while [[ $answer != *$1* ]]; do zpty -r shell part || break; answer+=$part; done
}
zpty -w shell "PS1= PS2= RPS1=; fpath=($PWD \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell "setopt no_auto_menu no_list_beep; print READ''Y"
until_seen READY
zpty -n -w shell "$1"$'\t'
zpty -n -w shell $'\x01print -r -- "<\x05>" DO\'\'NE\n'
until_seen DONE
print -r -- $answer
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize("typed, completed", [
    ("lamina trai", "lamina train"),
    ("lamina train --epo", "lamina train --epochs"),
    ("lamina bench m.keras --function tr", "lamina bench m.keras --function train_step"),
    ("lamina train mod", "lamina train model"),
    ("lamina train m.keras --checkpoint mod", "lamina train m.keras --checkpoint models"),
    ("lamina completion z", "lamina completion zsh"),
    ("lamina help ins", "lamina help inspect")])
def test_zsh_completes(typed, completed, lamina, tmp_path):
    (tmp_path / "_lamina").write_text(lamina("completion", "zsh"))
    (tmp_path / "model one.keras").write_text("")
    (tmp_path / "models").mkdir()
    done = subprocess.run(["zsh", "-f", "-c", ASK_ZSH, "zsh", typed], cwd=tmp_path,
                          capture_output=True, text=True, timeout=TIME_LIMIT)
    assert f"<{completed}> DONE" in done.stdout, done.stdout + done.stderr
