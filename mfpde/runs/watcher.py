"""The last words of a run that ends without any: a small program of its own, which reads what the run says on
its stdin until that closes.

A driver that aborts takes the process with it, whatever Python would have said; so this program outlives it.
It runs as `python -I -S watcher.py OUTPUT` and imports nothing but the standard library. Lines on stdin are
JSON objects: {"device": name} tells what computes, {"end": true} that the run has said all there is to say.
Anything else is what `faulthandler` writes of a crash.
"""

import contextlib
import json
import signal
import sys
import time
from pathlib import Path


def main(output: str) -> None:
    """Wait for the end of stdin; say what happened if the run did not."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the run obeys these, and this program ends with it
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    facts: dict[str, object] = {}
    crash: list[str] = []
    for line in sys.stdin:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if isinstance(said, dict):
            facts.update(said)
        else:
            crash.append(line.rstrip())
    if not facts.get("end"):
        with contextlib.suppress(OSError):
            sys.stderr.write(f"mfpde: {last_words(Path(output), facts, crash)}\n")


def last_words(output: Path, facts: dict[str, object], crash: list[str]) -> str:
    """What happened, what is left, and what to try."""
    fatal = next(
        (line.partition("error: ")[2] for line in crash if line.startswith("Fatal Python error")), ""
    )
    where = next(
        (
            line.strip().partition(" in ")[0]
            for line in crash
            if "mfpde" in line and line.strip().startswith("File ")
        ),
        "",
    )
    happened = (
        "the run was ended from outside (killed, for want of memory perhaps), or by native code without a"
        " word"
    )
    if fatal:
        happened = (
            f"the run was ended by native code ({fatal}{f', called from {where[5:]}' if where else ''})"
        )
    device, again = facts.get("device"), f"mfpde resume {output}"
    if fatal and device:
        happened += f", most likely by the OpenCL driver of '{device}'"
    points = sorted((output.parent / f"{output.name}.checkpoints").glob("checkpoint-*.npz"))
    if not output.exists() or not points:
        left = f"no frame of {output} was written yet; run it again"
    else:
        taken = time.strftime("%H:%M:%S", time.localtime(points[-1].stat().st_mtime))
        left = f"{output} is whole, and its last checkpoint is of {taken}: {again}"
    if not (fatal and device):
        return f"{happened}; {left}"
    without = "--backend numpy" if "again" in left else "--device numpy --allow-device-change"
    return (
        f"{happened}; {left}; if it happens again: mfpde doctor probes the device, {without} does without it"
    )


if __name__ == "__main__":
    main(sys.argv[1])
