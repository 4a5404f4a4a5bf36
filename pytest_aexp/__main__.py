"""``python -m pytest_aexp`` is ``aexp``."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # Python put the current folder first: a json.py of the repository that is checked would
        # be run. `python -P -m pytest_aexp` keeps it from running its pytest_aexp.py as well.
        del sys.path[0]
    # Here, so that nothing is imported before that.
    from pytest_aexp.cli import main

    sys.exit(main())
