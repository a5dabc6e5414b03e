"""Every benchmark works; what it measures is nobody's promise, so no figure is looked at."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench import live

ROOT = Path(__file__).parents[2]


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("ingest", "wall until all is kept"),
        ("opening", "frames, 16 connections"),
        ("webbing", "frames, as it lies, 16 at once"),
        ("bundles", "everything as a ZIP, wall"),
        ("shelves", "My documents, wall"),
        ("live", "burst of 40 posts: deliveries"),
        ("search", "a new post is found after, p50"),
        ("signing", "a page of a session in the flood, p50"),
        ("crowding", "wall until all are answered"),
        ("refusing", "the box of a post"),
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


@pytest.mark.one_engine
async def test_a_post_that_nobody_hears_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)

    async def unheard() -> int:
        return 1

    async with live.plain_server() as (url, family):
        with pytest.raises(live.UnheardError, match="reached none of 2 connected members"):
            await live.figures(url, family, [{}] * 2, unheard, seconds=1)


@pytest.mark.one_engine
@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_nothing_running(
    tmp_path: Path, order: signal.Signals
) -> None:
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "bench", "live"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as bench:
        assert bench.stdout is not None
        while b"Live" not in (line := bench.stdout.readline()):
            assert line, "it ended before it was told to"
        family = psutil.Process(bench.pid).children(recursive=True)
        assert family, "servers are running by now"

        os.kill(bench.pid, order)
        assert bench.wait(30) != 0
        _, alive = psutil.wait_procs(family, timeout=5)

    assert alive == []
    assert list(tmp_path.iterdir()) == []
