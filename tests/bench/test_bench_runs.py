"""Every benchmark works; what it measures is nobody's promise, so no figure is looked at."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("ingest", "wall until all is kept"),
        ("opening", "frames, 16 connections"),
        ("live", "burst of 40 posts: deliveries"),
        ("search", "a new post is found after, p50"),
    ],
)
def test_a_tiny_run_measures_ours_and_says_how_busy_the_machine_was(
    name: str, measured: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    figure = re.search(rf"^{re.escape(measured)}\s+([\d.]+)", done.stdout, re.MULTILINE)
    assert figure is not None, done.stdout
    assert float(figure.group(1)) > 0
    assert "of the machine meanwhile" in done.stdout
    assert "Traceback" not in done.stderr
