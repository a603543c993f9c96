"""What a case runs on: the first OpenCL device that can be trusted, or NumPy; and why not on the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfpde.device.absence import how_to_get_one, where_set, why_none
from mfpde.device.forks import refuse_copies
from mfpde.device.needs import USUAL, Need
from mfpde.device.user_cache import prepare_user_cache
from mfpde.errors import InputError, first_line

if TYPE_CHECKING:
    from mfpde.device.runtime import Device
    from mfpde.device.trust import Tell, Verdict

NUMPY = "numpy"  #: what a user says who wants no OpenCL device
FLOAT32 = 'eulerian.precision = "float32" and lagrangian.precision = "float32"'


@dataclass(frozen=True)
class Choice:
    """A device, or None for NumPy; and what the user should know of how it came to be."""

    device: "Device | None"
    notes: tuple[str, ...] = ()


def choose(
    backend: str = "auto",
    selector: str | None = None,
    needs: Sequence[Need] = USUAL,
    tell: "Tell | None" = None,
) -> Choice:
    """What a case runs on.

    Arguments:
        backend: of the case. "auto" takes NumPy where no OpenCL device can be trusted, "opencl" refuses to.
        selector: number or part of the name of a device, which is then used whatever probes say; "numpy" for
            none.
        needs: kinds of kernels that must work.
    Raises:
        InputError: no device, no such device, or none that can be trusted.
    """
    if backend == NUMPY:
        if selector not in (None, NUMPY):
            raise InputError(f"--device {selector}: the backend 'numpy' uses no OpenCL device")
        return Choice(None)
    if selector == NUMPY:
        if backend == "opencl":
            raise InputError(
                '--device numpy: contradicts eulerian.backend = "opencl"; expected an OpenCL device, see'
                " mfpde doctor"
            )
        return Choice(None)
    devices, problem = devices_here()
    if selector is not None:
        return _selected(devices, problem, selector, needs, tell)
    chosen, passed_over = first_sound(devices, needs, tell) if devices else (None, [])
    notes = tuple(filter(None, (problem, *passed_over)))
    if chosen is not None:
        return Choice(chosen, notes)
    why = "; ".join(notes)
    if backend == "opencl":
        raise InputError(
            f'{why}; to get one: {how_to_get_one()}; or run without: eulerian.backend = "auto" or --backend'
            " numpy"
        )
    return Choice(
        None,
        (
            (
                f"{why}; so this runs on NumPy, which is right but slower; to get an OpenCL device:"
                f" {how_to_get_one()}"
            ),
        ),
    )


def device_of(backend: str, device: "Device | None") -> "Device | None":
    """The device of a part of a run whose device was chosen before; None where the case asks for NumPy.

    Raises:
        InputError: the case asks for OpenCL, and no device was chosen.
    """
    if backend == "opencl" and device is None:
        raise InputError(
            'eulerian.backend: "opencl" needs an OpenCL device, and none was given; expected "auto" or'
            ' "numpy"'
        )
    return None if backend == NUMPY else device


def devices_here(anew: bool = False) -> "tuple[list[Device], str]":
    """The devices that are here, and what the user should know of how they were found: why there is none,
    which drivers could not be asked.

    Arguments:
        anew: whether to look again which drivers can be asked.
    Raises:
        InputError: this is a copy of a process that has used OpenCL.
    """
    refuse_copies()
    told = [prepare_user_cache()]
    try:
        from mfpde.device.drivers import settle_drivers
        from mfpde.device.runtime import find_devices, without_devices
    # whatever importing a binding to native code does where it does not fit the system
    except Exception as error:
        return [], f"pyopencl cannot be used ({type(error).__name__}: {first_line(error)}){where_set()}"
    can_ask, problem = settle_drivers(anew)
    devices = find_devices() if can_ask else []
    told.append(problem if devices or problem else why_none(without_devices()))
    return devices, "; ".join(filter(None, told))


def _selected(
    devices: "list[Device]", problem: str, selector: str, needs: Sequence[Need], tell: "Tell | None"
) -> Choice:
    """The device that a user names; what is wrong with it is said, not held against it."""
    from mfpde.device.runtime import select

    if not devices:
        raise InputError(f"--device {selector}: {problem}; to get one: {how_to_get_one()}")
    device = select(devices, selector)
    if reason := lacks_float64(device, needs):
        raise InputError(f"--device {selector}: {reason}")
    verdict = examined(device, devices, needs, tell)
    if verdict.sound is not None:
        return Choice(verdict.sound, tuple(_narrowed(verdict)))
    return Choice(
        device,
        (
            (f"'{device.name}' is used because --device says so, though {verdict.problem}",)
            if verdict.problem
            else ()
        ),
    )


def first_sound(
    devices: "Sequence[Device]", needs: Sequence[Need], tell: "Tell | None" = None
) -> "tuple[Device | None, list[str]]":
    """The first device that can be trusted with what is needed, and what is wrong with those before it.

    Also what is wrong with its own wider vectors.
    """
    from mfpde.device.runtime import preference

    notes: list[str] = []
    for device in sorted(devices, key=preference):
        if reason := lacks_float64(device, needs):
            notes.append(reason)
            continue
        verdict = examined(device, devices, needs, tell)
        if verdict.sound is not None:
            return verdict.sound, [*notes, *_narrowed(verdict)]
        notes.append(
            f"the OpenCL device '{device.name}' ({device.platform}) is passed over, since {verdict.problem};"
            " mfpde doctor probes it anew"
        )
    return None, notes


def examined(
    device: "Device",
    devices: "Sequence[Device]",
    needs: Sequence[Need],
    tell: "Tell | None",
    anew: bool = False,
) -> "Verdict":
    """What is known of one of some devices, after probes of what is not known yet."""
    from mfpde.device.trust import examine

    alike = [other for other in devices if other.identity == device.identity]
    return examine(device, needs, tell, anew, alike.index(device))


def _narrowed(verdict: "Verdict") -> list[str]:
    sound = verdict.sound
    if sound is None or sound.manner == verdict.device.manner:
        return []
    return [f"on '{sound.name}' kernels are built with {sound.form}, since {verdict.problem}"]


def lacks_float64(device: "Device", needs: Sequence[Need]) -> str:
    """Why a device without double precision does not serve; empty if it does."""
    if device.has_float64 or all(need.precision == "float32" for need in needs):
        return ""
    return f"the OpenCL device '{device.name}' has no double precision; it would serve with {FLOAT32}"


def choose_device(selector: str | None = None, needs: Sequence[Need] = USUAL) -> "Device":
    """An OpenCL device, where NumPy will not do.

    Raises:
        InputError: there is none that can be trusted, or none of that name.
    """
    device = choose("opencl", selector, needs).device
    assert device is not None
    return device
