"""Advice about what git did not put where it belongs, the run store and the settings."""

from __future__ import annotations

import shutil

from repositories import add_finding, git, job

from advice.following import JOB_ID, Case, Reported, Row, written

FINDINGS = "kb/research/findings"
CONFIGURED = '[tool.aexp]\nfindings = ["{}"]\n'


def elsewhere_named(case: Case, folder: str) -> None:
    (case.repo / FINDINGS).rename(case.repo / folder)
    git(case.repo, "add", "-A")


def as_submodule(case: Case, path: str, *, clone: bool = True) -> None:
    """A folder that is a repository of its own, in a clone that did not ask for it."""
    inner = case.world / "inner"
    shutil.copytree(case.repo / path, inner)
    git(inner, "init", "-q", "-b", "main")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "inner")
    git(case.repo, "config", "protocol.file.allow", "always")
    git(case.repo, "rm", "-rq", path)
    git(
        case.repo,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "-f",
        str(inner),
        path,
    )
    case.commit("submodule")
    git(case.repo, "submodule", "deinit", "-q", "-f", "--all")


def sparse(case: Case, *folders: str) -> None:
    # A copy's files look changed to git, and those it keeps.
    git(case.repo, "update-index", "-q", "--refresh")
    git(case.repo, "sparse-checkout", "set", *folders)


def configured(case: Case, setting: str) -> None:
    case.write("pyproject.toml", f"[tool.aexp]\n{setting}\n")


def findings_in(case: Case, folder: str) -> None:
    """The findings lie in a folder of another name, which the settings say."""
    (case.repo / FINDINGS).rename(case.repo / folder)
    configured(case, f'findings = ["{folder}/*.md"]')
    case.commit("findings")


def weakened(case: Case) -> None:
    configured(case, 'strict_runs = "error"')
    case.commit("policy")
    configured(case, 'strict_runs = "warn"')


def tracked(case: Case) -> None:
    case.run(4)
    case.write(".gitignore", "")
    git(case.repo, "add", "-A", "-f")


def index_of_this_machine(case: Case) -> None:
    case.run(3)
    case.write(".aexp/runs-index/cluster.json", "{")
    git(case.repo, "add", "-A")


def marker_in_git(case: Case) -> None:
    case.write(".aexp/installed.json", '{"run_store_path": "/elsewhere/runs"}')
    git(case.repo, "add", "-f", ".aexp/installed.json")


def merge_driver_gone(case: Case) -> None:
    from advice.following import type_in

    type_in(case.repo, "aexp install")
    case.commit("install")
    git(
        case.repo,
        "config",
        "merge.aexp-ledger.driver",
        "if test -x '/nowhere/python'; then '/nowhere/python' -m pytest_aexp; fi",
    )


def linked_oddly(case: Case) -> None:
    case.run(9, aexp="E005")


def statepoint_gone(case: Case) -> None:
    job_id = case.run(9)
    case.write(f".runs/workspace/{job_id}/signac_statepoint.json", "{")


def remove_run(case: Case, reported: Reported) -> None:
    (folder,) = (case.repo / ".runs/workspace").iterdir()
    assert f"remove the folder {folder.name}" in reported.fix
    shutil.rmtree(folder)


def finding_in_conflict(case: Case) -> None:
    git(case.repo, "checkout", "-qb", "other")
    case.cite(job(JOB_ID), extra="title: one\n")
    case.commit()
    git(case.repo, "checkout", "-q", "main")
    case.cite(job(JOB_ID), extra="title: other\n")
    case.commit()
    git(case.repo, "merge", "other", check=False)


PLACES = {
    "findings in other letters": Row(
        "finding.none_collected",
        lambda case: elsewhere_named(case, "kb/research/Findings"),
        on=("validate", "findings"),
    ),
    "findings in other letters, and spaces": Row(
        "finding.none_collected",
        lambda case: (
            findings_in(case, "my findings"),
            git(case.repo, "mv", "my findings", "My Findings"),
        ),
    ),
    "findings in a submodule": Row(
        "finding.none_collected",
        lambda case: as_submodule(case, FINDINGS),
        after=frozenset({"finding.none_collected"}),
    ),
    "findings in a submodule with spaces": Row(
        "finding.none_collected",
        lambda case: (findings_in(case, "my findings"), as_submodule(case, "my findings")),
        after=frozenset({"finding.none_collected"}),
    ),
    "findings in a submodule that is here": Row(
        "finding.none_collected",
        lambda case: (
            findings_in(case, "my findings"),
            as_submodule(case, "my findings"),
            git(case.repo, "submodule", "update", "--init"),
        ),
    ),
    "the ledger in a submodule": Row(
        "ledger.invalid_entry",
        lambda case: as_submodule(case, ".aexp/ledger"),
        after=frozenset({"ledger.invalid_entry"}),
    ),
    "the ledger in a submodule that is here": Row(
        "ledger.invalid_entry",
        lambda case: (
            as_submodule(case, ".aexp/ledger"),
            git(case.repo, "submodule", "update", "--init"),
        ),
        on=("validate", "findings"),
    ),
    "the ledger in other letters": Row(
        "ledger.invalid_entry",
        lambda case: git(case.repo, "mv", ".aexp/ledger", ".aexp/Ledger"),
    ),
    "findings left out of the checkout": Row("", lambda case: sparse(case, ".aexp")),
    "the ledger left out of the checkout": Row(
        "", lambda case: sparse(case, "kb"), on=("validate", "check")
    ),
    "findings with spaces left out of the checkout": Row(
        "", lambda case: (findings_in(case, "my findings"), sparse(case, ".aexp"))
    ),
    "what a commit holds, in a sparse checkout": Row(
        "", lambda case: sparse(case, ".aexp"), choice=1, after=frozenset({""})
    ),
    "findings in another folder": written(
        "finding.none_collected",
        lambda case: (case.repo / FINDINGS).rename(case.repo / "notes"),
        lambda case, reported: configured(case, 'findings = ["notes/*.md"]'),
    ),
    "findings that were deleted": Row(
        "finding.none_collected",
        lambda case: git(case.repo, "rm", "-rq", FINDINGS),
        on=("validate", "findings"),
    ),
    "a glob that is wrong": written(
        "finding.none_collected",
        lambda case: configured(case, 'findings = ["note/*.md"]'),
        lambda case, reported: configured(case, ""),
    ),
    "a name that is no finding's": written(
        "finding.not_collected",
        lambda case: add_finding(case.repo, "finding-7", job(JOB_ID)),
        lambda case, reported: (case.repo / FINDINGS / "finding-7.md").rename(
            case.repo / FINDINGS / "F007-seven.md"
        ),
        on=("validate", "findings"),
    ),
    "a policy that is weaker": written(
        "policy.weakened",
        weakened,
        lambda case, reported: configured(case, 'strict_runs = "error"'),
        on=("policy", "findings"),
    ),
    "runs in git": Row("runs.tracked", tracked, on=("validate", "findings", "ledger")),
    "a document that is damaged, of a run": Row(
        "runs.damaged",
        lambda case: case.write(f".runs/workspace/{case.run(9)}/signac_job_document.json", "{"),
        by_hand=lambda case, reported: next(
            case.repo.glob(".runs/workspace/*/*document*")
        ).unlink(),
    ),
    "a run link that is text": Row("runs.damaged", linked_oddly, fill={"E###": "E005"}),
    "a statepoint that is damaged": written("runs.damaged", statepoint_gone, remove_run),
    "a marker that is damaged": Row(
        "runs.damaged", lambda case: case.write(".aexp/installed.json", "{")
    ),
    "a marker that is a folder": Row(
        "runs.damaged", lambda case: case.write(".aexp/installed.json/x", "")
    ),
    "a marker that is a link": Row(
        "runs.damaged",
        lambda case: (
            case.write("elsewhere", "{"),
            (case.repo / ".aexp/installed.json").symlink_to("../elsewhere"),
        ),
    ),
    "a marker in git": Row("runs.damaged", marker_in_git),
    "an index that is damaged": Row("runs_index.damaged", index_of_this_machine),
    "an index that is damaged, for good": Row(
        "runs_index.damaged", index_of_this_machine, choice=1
    ),
    "a merge driver that is gone": Row("ledger.merge_driver", merge_driver_gone),
    "a finding in conflict": Row(
        "finding.unreadable",
        finding_in_conflict,
        by_hand=lambda case, reported: case.cite(job(JOB_ID)),
    ),
}
