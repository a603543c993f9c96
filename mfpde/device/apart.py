"""Python in a process of its own, since drivers may crash or hang."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mfpde.device.false_driver import PROBING

LIMIT_VARIABLE = "MFPDE_PROBE_SECONDS"
LIMIT = 60.0  #: seconds after which a process of a probe counts as hanging
HANGS, KILLED = "it does not answer", "the process of the probe was ended from outside"
ENDED = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")  #: signals that drivers do not send


def run_apart(
    arguments: Iterable[str], word: str = "kept", environment: Mapping[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """Run Python in a process of its own, whose last line on stdout is a JSON object.

    Returns:
        What went wrong ("problem" of the object; a crash, a hang), empty if nothing did; and the object.
    """
    limit = float(os.environ.get(LIMIT_VARIABLE, LIMIT))
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"PYTHONPATH": paths, PROBING: word} | dict(environment or {})
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{HANGS} within {limit:g} seconds", {}
    except OSError as error:
        return f"no process could be started: {error.strerror}", {}
    if done.returncode:
        return _last_words(done), {}
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        return str(answer["problem"]), answer
    except (IndexError, ValueError, KeyError):
        return "it gives no answer", {}


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    """How a process ended, with the last line it wrote."""
    how = f"exit code {done.returncode}"
    if done.returncode < 0:
        try:
            how = signal.Signals(-done.returncode).name
        except ValueError:
            how = f"signal {-done.returncode}"
        if how in ENDED:
            return f"{KILLED} ({how})"
    said = done.stderr.strip().splitlines()
    return f"the driver crashes ({how}{f': {said[-1].strip()[:200]}' if said else ''})"
