"""The formats are frozen: what was written once opens for ever (T4)."""

import json
from pathlib import Path

from portal import vault
from tests.vault.examination import GOLDEN, examine


def test_the_vault_passes_the_exam() -> None:
    examine(vault)


def test_every_context_builder_has_a_golden_value() -> None:
    builders = {
        name
        for name, each in vars(vault.contexts).items()
        if callable(each) and getattr(each, "__module__", "") == vault.contexts.__name__
    }
    examined = {row["builder"] for row in GOLDEN["contexts"]}

    assert builders - {"ctx", "_encoded"} == examined


def test_golden_boxes_are_of_every_shape() -> None:
    sizes = [
        row["size"]
        for row in json.loads((Path(__file__).parent / "golden.json").read_text())["boxes"]
    ]

    assert {0, 1, 16384, 16385} <= set(sizes)
