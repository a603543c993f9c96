"""How a run is shown while it goes: every side by its name, on a bar and in plain lines."""

import io
import time

import pytest
from conftest import small_case
from rich.console import Console

import mfpde
from mfpde.cli import progress
from mfpde.cli.progress import Display, duration

SIDES = {
    *(
        "density",
        "coarser mesh 1 of 4",
        "coarser mesh 4 of 4",
        "fluctuations",
        "fluctuations by half the nodes",
        "networks n = 20, 60",
    ),
    *("flow beside the descent", "descent by steps of 0.1", "descent by steps of 0.1, batches of 4"),
    *("measuring", "measuring densities and distances", "writing a checkpoint"),
}
EVERYTHING = {
    "eulerian.backend": "numpy",
    "eulerian.error_estimate": True,
    "characteristics.nodes": 64,
    "fluctuations": {"predict": True, "rank": 8},
    "descent": {"steps": [0.1], "batches": [0, 4], "units": 10, "replicates": 2},
    "time": 0.4,
    "output": {"every": 0.1, "fields_every": 0.2},
}


class Listener:
    """A reporter that remembers."""

    def __init__(self):
        self.told = []

    def progress(self, time, end, facts):
        self.told.append((facts["side"], time, facts["estimate"].share(), facts["estimate"].left()))

    def tell(self, message):
        pass

    def warn(self, message):
        pass


class Fixed:
    """An estimate that is always the same."""

    def __init__(self, share, left):
        self.share, self.left = (lambda: share), (lambda: left)


@pytest.fixture(scope="module")
def listened(tmp_path_factory):
    listener = Listener()
    run = mfpde.run(small_case(**EVERYTHING), tmp_path_factory.mktemp("run") / "all.h5", report=listener)
    return listener, run


def test_every_side_is_named_and_moves(listened):
    listener, _ = listened
    assert {side for side, *_ in listener.told} >= SIDES
    for name in SIDES - {"measuring", "measuring densities and distances", "writing a checkpoint"}:
        times = [at for side, at, *_ in listener.told if side == name]
        assert times == sorted(times), name
        assert times[-1] == pytest.approx(0.4), name
        assert len(set(times)) > 3, name


def test_the_bar_grows_and_ends_full(listened):
    listener, _ = listened
    shares = [share for _, _, share, _ in listener.told]
    assert len({round(share, 2) for share in shares}) > 10
    assert shares[0] < 0.1
    assert shares[-1] > 0.99
    assert listener.told[0][3] is None


def test_a_resumed_run_begins_at_what_is_left(listened):
    _, run = listened
    listener = Listener()
    mfpde.resume(run.path, until=0.8, report=listener)
    sides = [told for told in listener.told if told[0] in SIDES]
    assert sides[0][1] >= 0.4, "it goes on in time"
    assert sides[0][2] < 0.1, "what was done before is no share of what is done now"
    assert listener.told[-1][2] > 0.99


def test_plain_lines_name_what_takes_long(monkeypatch):
    """Also before the first step, and while a side is silent."""
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.02)
    shown = io.StringIO()
    with Display("small", Console(file=shown, width=40)) as display:
        _wait(lambda: "building kernels" in shown.getvalue())
        display.progress(3.0, 30.0, {"side": "networks n = 100, 300", "estimate": Fixed(0.25, 43.2)})
        _wait(lambda: "networks" in shown.getvalue())
    line = shown.getvalue().splitlines()[-1]
    assert line.startswith("25%  networks n = 100, 300  t 3/30  ")
    assert line.endswith("s, about 43 s left")


def test_no_time_is_shown_before_it_is_known():
    display = Display("small", Console(file=io.StringIO()))
    display.progress(3.0, 30.0, {"side": "networks", "estimate": Fixed(0.1, None)})
    assert "left" not in display.line()
    display.progress(3.0, 30.0, {"side": "nodes", "estimate": Fixed(0.5, 300.0), "may_settle": True})
    assert display.line().endswith("at most 5 min left")


def test_the_bar_shows_the_side_the_share_and_the_time_left():
    shown = io.StringIO()
    with Display("a[b]", Console(file=shown, width=200, force_terminal=True, color_system=None)) as display:
        facts = {"step": 7, "energy": 0.5, "drift": 0.0, "wall": 1e-9, "dt": 0.1, "limit": "energy"}
        display.progress(6.0, 30.0, facts | {"side": "density", "estimate": Fixed(0.2, 30.0)})
        display.bar.refresh()
        display.progress(6.0, 30.0, {"side": "coarser mesh 2 of 4", "estimate": Fixed(0.4, 20.0)})
        display.bar.refresh()
        assert display.bar.tasks[0].completed == 0.4
    text = shown.getvalue()
    assert "a[b]" in text
    assert "density  t 6/30  step 7  E 0.5" in text
    assert "about 30 s left" in text
    assert "coarser mesh 2 of 4  t 6/30" in text


def test_durations():
    assert [duration(seconds) for seconds in (0.2, 43.4, 119, 600, 9000)] == [
        "0 s",
        "43 s",
        "119 s",
        "10 min",
        "2.5 h",
    ]


def _wait(seen):
    deadline = time.monotonic() + 20
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert seen()
