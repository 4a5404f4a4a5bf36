"""What may identify a run, and what is said of it."""

from __future__ import annotations

import copy
from argparse import Namespace
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import pytest

from pytest_aexp.work.runs.statepoint import plain, split_local, warn_of_redaction


class Colour(Enum):
    RED = 1


@dataclass
class Model:
    depth: int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"model": {"out": PurePosixPath("x")}}, "out is of type PurePosixPath, .*: give str"),
        ({"tags": {"a"}}, "tags is of type set, .*: give sorted"),
        ({"m": [{"when": datetime(2026, 1, 1)}]}, r"m\[0\].when is of type datetime"),  # noqa: DTZ001
        ({"colour": Colour.RED}, "colour is of type Colour"),
        ({"lr": Decimal(1)}, "lr is of type Decimal"),
        ({"data": b"x"}, "data is of type bytes"),
        ({"args": Namespace(lr=1)}, "args is of type Namespace, .*: give vars"),
        ({"model": Model(3)}, "model is of type Model, .*: give dataclasses.asdict"),
        ({"id2label": {0: "no"}}, "in id2label, the key 0 is of type int: write it as text"),
        ({3: 1}, "^the key 3 is of type int"),
    ],
)
def test_what_is_not_json_is_named_with_key_and_type(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plain(value)


def test_numpys_numbers_and_arrays_are_pythons() -> None:
    numpy = pytest.importorskip("numpy")
    value = {
        "i": numpy.int64(3), "f": numpy.float32(0.5), "b": numpy.bool_(True),
        "a": numpy.array([[1, 2]]), "t": (1, numpy.uint8(2)),
    }  # fmt: skip
    assert plain(value) == {"i": 3, "f": 0.5, "b": True, "a": [[1, 2]], "t": [1, 2]}
    assert isinstance(plain(value)["b"], bool)


def test_values_of_this_machine_are_taken_out() -> None:
    data = {"root": "/y", "name": "c10", "cache": {"at": "/z", "gb": 1, "n": 2}}
    given = {"seed": 1, "data_root": "/x", "data": copy.deepcopy(data)}
    names = ("data_root", "data.root", "data.cache.at", "data.cache.gb", "missing", "seed.x")
    assert split_local(given, names) == (
        {"seed": 1, "data": {"name": "c10", "cache": {"n": 2}}},
        {"data_root": "/x", "data": {"root": "/y", "cache": {"at": "/z", "gb": 1}}},
    )
    assert given["data"] == data


def test_what_the_ledger_will_not_show_is_said_with_both_ways_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warn_of_redaction("x", {"seed": 1})
    assert capsys.readouterr().err == ""
    warn_of_redaction("x", {"data": {"dir": "/scratch/team/cifar10"}})
    (line,) = capsys.readouterr().err.splitlines()
    assert "(data.dir)" in line
    assert "give a relative path" in line
    assert 'local = ["data.dir"]' in line
