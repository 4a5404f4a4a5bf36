"""Fuzz one target, guided by which lines of pytest_aexp an input reaches.

    python fuzz/fuzz.py finding -max_total_time=300

The arguments after the target go to libFuzzer. The kept corpus is where it starts; what it learns
goes to ``.cache/fuzz/<target>``, an input that breaks the target to ``fuzz/crashes/<target>``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

with atheris.instrument_imports(include=["pytest_aexp", "ruamel", "tomllib"]):
    from targets import TARGETS, corpus


def main() -> None:
    """Run libFuzzer until it is told to stop, or something breaks."""
    name = sys.argv[1]
    learnt, crashes = ROOT / ".cache" / "fuzz" / name, HERE / "crashes" / name
    for folder in (learnt, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    folders = [str(learnt), str(HERE / "corpus" / name)]
    options = [f"-artifact_prefix={crashes}/", "-rss_limit_mb=2048", "-timeout=10", "-max_len=8192"]
    assert corpus(name), "an empty corpus teaches it nothing"
    atheris.Setup([sys.argv[0], *options, *sys.argv[2:], *folders], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
