"""The documents, their code blocks as sybil finds them, and the repositories they speak of."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from repositories import add_entry, add_finding, add_jobs, batch, git, job, write
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser
from tree import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
FULL = [{"condition": "full", "experiment_id": "E005", "seed": seed} for seed in (1, 2, 3)]
_FLAGS = doctest.ELLIPSIS
_CHECKER = doctest.OutputChecker()


def text_of(page: str) -> str:
    """The document."""
    return (ROOT / page).read_text(encoding="utf-8")


def examples(evaluators: dict[str, Callable[[Example], str | None]]) -> list[Example]:
    """Every code block of every document in one of these languages, in order."""
    parsers = [CodeBlockParser(name, evaluator) for name, evaluator in evaluators.items()]
    sybil = Sybil(parsers)
    return [each for page in PAGES for each in sybil.parse(ROOT / page).examples()]


def place(example: Example) -> str:
    """``docs/ledger.md:12``."""
    return f"{Path(example.path).relative_to(ROOT).as_posix()}:{example.line}"


def fences(page: str) -> Iterator[tuple[int, str]]:
    """The line and language of every fence that opens a block, however it is indented."""
    inside = False
    for number, line in enumerate(text_of(page).splitlines(), start=1):
        found = re.match(r"\s*```+(.*)", line)
        if found and not inside:
            yield number, found.group(1).strip()
        inside ^= bool(found)


def sections(page: str) -> dict[str, str]:
    """What stands under each second heading."""
    parts = re.split(r"^## (.+)\n", text_of(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def run_shell(command: str, repo: Path) -> str:
    """What a person sees who types ``command`` in ``repo``, which is no terminal's doing."""
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=repo,
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def evaluate_console(example: Example) -> str | None:
    """Run what stands behind each ``$``; the difference from what is shown below it, if any."""
    parts = re.split(r"^\$ (.+)\n", str(example.parsed), flags=re.MULTILINE)
    if parts[0] or len(parts) < 3:
        return "a console block begins with a command, `$ …`"
    for command, shown in zip(parts[1::2], parts[2::2], strict=True):
        # Both stand for what differs from one machine to the next.
        wanted = re.sub(r"…$", "...", shown, flags=re.MULTILINE)
        got = run_shell(command, example.namespace["repo"])
        if not _CHECKER.check_output(wanted, got, _FLAGS):
            difference = _CHECKER.output_difference(doctest.Example("", wanted), got, _FLAGS)
            return f"$ {command}\n{difference}"
    return None


def paper(repo: Path) -> None:
    """Two findings on three runs of one experiment, all of them in the ledger."""
    ids = [add_entry(repo, statepoint) for statepoint in FULL]
    add_finding(repo, "F004-context-helps", job(ids[0]), batch("E005", "{condition: full}"))
    add_finding(repo, "F005-context-helps-again", job(ids[1]))
    add_jobs(repo, [])
    write(repo, ".gitignore", "/.runs/\n")
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "what we found")


def mostly_uncited(repo: Path) -> None:
    """The same on a laptop, with six runs that no finding cites."""
    for seed in range(1, 7):
        add_entry(repo, {"condition": "baseline", "experiment_id": "E005", "seed": seed})
    paper(repo)
    write(repo, ".aexp/installed.json", '{"machine_label": "laptop"}')


def one_digit_wrong(repo: Path) -> None:
    """A finding with a title that cites a run with a slip of the finger."""
    ids = [add_entry(repo, statepoint) for statepoint in FULL[:2]]
    wrong = f"{ids[0][:-1]}0"
    cited = (job(wrong), batch("E005", "{condition: full}"))
    add_finding(repo, "F004-context-helps", *cited, extra="title: Context helps\n")


def unstaged_evidence(repo: Path) -> None:
    """A finding that is staged, and the entry that it cites is not."""
    add_entry(repo, FULL[0])
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "earlier")
    add_finding(repo, "F004-x", job(add_entry(repo, ONE_RUN)))
    git(repo, "add", "kb")


def results(repo: Path) -> None:
    """The paper, and a table of results that another program wrote."""
    paper(repo)
    rows = ("1.0,0,0.93,2026-05-01 10", "1.0,1,0.95,2026-05-01 11", "1.0,0,0.94,2026-05-02 10")
    write(
        repo,
        "results.csv",
        "".join(
            f"{row}\n" for row in ("C,seed,accuracy,ended_at", *(f"{row}:00:00" for row in rows))
        ),
    )


def mlflow_stand_in() -> ModuleType:
    """What a program that logs asks of MLflow; tests/whole/test_imports.py has the real one."""
    module = ModuleType("mlflow")
    tracked = SimpleNamespace(info=SimpleNamespace(run_id="b" * 32))
    module.__dict__["start_run"] = lambda: nullcontext(tracked)
    module.__dict__["log_params"] = module.__dict__["log_metric"] = lambda *_: None
    return module


def wandb_stand_in() -> ModuleType:
    """What the export of W&B asks its API for: a server of W&B's would be needed for the real one.

    The names are those of wandb 0.31, ``wandb.apis.public.runs.RUN_FRAGMENT``.
    """
    run = SimpleNamespace(
        id="abc",
        state="finished",
        commit="a" * 40,
        created_at="2026-05-01T10:00:00Z",
        heartbeat_at="2026-05-01T11:00:00Z",
        config={"seed": 1, "_wandb": {}},
        summary={"accuracy": 0.9, "_runtime": 5, "image": {"path": "x"}},
    )
    module = ModuleType("wandb")
    module.__dict__["Api"] = lambda: SimpleNamespace(runs=lambda _project: [run])
    return module


ONE_RUN: dict[str, Any] = {"condition": "a", "experiment_id": "E001", "seed": 1}
"""The run that the pages on the ledger and on codes speak of."""


def claimed(repo: Path) -> None:
    """A finding with numbers in its text, one of them wrong, and one that builds on it."""
    accuracies = {
        "full": (0.9349, 0.9312, 0.9288, 0.9331, 0.9345),
        "none": (0.8715, 0.8715, 0.8715, 0.8715, 0.8715),
    }
    runs = []
    for condition, values in accuracies.items():
        for seed, accuracy in enumerate(values, start=1):
            point = {"experiment_id": "E005", "condition": condition, "seed": seed}
            runs.append(add_entry(repo, point, metrics={"accuracy": accuracy}))
    page = text_of("docs/evidence.md")
    draft = re.search(r"^```text\n(---\nid: F002.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert draft is not None
    write(repo, "kb/research/findings/F002-context.md", draft[1])
    add_finding(repo, "F004-tuning", job(runs[1]), extra="builds_on: [F002]\n")


def corrected(repo: Path) -> None:
    """The same, once its number is right."""
    claimed(repo)
    path = repo / "kb/research/findings/F002-context.md"
    write(repo, path.relative_to(repo).as_posix(), path.read_text().replace("94.2 %", "93.3 %"))


SCENES: dict[str, Callable[[Path], None]] = {
    "docs/codes.md": unstaged_evidence,
    "docs/evidence.md": claimed,
    "docs/importing.md": results,
    "docs/packing.md": mostly_uncited,
    "docs/pre-commit.md": unstaged_evidence,
    "docs/query.md": corrected,
}
"""The repository in which a page's commands are typed, unless it is the paper's."""
