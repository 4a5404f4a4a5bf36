"""``python -m pytest_aexp`` is ``aexp``."""

from __future__ import annotations

import sys

from pytest_aexp.cli import main

if __name__ == "__main__":
    sys.exit(main())
