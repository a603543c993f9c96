"""Every claim of `python -m validation`, on smaller meshes."""

import pytest

from mfpde.case.shipped import list_cases
from mfpde.exact import build_exact
from mfpde.models import build_model
from validation.agreement import PAIRS, agree
from validation.checks import CHECKS
from validation.claim import measure
from validation.claims import CLAIMS


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c.name}, {c.quantity}")
def test_orders_are_as_claimed(claim, device):
    outcome = measure(claim, device, small=True)
    assert outcome.holds_small, (
        outcome.table["orders"][claim.quantity],
        [level["errors"] for level in outcome.table["levels"]],
    )


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: f"{c.row} {c.what}")
def test_checks_hold(check, device):
    assert check.measure(device, True) <= (check.small_bound or check.bound)


@pytest.mark.slow
@pytest.mark.parametrize("pair", [PAIRS[k] for k in (1, 2, 4, 5)], ids=lambda p: p.what)
def test_fipy_agrees_within_the_errors_of_both(pair, device):
    agreement = agree(pair, device)
    assert agreement.holds, agreement.found


def test_every_row_has_a_case_and_every_case_a_claim():
    rows = {f"V{n}" for n in range(1, 23)} - {"V15", "V16", "V17"}  # games
    of_examples = {"V26", "V27", "V28"}  # optima of cases that are shipped as examples
    assert {c.row for c in CLAIMS} | {c.row for c in CHECKS} == rows | of_examples
    names = [entry["name"] for entry in list_cases() if entry["kind"] == "verification"]
    assert {f"V{int(name[1:3])}" for name in names} == rows


@pytest.mark.parametrize(
    "entry", [e for e in list_cases() if e["kind"] == "verification"], ids=lambda e: e["name"]
)
def test_verification_cases_are_what_their_exact_solution_needs(entry):
    from mfpde.case import load_case

    case = load_case(entry["name"])
    if case.exact is not None:
        model = build_model(case)
        assert build_exact(case, model, model.parameters.mesh()).at(case.time / 2) is not None
