"""A newcomer's first hour, played in a pseudo-terminal; what it shows is docs/first-hour.md.

    .venv/bin/python tests/learner/first_hour.py           # play it, and print the page
    .venv/bin/python tests/learner/first_hour.py --write   # and write the page

Every command is typed into a real shell, in a real clone of this checkout's last commit. Only the environment is there
already: the clone uses the packages of the Python that plays, because installing them takes minutes and a network.
What differs between machines and runs (times, sizes of disk and memory, versions of the system) is replaced by dots.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pexpect

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "first-hour.md"
PROMPT = "newcomer$ "
#: Seconds for one command on a busy machine.
PATIENCE = 300

INTRODUCTION = """# The first hour

A newcomer's session, from the clone to the first exercise passed. It is played by a script in a real terminal of 80 columns, and a test
holds this page to it: `tests/learner/first_hour.py --write` makes it anew. Times, sizes of disk and memory, and what else differs between
machines is shown as `…`. Setting up (`make setup`, minutes, needs the network) is the one step that the script leaves out: it uses an
environment that is there already, with `mechgrade` on the path.
"""

STUB_LINE = '    raise NotImplementedError("describe_model: not written yet")\n'
SIZES = """    names = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    size = {name: int(getattr(model.cfg, name)) for name in names}
"""
COUNT = """    d, m, heads = size["d_model"], size["d_mlp"], size["n_heads"] * size["d_head"]
    attention = 3 * (d * heads + heads) + heads * d + d
    mlp = d * m + m + m * d + d
    norm = 2 * d
    embeddings = (size["d_vocab"] + size["n_ctx"]) * d
    return {**size, "n_params": embeddings + size["n_layers"] * (attention + mlp + NORMS) + norm}
"""


@dataclass(frozen=True)
class Say:
    """Words of the page."""

    text: str


@dataclass(frozen=True)
class Type:
    """A command typed into the shell, and answers typed while it runs: ``(what it asks, what is typed)``."""

    command: str
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Edit:
    """The learner's editor: the function's body from now on."""

    body: str


STORY: list[Say | Type | Edit] = [
    Say("## Is this machine ready?"),
    Type("mechgrade doctor lab1"),
    Type("mechgrade setup-lab"),
    Say("## Five minutes inside a transformer"),
    Type("python exercises/quickstart.py"),
    Say("## Where do I stand?"),
    Type("mechgrade map --lab lab1"),
    Say(
        "## The first exercise, wrong in three ways\n\nThe stub, `exercises/lab1/describe_model.py`, explains the idea; its last lines are:"
    ),
    Type("grep -n -A 3 'def describe_model' exercises/lab1/describe_model.py"),
    Type("mechgrade grade --exercise describe_model"),
    Say("*Not started* is no failure. A first attempt, with a slip:"),
    Edit(SIZES.replace("model.cfg", "model.config_") + '    return {**size, "n_params": 0}\n'),
    Type("mechgrade grade --exercise describe_model"),
    Say("The name is `cfg`. And for the count, the obvious thing:"),
    Edit(SIZES + '    return {**size, "n_params": sum(parameter.numel() for parameter in model.parameters())}\n'),
    Type("mechgrade grade --exercise describe_model"),
    Say("A known mistake, and what it is. So count by hand:"),
    Edit(SIZES + COUNT.replace("NORMS", "norm")),
    Type("mechgrade grade --exercise describe_model"),
    Say("No known mistake this time. The debugger stops in the function, on the very model that the check gave it:"),
    Type("mechgrade debug describe_model", (("(Pdb)", "p model.cfg.n_layers, model.cfg.d_model"), ("(Pdb)", "q"))),
    Say("## Hints"),
    Type("mechgrade hint describe_model"),
    Type("mechgrade hint describe_model --more"),
    Type("mechgrade solution describe_model"),
    Say("*What one LayerNorm has, times how often each occurs*: there are two in a layer.\n\n## Passed"),
    Edit(SIZES + COUNT.replace("NORMS", "2 * norm")),
    Type("mechgrade grade --exercise describe_model"),
    Type("mechgrade try describe_model"),
    Say("## Progress, and a page to keep"),
    Type("mechgrade map --lab lab1"),
    Type("mechgrade progress"),
    Type("mechgrade grade --lab lab1 --html outputs/report.html | tail -5"),
    Type("ls outputs outputs/attention_patterns"),
]


def play() -> str:
    """Play the story; the page's text."""
    parts = [INTRODUCTION]
    with tempfile.TemporaryDirectory(prefix="first-hour-") as folder:
        course = Path(folder) / "mechgrade"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(course)], check=True, capture_output=True)
        stub = (course / "exercises/lab1/describe_model.py").read_text()
        assert STUB_LINE in stub, "the stub has changed; change the story"
        shell = _shell(course)
        try:
            for part in STORY:
                if isinstance(part, Say):
                    parts.append(part.text)
                elif isinstance(part, Edit):
                    (course / "exercises/lab1/describe_model.py").write_text(stub.replace(STUB_LINE, part.body))
                    parts.append(f"```python\n{part.body.rstrip()}\n```")
                else:
                    parts.append(f"```text\n$ {part.command}\n{_type(shell, part, folder)}\n```")
        finally:
            _type(shell, Type("mechgrade server --stop"), folder)  # nothing stays behind
            shell.close(force=True)
    return "\n\n".join(parts) + "\n"


def _shell(course: Path) -> pexpect.spawn:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(course.parent),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "PS1": PROMPT,
        "COLUMNS": "80",
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
        "XDG_RUNTIME_DIR": str(course.parent),
    }
    bash = shutil.which("bash")
    assert bash is not None
    shell = pexpect.spawn(
        bash,
        ["--norc", "--noprofile", "--noediting"],
        cwd=str(course),
        env=environment,  # type: ignore[arg-type]
        dimensions=(200, 80),
        encoding="utf-8",
        timeout=PATIENCE,
        echo=False,
    )
    shell.expect_exact(PROMPT)
    return shell


def _type(shell: pexpect.spawn, part: Type, folder: str) -> str:
    shell.sendline(part.command)
    shown = ""
    for asks, typed in part.answers:
        shell.expect_exact(asks)
        shown += f"{shell.before}{asks} {typed}\n"
        shell.sendline(typed)
    shell.expect_exact(PROMPT)
    return _plain(shown + shell.before, folder)


#: What differs between machines and runs, and what stands for it.
_DIFFERS = [
    (r"Python 3\.[\d.]+ in .*?cores", "Python … in …/.venv; …"),
    (r"packages: .*?more", "packages: …"),
    (r"torch \d\S* on the CPU; this machine shows no GPU", "torch … on the CPU; this machine shows no GPU"),
    (r"\d+\.\d GB( of main memory)? free", r"… GB\1 free"),
    (r"loaded in [\d.]+ s", "loaded in … s"),
    (r" · \d+ min worked", ""),
    (r"\d+ min worked", "… min worked"),
]


def _plain(text: str, folder: str) -> str:
    """Text as the page has it: without colours, and without what differs. Wrapped lines are joined before they are changed."""
    text = (
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\", "", text)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace(folder, "…")
    )
    lines = [line.rstrip() for line in text.split("\n")]
    joined = "\n".join(lines).strip("\n")
    for pattern, instead in _DIFFERS:
        joined = re.sub(pattern.replace(" ", r"\s+"), instead, joined, flags=re.DOTALL)
    return joined


if __name__ == "__main__":
    page = play()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(page)
