"""Whether a device can be trusted: found out once, in processes of their own, and remembered in the user's
cache.

Drivers are native code of third parties: some crash, hang, compute nonsense, or give compiled programs back
without their kernels. So before kernels of a kind first run on a device, one process compiles them, runs them
and compares them with the reference, and a second one does the same with what the first has left in the
driver's cache (`mfpde.verify.probe`). What fails is built in another manner: narrower vectors, then the form
for GPUs. A device on which no manner is sound is passed over."""

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import pyopencl as cl
from filelock import FileLock

from mfpde.device.false_driver import PROBING
from mfpde.device.kernel_files import kernels_digest
from mfpde.device.needs import ALL, Need
from mfpde.device.registers import SAFE_BYTES
from mfpde.device.runtime import Device, Manner
from mfpde.version import __version__

LIMIT_VARIABLE = "MFPDE_PROBE_SECONDS"
LIMIT = 60.0  #: seconds after which a process of a probe counts as hanging
HANGS, KILLED = "it does not answer", "the process of the probe was ended from outside"
ENDED = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")  #: signals that drivers do not send
NARROWER = (SAFE_BYTES, 16, 8)  #: bytes of vectors that are tried, one after the other

Tell = Callable[[str], None]


@dataclass
class Verdict:
    """What probes have found of a device: by manner and by need, what is wrong; empty if nothing is."""

    device: Device
    needs: Sequence[Need]
    found: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def sound(self) -> Device | None:
        """The device, built in the first manner in which all that is needed works; None if there is none."""
        for manner in manners(self.device):
            results = self.found.get(name_of(self.device, manner), {})
            if all(results.get(str(need)) == "" for need in self.needs):
                return self.device.built(manner)
        return None

    @property
    def hangs(self) -> bool:
        """Whether kernels that are needed do not answer in two manners; others are not tried then, since they
        would cost as much time.
        """
        return (
            sum(
                any(HANGS in results.get(str(need), "") for need in self.needs)
                for results in self.found.values()
            )
            > 1
        )

    @property
    def problem(self) -> str:
        """What is wrong in the manners that were tried and do not serve, each thing once; empty if nothing
        is.
        """
        told: dict[str, list[str]] = {}
        for manner, results in self.found.items():
            for what in [problem for problem in results.values() if problem][:1]:
                told.setdefault(what, []).append(manner)
        return "; ".join(f"{what} (with {' and with '.join(those)})" for what, those in told.items())


def manners(device: Device) -> list[Manner]:
    """How kernels can be built for a device, the fastest first."""
    if not device.is_cpu:
        return [Manner()]
    narrower = [Manner(size) for size in NARROWER if size < device.sound_bytes]
    return [Manner(), *narrower, Manner(by_cell=True)]


def name_of(device: Device, manner: Manner) -> str:
    """A manner in words."""
    return device.built(manner).form


def examine(
    device: Device, needs: Sequence[Need], tell: Tell | None = None, anew: bool = False, number: int = 0
) -> Verdict:
    """What is known of a device, after probes of what is not known yet.

    Arguments:
        tell: told that probes are made, since they take seconds.
        anew: forget what is known.
        number: which of the devices that share an identity.
    """
    verdict = Verdict(device, needs, {} if anew else _read(device))
    if verdict.sound or verdict.hangs:
        return verdict
    # a Python inside another program, which cannot start a second one: believed untested
    if not sys.executable:
        verdict.found = {name_of(device, Manner()): {str(need): "" for need in needs}}
        return verdict
    with _alone():
        if not anew:
            verdict.found = _read(device)
        if verdict.hangs:
            return verdict
        for manner in manners(device):
            results = verdict.found.setdefault(name_of(device, manner), {})
            missing = [need for need in needs if str(need) not in results]
            if missing and not any(results.get(str(need)) for need in needs):
                if tell is not None:
                    tell(
                        f"checking once whether '{device.name}' ({device.platform}) can be trusted, with"
                        f" {name_of(device, manner)}"
                    )
                results |= _probe(device, number, manner, missing, secrets.token_hex(8) if anew else "kept")
                _write(device, _conclusive(verdict.found))
            if verdict.sound or verdict.hangs:
                break
    return verdict


def _conclusive(found: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """What may be remembered: a probe that somebody ended, for want of memory perhaps, says nothing of the
    driver.
    """
    return {
        manner: {need: problem for need, problem in results.items() if KILLED not in problem}
        for manner, results in found.items()
    }


def asked_before(device: Device) -> list[Need]:
    """The kernels that a device was probed for, as they are remembered."""
    known = {text for results in _read(device).values() for text in results}
    return [need for need in ALL if str(need) in known]


def _probe(device: Device, number: int, manner: Manner, needs: Sequence[Need], word: str) -> dict[str, str]:
    """What is wrong with each of some kinds of kernels, in a first process and in a second one.

    Arguments:
        word: stands in the programs, so that with a new one the driver's cache knows none of them.
    """
    results: dict[str, str] = {}
    built = {"narrowed": manner.narrowed, "by_cell": manner.by_cell}
    for attempt in ("", "in a second process: "):
        left = [need for need in needs if not results.get(str(need))]
        requests = [
            {
                "device": device.identity,
                "number": number,
                "manner": built,
                "kind": need.kind,
                "precision": need.precision,
            }
            for need in left
        ]
        with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
            found = list(pool.map(partial(_ask, word), requests))
        results |= {
            str(need): problem and f"{need}: {attempt}{problem}"
            for need, problem in zip(left, found, strict=True)
        }
    return results


def _ask(word: str, request: dict[str, Any]) -> str:
    """The answer of one process."""
    return run_apart(["-m", "mfpde.verify.probe", json.dumps(request)], word)[0]


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


@contextmanager
def _alone() -> Iterator[None]:
    """Within this block devices are probed by nobody else: of several runs that start together, one probes
    and the others read what it found.
    """
    lock = None
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        lock = FileLock(_folder() / "lock")
        lock.acquire()
    except (OSError, NotImplementedError):  # a file system without locks: all of them probe
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _folder() -> Path:
    return platformdirs.user_cache_path("mfpde") / "devices"


def _file(device: Device) -> Path:
    """Where the verdict is kept: a new version of the tool, of the driver or of the binding, or another
    processor, is probed anew.
    """
    d = device.cl_device
    facts = (
        __version__,
        kernels_digest(),
        cl.VERSION,
        device.identity,
        d.extensions,
        d.native_vector_width_double,
        device.has_float64,
    )
    return _folder() / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}.json"


def _read(device: Device) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads(_file(device).read_text(encoding="utf-8"))["found"]
        return {
            str(manner): {str(need): str(problem) for need, problem in results.items()}
            for manner, results in kept.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(device: Device, found: dict[str, dict[str, str]]) -> None:
    """Written beside and then renamed; a cache that cannot be written costs time, nothing else."""
    file = _file(device)
    part = file.with_suffix(f".{os.getpid()}")
    try:
        part.write_text(json.dumps({"device": device.identity, "found": found}, indent=1), encoding="utf-8")
        os.replace(part, file)
    except OSError:
        part.unlink(missing_ok=True)
