"""Whether a run that goes on is computed as it was when it began."""

from pathlib import Path

from mfpde.errors import InputError
from mfpde.runs.find import Content
from mfpde.runs.report import Reporter

#: of a device, what must not change for results to stay the same bit by bit
DEVICE_CLASS = ("type", "platform", "name")


def check_match(
    output: Path, content: Content, facts: Content, allow_device_change: bool, report: Reporter
) -> None:
    """Refuse another kind of device or other data; say aloud what else is not as it was.

    Raises:
        InputError: what does not match, by name.
    """
    was, is_now = content["device"], facts["device"]
    different = next((name for name in DEVICE_CLASS if was.get(name) != is_now.get(name)), None)
    if different is not None:
        change = f"the device has another {different}: {is_now.get(different)}, it was {was.get(different)}"
        if not allow_device_change:
            raise InputError(
                f"{output}: {change}; results would not be the same bit by bit: choose it with --device, or"
                " --allow-device-change"
            )
        report.warn(f"{change}, so results are not the same bit by bit")
    if content["data_sha256"] != facts["data_sha256"]:
        raise InputError(
            f"{output}: the data are not those of the run (data_sha256); bring them back, or run anew with"
            " mfpde run"
        )
    others = {"mfpde_version": "mfpde", "kernels_sha256": "the kernels", "machine": "the machine"}
    changed = [label for name, label in others.items() if content[name] != facts[name]]
    if was.get("kernels", is_now.get("kernels")) != is_now.get("kernels"):
        changed.append("the form of the kernels")
    # PoCL tells what is free at the moment
    same = all(was.get(name) == is_now.get(name) for name in {*was, *is_now} - {"memory_bytes"})
    if not changed and content["fingerprint"] != facts["fingerprint"] and same:
        changed = ["what is built from the case (libraries or threads)"]
    if changed:
        report.warn(
            f"not as it was when the run began: {', '.join(changed)}; results may differ from an"
            " uninterrupted run in rounding"
        )
