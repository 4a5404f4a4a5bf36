"""The documented export of W&B, typed as it is there, with W&B's own client and a small server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pages import text_of
from programs import aexp, run_script
from repositories import new_repository, write

pytestmark = [pytest.mark.slow, pytest.mark.tree, pytest.mark.timeout(1800)]

VIEWER = {"id": "1", "entity": "team", "username": "u", "email": "", "flags": "{}", "teams": {}}
RUN = {
    "id": "x",
    "name": "1a2b3c",
    "displayName": "brave-sky-1",
    "state": "finished",
    "tags": [],
    "commit": "a" * 40,
    "readOnly": False,
    "historyLineCount": 1,
    "projectId": "1",
    "createdAt": "2026-05-01T10:00:00Z",
    "heartbeatAt": "2026-05-01T11:00:00Z",
    **dict.fromkeys(("sweepName", "group", "jobType", "description", "notes", "historyKeys")),
    "user": {"name": "u", "username": "u"},
    "systemMetrics": "{}",
    "config": json.dumps({"lr": {"value": 0.001}, "seed": {"value": 1}, "_wandb": {"value": {}}}),
    "summaryMetrics": json.dumps(
        {"accuracy": 0.9325, "loss": "NaN", "done": True, "note": "x", "_step": 3}
    ),
}
RUNS = [RUN, {**RUN, "id": "y", "name": "still", "state": "running"}]


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What W&B's server says; of a run only what is asked for."""
    query, variables = request["query"], request.get("variables", {})
    if "project(" not in query:
        return {"viewer": VIEWER}
    asked = set(re.findall(r"\w+", query))
    nodes = [{name: value for name, value in run.items() if name in asked} for run in RUNS]
    if "name" in variables:
        names = [run["name"] for run in RUNS]
        return {"project": {"internalId": "1", "run": nodes[names.index(variables["name"])]}}
    page = {"endCursor": "c", "hasNextPage": False}
    edges = [{"node": node, "cursor": "c"} for node in nodes]
    runs = {"edges": edges, "pageInfo": page, "totalCount": len(edges)}
    return {"project": {"internalId": "1", "readOnly": False, "runCount": 2, "runs": runs}}


class Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Measurements of its own are sent as well.
        data = answer(json.loads(body)) if self.path == "/graphql" else {}
        said = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_wandbs_client_exports_is_imported(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", address)
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    for name in ("HOME", "WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    repo = new_repository(tmp_path / "repo")
    page = text_of("docs/importing.md")
    (export,) = re.findall(
        r"^```python\n(import json\nimport wandb.*?)^```", page, re.DOTALL | re.MULTILINE
    )
    write(repo, "wandb.jsonl", run_script("current", export, repo))
    done = aexp("current", repo, "import", "jsonl", "wandb.jsonl", "--experiment", "E005")
    assert (done.returncode, done.stdout.split(",")[0]) == (0, "1 run written"), done.stderr
    assert "line 2 has not finished: its status is running" in done.stderr
    (entry,) = (json.loads(path.read_bytes()) for path in repo.glob(".aexp/ledger/*.json"))
    assert entry["statepoint"] == {"experiment_id": "E005", "lr": 0.001, "seed": 1}
    assert entry["metrics"] == {"accuracy": 0.9325, "loss": None}
    assert (entry["started_at"], entry["ended_at"], entry["code_commit"]) == (
        *("2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z"),
        "a" * 40,
    )
