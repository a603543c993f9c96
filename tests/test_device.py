"""Which runtimes are found, which device is the default, and what is kept of compiled programs."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import numpy as np
import pyopencl as cl
import pytest

from mfpde.device import cache, choice, doctor, runtime, vendors
from mfpde.device.choice import choose, choose_device
from mfpde.device.needs import Need
from mfpde.device.registers import AVX512_TARGETS
from mfpde.device.runtime import Device, Manner, find_devices
from mfpde.device.trust import Verdict, manners, name_of
from mfpde.device.widths import function_width, vector_width
from mfpde.errors import InputError

REPORT = """
import json, os
before = dict(os.environ)
from mfpde.device.runtime import find_devices
from mfpde.verify.probe import problem_of
devices = find_devices()
changed = sorted(k for k in os.environ if os.environ[k] != before.get(k) and k != "PYOPENCL_HOME")
problems = [problem_of("potential", "float64", d) for d in devices]
print(json.dumps({"runtimes": [d.runtime for d in devices], "problems": problems, "changed": changed}))
"""


def in_a_new_process(prologue="", **environment):
    """What a process finds that has not asked the OpenCL loader yet."""
    kept = {k: v for k, v in os.environ.items() if k not in vendors.USER_VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", prologue + REPORT],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def fake(name, platform, kind=cl.device_type.CPU, float64=True, version="OpenCL 3.0"):
    facts = {
        "version": version,
        "driver_version": "1",
        "double_fp_config": 63 if float64 else 0,
        "native_vector_width_double": 8,
    }
    return SimpleNamespace(
        name=name, platform=SimpleNamespace(name=platform, version="1"), type=kind, **facts
    )


POCL = fake(
    "pthread-Intel(R) Xeon(R)",
    "Portable Computing Language",
    version="OpenCL 3.0 PoCL HSTR: pthread-x86_64-unknown-linux-gnu-skylake-avx512",
)
ZEN_4 = fake(
    "pthread-AMD EPYC",
    "Portable Computing Language",
    version="OpenCL 3.0 PoCL HSTR: pthread-x86_64-unknown-linux-gnu-znver3",
)
INTEL = fake("Intel(R) Xeon(R)", "Intel(R) OpenCL")
OTHER = fake("llvmpipe", "rusticl")
GPU = fake("Tesla", "NVIDIA CUDA", cl.device_type.GPU)
SMALL_GPU = fake("Iris", "Intel(R) OpenCL Graphics", cl.device_type.GPU, float64=False)


@pytest.fixture
def present(monkeypatch):
    """Pretend that these devices are there; those in `broken` fail their probe, those in `narrow` with wide
    vectors.
    """

    def examined(device, devices, needs, tell=None, anew=False):
        wrong = {name_of(device, m): {str(n): "it computes nonsense" for n in needs} for m in manners(device)}
        fine = {str(need): "" for need in needs}
        if device.cl_device in state["broken"]:
            return Verdict(device, needs, wrong)
        first, *others = manners(device)
        if device.cl_device in state["narrow"]:
            return Verdict(
                device,
                needs,
                {name_of(device, first): wrong[name_of(device, first)], name_of(device, others[0]): fine},
            )
        return Verdict(device, needs, {name_of(device, first): fine})

    state = {"broken": (), "narrow": ()}

    def pretend(*devices, broken=(), narrow=()):
        state.update(broken=broken, narrow=narrow)
        monkeypatch.setattr(runtime, "_cl_devices", lambda: list(devices))
        monkeypatch.setattr(choice, "examined", examined)
        monkeypatch.setattr(doctor, "examined", examined)
        monkeypatch.setattr("mfpde.device.drivers.settle_drivers", lambda anew=False: (True, ""))
        monkeypatch.setattr("mfpde.device.trust.asked_before", lambda device: [])

    return pretend


# --- the loader


@pytest.fixture
def intel(monkeypatch, tmp_path):
    """A library that stands for Intel's, and no registrations but those of one folder."""
    library = tmp_path / "lib" / vendors.INTEL_LIBRARY
    library.parent.mkdir()
    library.write_text("no library")
    folder = tmp_path / "vendors"
    folder.mkdir()
    monkeypatch.setattr(vendors, "FOLDERS", (folder, tmp_path / "absent"))
    monkeypatch.setattr(vendors, "intel_library", lambda: library)
    for name in vendors.USER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return library, folder


def registered():
    """What the loader would read inside."""
    with vendors.intel_registered():
        folder = os.environ.get(vendors.VARIABLE)
        found = None if folder is None else vendors.registrations((vendors.Path(folder),))
    assert folder is None or not os.path.exists(folder)
    return found


def test_registrations_of_the_system_stay_beside_intel(intel):
    library, folder = intel
    (folder / "nvidia.icd").write_text("libnvidia-opencl.so.1\n")
    (folder / "twice.icd").write_text("libnvidia-opencl.so.1")
    (folder / "dead.icd").write_text("/nowhere/libintelocl.so\n")
    (folder / "binary.icd").write_bytes(b"\xff\xfe")
    (folder / "note.txt").write_text("libnone.so")
    assert registered() == ["libnvidia-opencl.so.1", str(library)]
    assert vendors.VARIABLE not in os.environ


@pytest.mark.parametrize("variable", vendors.USER_VARIABLES)
def test_the_choice_of_the_user_is_left_alone(intel, monkeypatch, variable):
    monkeypatch.setenv(variable, "/mine")
    with vendors.intel_registered():
        assert {name for name in vendors.USER_VARIABLES if name in os.environ} == {variable}
        assert os.environ[variable] == "/mine"


def test_an_empty_variable_counts_as_none_and_stays_empty(intel, monkeypatch):
    monkeypatch.setenv(vendors.VARIABLE, "")
    assert registered() == [str(intel[0])]
    assert os.environ[vendors.VARIABLE] == ""


def test_nothing_is_done_where_intel_is_absent_or_registered_or_nothing_can_be_written(intel, monkeypatch):
    library, folder = intel
    (folder / "intel.icd").write_text(str(library))
    assert registered() is None
    (folder / "intel.icd").unlink()

    def full(**_):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", full)
        assert registered() is None
    monkeypatch.setattr(vendors, "intel_library", lambda: None)
    assert registered() is None


def test_the_library_is_where_its_package_says(monkeypatch, tmp_path):
    file = SimpleNamespace(
        name=vendors.INTEL_LIBRARY, locate=lambda: tmp_path / "a" / ".." / vendors.INTEL_LIBRARY
    )
    monkeypatch.setattr(importlib.metadata, "files", lambda package: [SimpleNamespace(name="cl.cfg"), file])
    assert vendors.intel_library() is None
    (tmp_path / "a").mkdir()
    (tmp_path / vendors.INTEL_LIBRARY).touch()
    assert vendors.intel_library() == tmp_path / vendors.INTEL_LIBRARY


@pytest.mark.slow
def test_pocl_is_found_with_and_without_folders_of_registrations(tmp_path):
    for environment in ({}, {"OCL_ICD_VENDORS": str(tmp_path)}, {"OPENCL_VENDOR_PATH": str(tmp_path)}):
        found = in_a_new_process(**environment)
        assert "pocl" in found["runtimes"]
        assert set(found["problems"]) == {""}
        assert found["changed"] == []
        assert ("intel" in found["runtimes"]) == (vendors.intel_library() is not None and not environment)


def test_a_library_of_intel_that_cannot_be_loaded_harms_nobody(tmp_path):
    (tmp_path / vendors.INTEL_LIBRARY).write_text("no library")
    prologue = (
        "from mfpde.device import vendors; vendors.intel_library = lambda:"
        f" vendors.Path({str(tmp_path / vendors.INTEL_LIBRARY)!r})\n"
    )
    assert in_a_new_process(prologue)["runtimes"] == ["pocl"]


@pytest.mark.slow
def test_devices_work_without_a_cache_folder(tmp_path):
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "below")
    found = in_a_new_process(HOME=nowhere, XDG_CACHE_HOME=nowhere, TMPDIR=str(tmp_path))
    assert "pocl" in found["runtimes"]
    assert set(found["problems"]) == {""}
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


# --- the choice


def test_gpus_come_first_then_intel_then_pocl_and_last_what_has_no_float64(present):
    present(OTHER, SMALL_GPU, POCL, INTEL, GPU)
    assert [d.cl_device for d in find_devices()] == [GPU, INTEL, POCL, OTHER, SMALL_GPU]
    assert choose_device().cl_device is GPU


def test_a_device_that_fails_its_probe_is_passed_over_aloud(present):
    present(POCL, INTEL, broken=[INTEL])
    found = choose()
    assert found.device.cl_device is POCL
    assert f"'{INTEL.name}'" in found.notes[0]
    assert "it computes nonsense" in found.notes[0]
    forced = choose(selector="intel")
    assert forced.device.cl_device is INTEL
    assert "because --device says so" in forced.notes[0]


def test_where_no_device_serves_numpy_does_unless_opencl_was_asked_for(present):
    for devices, broken in (([INTEL], [INTEL]), ([], [])):
        present(*devices, broken=broken)
        found = choose()
        assert found.device is None
        assert "runs on NumPy" in found.notes[0]
        assert "pip install" in found.notes[0] or "conda" in found.notes[0]
        with pytest.raises(InputError, match="to get one"):
            choose("opencl")
    assert choose("numpy").device is choose("auto", "numpy").device is None
    with pytest.raises(InputError, match="uses no OpenCL device"):
        choose("numpy", "0")
    with pytest.raises(InputError, match="no OpenCL device was found"):
        choose("auto", "0")


def test_kernels_are_narrowed_where_wide_vectors_fail(present):
    present(POCL, narrow=[POCL])
    found = choose()
    assert found.device.manner == Manner(32)
    assert vector_width(found.device, np.dtype(np.float64)) == 4
    assert "vectors of 32 bytes" in found.notes[0]


def test_a_device_without_float64_serves_float32_and_float64_runs_on_numpy(present):
    single, double = (
        [Need("mesh", "float32"), Need("network", "float32")],
        [
            Need("mesh", "float32"),
            Need("network", "float64"),
        ],
    )
    present(SMALL_GPU)
    assert choose(needs=single).device.cl_device is SMALL_GPU
    found = choose(needs=double)
    assert found.device is None
    assert "no double precision" in found.notes[0]
    assert 'eulerian.precision = "float32"' in found.notes[0]
    present(SMALL_GPU, POCL)
    assert choose(needs=single).device.cl_device is SMALL_GPU
    assert choose(needs=double).device.cl_device is POCL


def test_a_binding_that_cannot_be_imported_leaves_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "mfpde.device.drivers", None)
    found = choose()
    assert found.device is None
    assert "pyopencl cannot be used" in found.notes[0]


def test_runtimes_and_devices_are_chosen_by_name(present):
    present(POCL, GPU, SMALL_GPU)
    assert choose_device("pocl").cl_device is POCL
    assert choose_device("Tesla").cl_device is GPU
    assert choose_device("1").cl_device is POCL
    with pytest.raises(InputError, match="no double precision"):
        choose_device("intel")
    present(POCL)
    with pytest.raises(InputError, match="no OpenCL device of that name"):
        choose_device("intel")  # not PoCL on a processor made by Intel
    assert choose_device("xeon").cl_device is POCL


def test_vectors_are_as_wide_as_what_the_compiler_knows_of_the_processor():
    """PoCL says of a Zen 4 that it has vectors of 8 doubles, and compiles for a Zen 3, which has 4."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        assert (
            function_width(Device(INTEL), dtype) == vector_width(Device(INTEL), dtype) == 64 // dtype.itemsize
        )
        assert vector_width(Device(POCL), dtype) == 64 // dtype.itemsize
        assert function_width(Device(POCL), dtype) == 32 // dtype.itemsize
        assert (
            vector_width(Device(ZEN_4), dtype) == vector_width(Device(OTHER), dtype) == 32 // dtype.itemsize
        )
        assert function_width(Device(GPU), dtype) == vector_width(Device(GPU), dtype) == 1
        for lanes in (1, 2, 4, 8, 16):
            assert vector_width(Device(POCL, Manner(lanes * dtype.itemsize)), dtype) == lanes
        assert vector_width(Device(POCL, Manner(by_cell=True)), dtype) == 1


@pytest.mark.parametrize(
    "target",
    [
        "haswell",
        "znver3",
        "generic",
        "apple-m1",
        "neoverse-n1",
        "x86-64-v3",
        "alderlake",
        "",
        *AVX512_TARGETS,
    ],
)
def test_on_pocl_the_target_decides(target):
    for start in (
        "OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-",
        "OpenCL 3.0 PoCL HSTR: cpu-x86_64-pc-linux-gnu-",
    ):
        device = Device(fake("cpu", "Portable Computing Language", version=start + target))
        assert vector_width(device, np.dtype(np.float64)) == (8 if target in AVX512_TARGETS else 4)


# --- the doctor


@pytest.fixture
def look(present, monkeypatch):
    monkeypatch.setattr(Device, "describe", lambda self: {"name": self.name, "kernels": self.form})
    monkeypatch.setattr(doctor.platform, "system", lambda: "Linux")
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")

    def examine(*devices, installed=None, variable=None, broken=()):
        present(*devices, broken=broken)
        monkeypatch.setattr(doctor, "intel_library", lambda: installed)
        monkeypatch.setattr(doctor, "user_variable", lambda: variable)
        return doctor.examine()

    return examine


def test_the_doctor_tells_why_a_device_is_the_default(look):
    assert [d["default"] for d in look(POCL, GPU)["devices"]] == [True, False]
    assert "GPUs" in look(POCL, GPU)["default_reason"]
    assert "Intel" in look(POCL, INTEL)["default_reason"]
    assert "only" in look(POCL)["default_reason"]
    facts = look(POCL, INTEL, broken=[INTEL])
    assert [d["default"] for d in facts["devices"]] == [False, True]
    assert "failed" in facts["default_reason"]
    assert "computes nonsense" in facts["advice"][0]
    assert "no device serves in double precision" in look(SMALL_GPU)["advice"][0]
    assert "float32 only" in look(SMALL_GPU)["devices"][0]["verdict"]
    assert "no OpenCL device" in look()["advice"][0]
    assert look()["default"] == "NumPy"


def test_the_doctor_tells_how_to_get_intel_and_why_it_is_not_found(look, tmp_path, monkeypatch):
    assert "mfpde[intel]" in look(POCL)["tips"][0]
    assert (
        look(POCL)["advice"] == look(POCL, GPU)["tips"] == look(POCL, INTEL, installed=tmp_path)["tips"] == []
    )
    assert "OCL_ICD_VENDORS is set" in look(POCL, installed=tmp_path, variable="OCL_ICD_VENDORS")["advice"][0]
    assert "cannot be loaded" in look(POCL, installed=tmp_path / "absent.so")["advice"][0]
    monkeypatch.setattr(doctor.platform, "machine", lambda: "arm64")
    assert look(POCL)["tips"] == []


# --- compiled programs

SOURCE = "__kernel void fill(__global int *x) { x[get_global_id(0)] = ANSWER; }"


@pytest.fixture
def built(device, monkeypatch, tmp_path):
    """Builds with the cache in use whatever the driver keeps, and says what the program computes and whether
    it was compiled.
    """
    monkeypatch.setattr(cache, "has_src_build_cache", lambda d: False)
    monkeypatch.setattr(cache, "_folder", lambda: tmp_path / "programs")
    compiled = []
    original = cl.Program.build

    def build(self, options, **rest):
        compiled.append("cache_dir" in rest)
        return original(self, options, **rest)

    monkeypatch.setattr(cl.Program, "build", build)
    queue = cl.CommandQueue(device.context)

    def run(answer=42):
        compiled.clear()
        program = cache.build_cached(device, SOURCE, [f"-DANSWER={answer}"])
        result = np.zeros(8, dtype=np.int32)
        buffer = cl.Buffer(device.context, cl.mem_flags.READ_WRITE, result.nbytes)
        cl.Kernel(program, "fill")(queue, (8,), None, buffer)
        cl.enqueue_copy(queue, result, buffer)
        assert np.all(result == answer)
        return compiled[-1]

    return run


def test_a_program_is_compiled_once(built, tmp_path):
    assert built()
    assert not built()
    assert built(43)
    assert not built()
    assert len(list((tmp_path / "programs").iterdir())) == 2


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:40] + b"x" + b[41:], lambda b: b"\0" * len(b)]
)
def test_a_damaged_file_is_compiled_again(built, tmp_path, damage):
    built()
    (file,) = (tmp_path / "programs").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert built()
    assert not built()


def test_a_binary_the_driver_refuses_is_compiled_again(built, tmp_path):
    built()
    (file,) = (tmp_path / "programs").iterdir()
    cache._write(file, b"of another driver")
    assert built()
    assert not built()


def test_no_place_for_programs_costs_only_time(built, tmp_path):
    (tmp_path / "programs").touch()
    assert built()
    assert built()


def test_programs_unused_for_long_are_dropped(built, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_FILES", 2)
    for age, answer in ((30, 1), (20, 2)):
        before = set((tmp_path / "programs").glob("*"))
        built(answer)
        (new,) = set((tmp_path / "programs").glob("*")) - before
        os.utime(new, (new.stat().st_mtime - age,) * 2)
    assert not built(1)  # used now, so that 2 is the oldest
    built(3)
    assert not built(1)
    assert built(2)


def test_a_refused_program_is_reported(device):
    from mfpde.device.program import build_program, precision_constants
    from mfpde.errors import RunError

    with pytest.raises(RunError, match="refused"):
        build_program(
            device, [], precision_constants(np.dtype(np.float64), 1) | {"NEGLIGIBLE": 0}, "this is no C"
        )
