"""What users set for themselves changes no run: NumPy's errors and print options, filters of warnings,
notebooks, threads, signals.
"""

import builtins
import signal
import threading
import warnings

import numpy as np
from conftest import small_case

import mfpde
from mfpde.arithmetic import usual_arithmetic
from mfpde.runs import signals


def test_numpys_errors_are_the_users_own_affair():
    usual = usual_arithmetic(lambda: np.square(np.array([1e-200])))
    with np.errstate(all="raise"):
        assert usual() == 0
        assert np.geterr()["under"] == "raise"


def test_runs_and_comparisons_do_not_heed_the_users_settings(tmp_path):
    case = small_case(**{"time": 0.25})
    plain = mfpde.run(case, tmp_path / "plain.h5", device="numpy")
    with (
        np.errstate(all="raise"),
        np.printoptions(precision=2, threshold=3, legacy="1.13"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        run = mfpde.run(case, tmp_path / "users.h5", device="numpy")
        assert repr(run.compare()) == repr(plain.compare())
    assert np.array_equal(run.mu, plain.mu)


def test_a_comparison_in_a_notebook_is_text(small_run, monkeypatch):
    class ZMQInteractiveShell:
        pass

    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)
    assert "density mu" in repr(mfpde.open_run(small_run.path).compare())


def test_runs_work_in_a_thread():
    found = []
    case = small_case(**{"time": 0.05})
    thread = threading.Thread(target=lambda: found.append(mfpde.run(case, device="numpy").health["finished"]))
    thread.start()
    thread.join()
    assert found == [True]


def test_signals_of_a_program_around_python_are_left_alone(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    monkeypatch.setattr(signal, "signal", lambda *_: 1 / 0)
    with signals.listening(print) as asked:
        assert not asked.to_stop
