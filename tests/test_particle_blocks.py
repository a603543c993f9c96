"""Blocks of units times tiles of data: sizes that do not fit them, and the tanh they use, against the
reference.
"""

import mpmath
import numpy as np
import pyopencl as cl
import pytest
from conftest import small_case

from mfpde.device.program import build_program, precision_constants
from mfpde.device.widths import vector_width
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.forces_opencl import KEEP_INPUTS, OpenCLNetwork, tile_vectors
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.network import build_network


def network_on(dimension, samples, precision, bias=True, **changes):
    axis = {"initial": {"law": "normal"}}
    data = {"teacher": "sin(x0)", "inputs": {"law": "normal", "dimension": dimension, "samples": samples}}
    parameters = {"a": axis, "w": axis} | ({"b": axis} if bias else {})
    changes |= {"eulerian.enabled": False, "lagrangian.precision": precision, "model.bias": bias}
    return build_network(small_case(parameters=parameters, data=data, **changes))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    ("dimension", "samples", "bias", "sizes"),
    [
        (1, 2, True, ([1], [1])),
        (1, 17, False, ([3, 5], [2, 1])),
        (1, 1030, True, ([130], [1])),
        (2, 64, True, ([64, 65], [1, 2])),
        (3, 133, False, ([7, 70], [3, 2])),
        (KEEP_INPUTS - 1, 100, True, ([66], [2])),
        (KEEP_INPUTS, 77, True, ([9, 66], [2, 1])),
        (50, 200, False, ([5, 67], [1, 2])),
    ],
)
def test_remainders_of_blocks_equal_the_reference(dimension, samples, bias, sizes, precision, device):
    network, ladder = network_on(dimension, samples, precision, bias), Ladder(*sizes, seed=6)
    reference, backend = (
        NumpyNetwork(network, ladder, "float64", 0.0),
        OpenCLNetwork(network, ladder, precision, 0.0, device),
    )
    state = ladder.initial_state(network.parameters).astype(precision).astype(float)
    handle = backend.upload(state)
    tolerance = 20 * np.finfo(precision).eps * np.sqrt(dimension)
    for given, exact in (
        (backend.predictions(handle), reference.predictions(state)),
        (backend.download(backend.velocity(handle)), reference.velocity(state)),
    ):
        np.testing.assert_allclose(given, exact, rtol=0, atol=tolerance * (1 + np.abs(exact).max()))


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_blocks_of_one_as_on_a_gpu_equal_the_reference(precision, device, monkeypatch):
    monkeypatch.setattr(type(device), "by_row", False)
    network, ladder = network_on(20, 77, precision), Ladder([5, 67], [2, 1], seed=2)
    reference, backend = (
        NumpyNetwork(network, ladder, "float64", 0.0),
        OpenCLNetwork(network, ladder, precision, 0.0, device),
    )
    assert (backend.width, backend.block, backend.tile) == (1, 1, 1)
    state = ladder.initial_state(network.parameters).astype(precision).astype(float)
    exact = reference.velocity(state)
    given = backend.download(backend.velocity(backend.upload(state)))
    np.testing.assert_allclose(
        given, exact, rtol=0, atol=100 * np.finfo(precision).eps * (1 + np.abs(exact).max())
    )


@pytest.mark.parametrize("dimension", [1, KEEP_INPUTS])
def test_a_velocity_repeats_bit_by_bit(dimension, device):
    network, ladder = network_on(dimension, 133, "float32"), Ladder([3, 130], [2, 1], seed=1)
    backend = OpenCLNetwork(network, ladder, "float32", 0.0, device)
    state = backend.upload(ladder.initial_state(network.parameters))
    first, again = (backend.download(backend.velocity(state)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_keeping_preactivations_changes_nothing_but_speed(device, monkeypatch):
    network, ladder = network_on(20, 50, "float64"), Ladder([6, 70], [2, 1], seed=1)
    rates = []
    for most in (2**28, 0):
        monkeypatch.setattr("mfpde.lagrangian.forces_opencl.KEEP_BYTES", most)
        backend = OpenCLNetwork(network, ladder, "float64", 0.0, device)
        rates.append(
            backend.download(backend.velocity(backend.upload(ladder.initial_state(network.parameters))))
        )
    np.testing.assert_allclose(rates[1], rates[0], rtol=0, atol=1e-14 * np.abs(rates[0]).max())


def test_tiles_pad_the_data_by_an_eighth_at_most():
    for vectors in range(1, 200):
        tile = tile_vectors(vectors, 4)
        assert 8 * (-vectors % tile) <= vectors
    assert tile_vectors(64, 4) == 4


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("scalar", [False, True])
def test_tanh_is_exact_to_three_units_in_the_last_place(precision, scalar, device):
    dtype = np.dtype(precision)
    width = 1 if scalar else vector_width(device, dtype)
    kernel = (
        "__kernel void values(__global const real *t, __global real *out) "
        "{ const int i = get_global_id(0) * VW; STORE(fast_tanh(LOAD(t + i)), out + i); }"
    )
    program = build_program(device, [], precision_constants(dtype, width), kernel)
    random = np.random.default_rng(0)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).max, np.finfo(dtype).tiny, 1e-30]
    t = np.concatenate(
        [
            special,
            *(scale * random.normal(size=498) for scale in (1e-5, 0.01, 0.3, 1, 5)),
            np.linspace(8.9, 22, 22),
        ]
    ).astype(dtype)
    t = np.pad(t, (0, -len(t) % width))
    queue = cl.CommandQueue(device.context)
    buffers = [
        cl.Buffer(device.context, cl.mem_flags.COPY_HOST_PTR, hostbuf=a) for a in (t, np.zeros_like(t))
    ]
    program.values(queue, (len(t) // width,), None, *buffers)
    given = np.empty_like(t)
    cl.enqueue_copy(queue, given, buffers[1])
    np.testing.assert_array_equal(given[:6], np.array([0.0, -0.0, 1, -1, np.nan, 1], dtype))
    assert list(np.signbit(given[:2])) == [False, True]
    with mpmath.workdps(40):
        exact = [mpmath.tanh(mpmath.mpf(float(v))) for v in t[6:]]
        error = [abs(mpmath.mpf(float(g)) - e) for g, e in zip(given[6:], exact, strict=True)]
    assert np.all(
        np.array(error, float) <= 3 * np.spacing(np.abs(np.array(exact, float).astype(dtype))).astype(float)
    )
