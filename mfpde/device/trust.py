"""Whether a device can be trusted: found out once, in processes of their own, and remembered in the user's
cache.

Drivers are native code of third parties: some crash, hang, compute nonsense, or give compiled programs back
without their kernels. So before kernels of a kind first run on a device, one process compiles them, runs them
and compares them with the reference, and a second one does the same with what the first has left in the
driver's cache (`mfpde.verify.probe`). What fails is built in another manner: narrower vectors, then the form
for GPUs. A device on which no manner is sound is passed over.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mfpde.device.apart import HANGS, KILLED, run_apart
from mfpde.device.needs import ALL, Need
from mfpde.device.registers import SAFE_BYTES
from mfpde.device.runtime import Device, Manner
from mfpde.device.verdicts import Found, alone, read_verdict, write_verdict

NARROWER = (SAFE_BYTES, 16, 8)  #: bytes of vectors that are tried, one after the other

Tell = Callable[[str], None]


@dataclass
class Verdict:
    """What probes have found of a device: by manner and by need, what is wrong; empty if nothing is."""

    device: Device
    needs: Sequence[Need]
    found: Found = field(default_factory=dict)

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
        """Whether needed kernels do not answer in two manners; others would cost as much time."""
        return (
            sum(
                any(HANGS in results.get(str(need), "") for need in self.needs)
                for results in self.found.values()
            )
            > 1
        )

    @property
    def problem(self) -> str:
        """What is wrong in the manners that were tried and do not serve; empty if nothing is."""
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
    verdict = Verdict(device, needs, {} if anew else read_verdict(device))
    if verdict.sound or verdict.hangs:
        return verdict
    # a Python inside another program, which cannot start a second one: believed untested
    if not sys.executable:
        verdict.found = {name_of(device, Manner()): {str(need): "" for need in needs}}
        return verdict
    with alone():
        if not anew:
            verdict.found = read_verdict(device)
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
                write_verdict(device, _conclusive(verdict.found))
            if verdict.sound or verdict.hangs:
                break
    return verdict


def _conclusive(found: Found) -> Found:
    """What may be remembered: a probe ended from outside says nothing of the driver."""
    return {
        manner: {need: problem for need, problem in results.items() if KILLED not in problem}
        for manner, results in found.items()
    }


def asked_before(device: Device) -> list[Need]:
    """The kernels that a device was probed for, as they are remembered."""
    known = {text for results in read_verdict(device).values() for text in results}
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
