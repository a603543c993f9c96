"""Terminals and pipes of every encoding: no verb ends in a traceback, and what a letter stands for is still
there.
"""

import io
import os
import subprocess
import sys

import pytest
from conftest import small_case

import mfpde
from mfpde.cli import entry
from mfpde.console import Console
from mfpde.device import doctor
from mfpde.letters import HANDLER, SPELLED, spell

CASE = """
time = 0.1
title = "Ünit ν — 漢"
model = {kind = "potential", external = "x^2/2"}
parameters.x = {domain = [-8, 8], cells = 16, initial = {law = "normal"}}
lagrangian.units = []
"""


class Stream(io.TextIOWrapper):
    """A pipe or a terminal of an encoding."""

    def __init__(self, encoding, terminal=False):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def text(self):
        self.flush()
        # typer takes ASCII for a mistake, and writes its own lines in UTF-8 there
        return self.buffer.getvalue().decode("utf-8" if self.encoding == "ascii" else self.encoding)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """A run with all that is reported in letters: gaps, fluctuations, descent."""
    case = small_case(
        **{
            "fluctuations.predict": True,
            "descent.steps": [0.1],
            "time": 0.25,
            "eulerian.error_estimate": True,
        }
    )
    return mfpde.run(case, tmp_path_factory.mktemp("run") / "out.h5").path


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "terminal"), [("cp1252", False), ("latin-1", True), ("ascii", False)])
def test_every_verb_writes_in_every_encoding(encoding, terminal, output, tmp_path, monkeypatch):
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(entry, "_leave", sys.exit)
    facts = {
        "devices": [],
        "default_reason": "",
        "runtimes": {},
        "extras": {},
        "advice": ["ν ± 1"],
        "tips": [],
    }
    monkeypatch.setattr(doctor, "examine", lambda: facts)
    verbs = (
        "cases",
        "--help",
        "compare --help",
        "run case.toml -o new.h5 --backend numpy",
        f"compare {output} --tolerance 0.1",
        f"inspect {output}",
        "inspect new.h5",
        f"plot {output} --only energy",
        f"verify {output}",
        "converge case.toml --levels 2 --backend numpy",
        "doctor",
        "run ν.toml",
        "run --unknown",
    )
    for verb in verbs:
        out, err = Stream(encoding, terminal), Stream(encoding, terminal)
        with monkeypatch.context() as streams:
            streams.setattr(sys, "stdout", out)
            streams.setattr(sys, "stderr", err)
            streams.setattr(sys, "argv", ["mfpde", *verb.split()])
            with pytest.raises(SystemExit) as end:
                entry.main()
        said = out.text() + err.text()
        assert end.value.code == (2 if verb in ("run ν.toml", "run --unknown") else 0), said
        assert "?" not in said.replace("\x1b[?25", ""), verb


def test_letters_are_spelled_where_they_are_missing_and_only_there():
    told = "|f|² in L²(ν) ± Δ, n → ∞ ≤ η, 10⁻¹ ─│┌ é 漢"
    assert spell(told, "utf-8") == spell(told, "UTF-16") == told
    assert spell(told, "ascii") == "|f|^2 in L^2(nu) +- Delta, n -> infinity <= eta, 10^-^1 -|+ \\xe9 \\u6f22"
    assert spell(told, "latin-1").startswith("|f|² in L²(nu) ± Delta")
    assert spell("ν", "no such encoding") == "ν"
    assert told.encode("ascii", HANDLER).decode() == spell(told, "ascii")
    assert "".join(SPELLED.values()).isascii()


def test_tables_keep_their_lines_together():
    from mfpde.analysis.report_tables import Table

    stream = Stream("ascii")
    table = Table("η", "gap ±", title="L²(ν)")
    table.add_row("1 ± 2", "x")
    Console(file=stream, width=40).print(table)
    title, *rows = stream.text().splitlines()
    assert title.strip() == "L^2(nu)"
    assert len({len(row.rstrip()) for row in rows}) == 1
    assert "1 +- 2" in rows[3]


def test_names_in_tables_are_whole_on_a_narrow_terminal():
    from mfpde.analysis.report_tables import Table

    stream = Stream("utf-8")
    table = Table("dataset", "meaning", title="")
    table.add_row("comparison/10/sliced_w2", "a distance " * 9)
    Console(file=stream, width=40).print(table)
    first, rest = (line[2:20].strip() for line in stream.text().splitlines()[3:5])
    assert first + rest == "comparison/10/sliced_w2"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_python_prints_of_a_comparison_can_be_printed(encoding, output, monkeypatch):
    out = Stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    print(mfpde.open_run(output).compare())
    assert "L^2(nu)" in out.text() or "L²(nu)" in out.text()


def test_colons_in_names_are_no_emoji():
    stream = Stream("utf-8")
    Console(file=stream).print("run:x:.h5")
    assert stream.text() == "run:x:.h5\n"


@pytest.mark.skipif(
    sys.platform == "win32" or sys.platform == "darwin", reason="names of files are text there"
)
def test_a_name_that_is_no_text_is_written_as_it_can_be(tmp_path, monkeypatch, command):
    name = os.fsdecode(b"caf\xe9")
    (tmp_path / f"{name}.toml").write_text(CASE, encoding="utf-8")
    code, _, err = command("run", f"{name}.toml", "--backend", "numpy")
    assert (code, "wrote caf" in err) == (0, True)
    facts = mfpde.open_run(tmp_path / f"{name}.h5").attributes
    assert facts["case_file"] == "caf\\udce9.toml"
    assert "caf\\udce9.toml" in facts["command"]
    assert command("inspect", f"{name}.h5")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_real_terminal_without_unicode(output):
    import pty

    here, there = pty.openpty()
    environment = os.environ | {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "mfpde", "compare", str(output)],
        stdin=there,
        stdout=there,
        stderr=there,
        env=environment,
    )
    os.close(there)
    said = b""
    try:
        while more := os.read(here, 65536):
            said += more
    except OSError:  # the other end is closed
        pass
    os.close(here)
    assert process.wait() == 0
    assert said.isascii()
    assert b"L^2(nu)" in said
