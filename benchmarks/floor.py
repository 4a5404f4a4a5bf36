"""The least a Python program could do: list, read and parse the same files, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ruamel.yaml.cyaml import CSafeLoader

for name in os.listdir(".aexp/ledger"):
    if name.endswith(".json"):
        with Path(".aexp/ledger", name).open("rb") as stream:
            json.loads(stream.read())
for name in os.listdir("kb/research/findings"):
    with Path("kb/research/findings", name).open(encoding="utf-8") as stream:
        CSafeLoader(stream.read().split("---\n")[1]).get_single_node()
