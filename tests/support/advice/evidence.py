"""Advice about runs as evidence: pins, rules, retractions, numbers, premises."""

from __future__ import annotations

from repositories import add_entry, add_finding, add_record, batch, git, job

from advice.following import JOB_ID, POINT, Case, Hand, Make, Reported, Row, type_in, written
from advice.places import configured

RETRACTED = "finding.retracted_run"
BATCH = "{type: batch, experiment_id: E005, "
EVERY = f"{BATCH}selector: {{}}, "


def pinned(case: Case) -> None:
    """A batch that is pinned to the run there is."""
    case.cite(batch("E005"))
    type_in(case.repo, "aexp cite F001 --pin")
    case.commit("pin")


def grown(case: Case) -> None:
    pinned(case)
    add_entry(case.repo, {**POINT, "seed": 4})


def changed(case: Case) -> None:
    add_entry(case.repo, POINT, ended_at="2026-05-14T11:00:00Z")
    pinned(case)
    promoted_again(case)


def promoted_again(case: Case) -> None:
    times = {"ended_at": "2026-05-15T11:00:00Z", "promoted_at": "2026-05-15T12:00:00Z"}
    add_entry(case.repo, POINT, **times)


def run_again(case: Case) -> None:
    alone(case)
    add_entry(case.repo, POINT, ended_at="2026-05-14T11:00:00Z")
    case.cite(job(JOB_ID))
    type_in(case.repo, "aexp cite F001 --pin")
    promoted_again(case)


def alone(case: Case) -> None:
    """No other finding cites the run."""
    git(case.repo, "rm", "-q", "kb/research/findings/F002-x.md")
    git(case.repo, "commit", "-qm", "one finding")


def in_a_batch(**fields: object) -> Make:
    """A batch of the run and of another one that has these fields."""

    def make(case: Case) -> None:
        add_entry(case.repo, {**POINT, "seed": 4}, **fields)
        case.cite(batch("E005"))

    return make


def asked(code: str, make: Make) -> Make:
    """The same where the settings ask for that code."""

    def made(case: Case) -> None:
        configured(case, f'severity = {{"{code}" = "warning"}}')
        make(case)

    return made


def accepting(*names: str) -> Hand:
    def write(case: Case, reported: Reported) -> None:
        assert all(f"accept: [{name}]" in reported.fix for name in names)
        case.cite(f"{EVERY}accept: [{', '.join(names)}]}}")

    return write


def retracted_of_a_batch(case: Case) -> None:
    add_record(case.repo, retracts=[add_entry(case.repo, {**POINT, "seed": 4})])
    case.cite(batch("E005"))


def two_retracted_of_a_batch(case: Case) -> None:
    for seed in (4, 5):
        add_record(case.repo, retracts=[add_entry(case.repo, {**POINT, "seed": seed})])
    case.cite(batch("E005"))


def every_run_retracted(case: Case) -> None:
    retracted(case)
    case.cite(batch("E005"))


def cite_nothing(case: Case, reported: Reported) -> None:
    assert reported.fix.startswith("take the citation out, ")
    case.cite()


def retracted(case: Case) -> None:
    alone(case)
    add_record(case.repo, retracts=[JOB_ID])


def accept_record(case: Case, reported: Reported) -> None:
    (record,) = (case.repo / ".aexp/ledger/retractions").iterdir()
    assert f"`accept: [{record.stem}]`" in reported.fix
    case.cite(f"{{type: job, id: {JOB_ID}, accept: [{record.stem}]}}")


def withdraw(case: Case, reported: Reported) -> None:
    assert "`retracted:` and why" in reported.fix
    case.cite(job(JOB_ID), extra="retracted: the split leaked\n")


def shallow(case: Case) -> None:
    """A clone with the last commit alone, and a run of a commit before it."""
    commit = git(case.repo, "rev-parse", "HEAD").strip()
    add_entry(case.repo, POINT, code_commit=commit)
    configured(case, 'severity = {"evidence.unknown_commit" = "warning"}')
    case.commit()
    case.push()
    repo = case.repo
    repo.rename(case.world / "whole")
    origin = (case.world / "origin.git").as_uri()
    git(case.world, "clone", "-q", "--depth", "1", origin, "repo")


def of_a_commit_that_is_lost(case: Case) -> None:
    git(case.repo, "checkout", "-q", "--detach")
    git(case.repo, "commit", "-q", "--allow-empty", "-m", "lost")
    commit = git(case.repo, "rev-parse", "HEAD").strip()
    git(case.repo, "checkout", "-q", "main")
    add_entry(case.repo, POINT, code_commit=commit)


def tag_it(case: Case, reported: Reported) -> None:
    assert "tag the commit" in reported.fix
    commit = next(line for line in case.entry.read_text().splitlines() if "code_commit" in line)
    git(case.repo, "tag", "code", commit.split('"')[3])


def numbered(text: str, citation: str | None = None, **fields: object) -> Make:
    """A finding with a number in its text, and runs with metrics."""

    def make(case: Case) -> None:
        alone(case)
        add_entry(case.repo, POINT, **fields or {"metrics": {"accuracy": 0.934}})
        case.cite(citation or job(JOB_ID))
        path = next(case.repo.glob("kb/research/findings/F001*"))
        path.write_text(f"{path.read_text()}\n{text}\n")

    return make


def rewriting(old: str, new: str) -> Hand:
    def write(case: Case, reported: Reported) -> None:
        path = next(case.repo.glob("kb/research/findings/F001*"))
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return write


def without_metric(case: Case) -> None:
    """A run that was promoted before anybody asked for its metric."""
    case.run_there(3, accuracy=0.934)
    numbered("It is 0.934 <!-- = accuracy -->.", metrics=...)(case)
    configured(case, "")
    case.commit()
    case.push()


def list_the_metric(case: Case, reported: Reported) -> None:
    git(case.cluster, "pull", "-q")
    text = "[tool.aexp.metrics]\naccuracy = 'accuracy'\n"
    (case.cluster / "pyproject.toml").write_text(text)


def some_failed(case: Case) -> None:
    add_entry(case.repo, {**POINT, "seed": 4}, status="failed")
    numbered("It is 0.934 <!-- = mean(accuracy) -->.", batch("E005"))(case)


def built_on(name: str, extra: str = "", make: Make = lambda case: None) -> Make:
    def made(case: Case) -> None:
        make(case)
        add_finding(case.repo, "F002-x", job(JOB_ID), extra=extra)
        case.cite(extra=f"builds_on: [{name}]\n")

    return made


def build_on_nothing(case: Case, reported: Reported) -> None:
    case.cite()


def retracted_and_known(case: Case) -> None:
    """The finding that cites the run says that it is known; another one builds on it."""
    record = add_record(case.repo, retracts=[JOB_ID])
    accepted = f"{{type: job, id: {JOB_ID}, accept: [{record}]}}"
    add_finding(case.repo, "F002-x", accepted)
    case.cite(extra="builds_on: [F002]\n")


KNOWN = frozenset({"finding.retracted_run"})

EVIDENCE = {
    "a batch that has grown": Row("finding.grown_batch", grown),
    "a pinned run that nobody named": Row(
        "finding.changed_evidence",
        lambda case: case.run_there(5) and case.cite(f"{EVERY}count: 2}}"),
        elsewhere=True,
    ),
    "a run that does not belong": Row("finding.grown_batch", grown, choice=1),
    "a batch that is another": Row("finding.changed_evidence", changed),
    "a run that ran again": Row("finding.changed_evidence", run_again, on=("validate", "findings")),
    "a retracted run of a batch": Row(RETRACTED, retracted_of_a_batch, on=("validate", "findings")),
    "two retracted runs of a batch": Row(RETRACTED, two_retracted_of_a_batch),
    "every run of a batch retracted": written(RETRACTED, every_run_retracted, cite_nothing),
    "a retracted run that is known": written(RETRACTED, retracted, accept_record, after=KNOWN),
    "a retracted run, withdrawn": written(RETRACTED, retracted, withdraw),
    "a run that failed": written(
        "evidence.failed_run", in_a_batch(status="failed"), accepting("failed_run")
    ),
    "runs that failed, left out": written(
        "evidence.failed_run",
        in_a_batch(status="failed"),
        lambda case, reported: case.cite(f"{EVERY}status: complete}}"),
    ),
    "a run that is there twice": written(
        "evidence.repeated_run",
        lambda case: [
            add_entry(case.repo, {**POINT, "code_commit": "0123456"}),
            case.cite(batch("E005")),
        ],
        accepting("repeated_run"),
    ),
    "a run that was stopped": written(
        "evidence.stopped_run",
        asked("evidence.stopped_run", in_a_batch(status="stopped")),
        accepting("stopped_run"),
    ),
    "a run on uncommitted code": written(
        "evidence.dirty_code",
        asked("evidence.dirty_code", in_a_batch(code_dirty=True)),
        accepting("dirty_code"),
    ),
    "a run of another experiment": written(
        "evidence.foreign_experiment",
        asked(
            "evidence.foreign_experiment",
            lambda case: case.cite(job(JOB_ID), extra="experiment: E001\n"),
        ),
        lambda case, reported: case.cite(job(JOB_ID), extra="experiment: E005\n"),
    ),
    "a history that is cut off": Row("evidence.unknown_commit", shallow),
    "a commit that is lost": written(
        "evidence.unknown_commit",
        asked("evidence.unknown_commit", of_a_commit_that_is_lost),
        tag_it,
    ),
    "a number that is wrong": written(
        "finding.wrong_number",
        numbered("It is 0.943 <!-- = accuracy -->."),
        rewriting("0.943", "0.934"),
        on=("validate", "findings"),
    ),
    "a number that cannot be read": written(
        "finding.malformed_number",
        numbered("It is 0.934 <!-- = accuracy( -->."),
        rewriting("accuracy(", "accuracy"),
    ),
    "a number without its metric": Row(
        "finding.unchecked_number", without_metric, by_hand=list_the_metric, elsewhere=True
    ),
    "a number of runs that failed": written(
        "finding.unchecked_number",
        some_failed,
        rewriting("selector: {}", "status: complete"),
    ),
    "a premise that is withdrawn": written(
        "finding.retracted_premise",
        built_on("F002", "retracted: the split leaked\n"),
        build_on_nothing,
    ),
    "a premise in doubt": written(
        "finding.at_risk", retracted_and_known, build_on_nothing, after=KNOWN
    ),
    "a premise that is none": written("finding.broken_premise", built_on("F009"), build_on_nothing),
}
