"""Mistakes that authors of cases make: each gets one sentence with the file, the key, and what is really
wrong.
"""

import re

import pytest

from mfpde.case.load import load_variants
from mfpde.errors import InputError
from mfpde.kinds import LAWS
from mfpde.simulation import build_simulation

AXIS = """
domain = [-4, 4]
cells = 8
initial = { law = "normal", within = [-3, 3] }
"""
REST = """
[eulerian]
backend = "numpy"
[lagrangian]
units = [6]
replicates = 2
"""
NET = f"""
time = 1.0
[data]
teacher = "sin(x0)"
inputs = {{ law = "grid", low = -2, high = 2, points = 8 }}
[parameters.a]{AXIS}[parameters.w]{AXIS}[parameters.b]
fixed = 0.5{REST}"""
POT = f"""
time = 1.0
[model]
kind = "potential"
external = "x^2/2"
[parameters.x]{AXIS}{REST}"""
POP = f"""
time = 1.0
[data]
population = "gaussian"
dimension = 1
teacher = {{ kind = "planted", units = [{{ a = 1.0, w = 1.0 }}] }}
[model]
activation = "relu"
bias = false
[parameters.a]{AXIS}[parameters.w]{AXIS}{REST}"""
TWO_OUTPUTS = ('"sin(x0)"', '["sin(x0)", "cos(x0)"]')
OF_TEACHER = 'teacher = "sin(x0)"\ninputs = { law = "grid", low = -2, high = 2, points = 8 }'
TWO = ('{ law = "grid", low = -2, high = 2, points = 8 }', '{ law = "grid", dimension = 2, points = 4 }')


def changed(base, *changes, add=""):
    """A case with some of its text exchanged, and more at its end."""
    for old, new in changes:
        assert old in base, old
        base = base.replace(old, new)
    return base + add


#: (case, what the message says after the name of the file)


def of_loss(name):
    """The table of a model with a loss."""
    return f'[model]\nloss = "{name}"\n'


TANGENT = '[fluctuations]\npredict = true\nmethod = "tangent"\n'


def laws_with(key):
    """All laws that have a key, as messages list them."""
    return " or ".join(f'law = "{name}"' for name in LAWS if key in LAWS[name].model_fields)


MISTAKES = [
    (
        changed(POT, add='[data]\nteacher = "sin(x0)"\ninputs = { law = "grid" }\n'),
        "'data' belongs to model.kind = \"network\"; a potential has none: leave [data] out, or model.kind",
    ),
    (
        changed(POT, add='[data]\nteachr = "sin(x0)"\n'),
        "'data' belongs to model.kind = \"network\"; a potential has none: leave [data] out, or model.kind",
    ),
    (
        changed(POT, ("external", 'activation = "tanh"\nexternal')),
        "unknown key 'model.activation'; it belongs to kind = \"network\"",
    ),
    (
        changed(POT, ("external", "penalty = { lambda = 0.1 }\nexternal")),
        "unknown key 'model.penalty'; it belongs to kind = \"network\"",
    ),
    (
        changed(NET, add='[model]\nexternal = "x^2"\n'),
        "unknown key 'model.external'; it belongs to kind = \"potential\"",
    ),
    (
        changed(POT, ('kind = "potential"\n', "")),
        "unknown key 'model.external'; it belongs to kind = \"potential\"",
    ),
    (
        changed(POT, ('"potential"', '"potental"')),
        "model.kind: 'potental' is not one of the choices; did you mean 'potential'?",
    ),
    (changed(POT, ('"potential"', '"formula"')), "model.kind: 'formula' is not one of the choices"),
    (
        changed(POT, ("x^2/2", "x^2/2 + y^2")),
        "model.external: unknown name 'y' in 'x^2/2 + y^2'; there is no table [parameters.y]",
    ),
    (
        changed(POT, ('x^2/2"', 'x^2/2"\ninteraction = "y^2"')),
        "model.interaction: unknown name 'y' in 'y^2'; there is no table [parameters.y]",
    ),
    (
        changed(POT, ("[parameters.x]", "[parameters.q]")),
        (
            "model.external: unknown name 'x' in 'x^2/2'; there is no table [parameters.x], and"
            " [parameters.q] is in no formula"
        ),
    ),
    (changed(NET, ("[parameters.w]", "[parameters.q]")), "parameters.q: the model has no such parameter"),
    (changed(NET, add="[parameters.q]\n" + AXIS), "parameters.q: the model has no such parameter"),
    (
        changed(NET, ("[parameters.b]\nfixed = 0.5\n", "")),
        (
            "the model has a parameter 'b', which needs a table [parameters.b] with domain, cells and initial"
            ' = { law = "normal"'
        ),
    ),
    (
        changed(NET, ("[parameters.w]" + AXIS, "")),
        (
            "the model has a parameter 'w', which needs a table [parameters.w] with domain, cells and initial"
            ' = { law = "normal"'
        ),
    ),
    (
        changed(NET, add="[model]\nbias = false\n"),
        "parameters.b: the model has no bias, since model.bias = false",
    ),
    (
        changed(NET, ("[parameters.w]", "[parameters.w1]")),
        "parameters.w1: the model has no such parameter; did you mean 'w'?",
    ),
    (
        changed(NET, add="[parameters.w2]\nfixed = 1\n"),
        "parameters.w2: the model has no such parameter; did you mean 'w'?",
    ),
    (
        changed(NET, TWO, ("[parameters.w]\n", "[parameters.w0]\n"), add="[parameters.w1]\n" + AXIS),
        "parameters.w0: the model has no such parameter; did you mean 'w'?",
    ),
    (
        changed(NET, TWO, add="[parameters.w3]\nfixed = 1\n"),
        "parameters.w3: the model has no such parameter; did you mean 'w'?",
    ),
    (
        changed(NET, TWO, ("[parameters.w]", "[parameters.w1]")),
        (
            "the model has a parameter 'w2', which needs a table [parameters.w2] with domain, cells and"
            ' initial = { law = "normal"'
        ),
    ),
    (changed(NET, ("[parameters.w]", "[parameters.x]")), "parameters.x: the model has no such parameter"),
    (changed(NET, ("sin(x0)", "sin(x)")), "data.teacher: unknown name 'x' in 'sin(x)'; did you mean 'x0'?"),
    (
        changed(NET, ("sin(x0)", "sin(x1)")),
        "data.teacher: unknown name 'x1' in 'sin(x1)'; did you mean 'x0'?",
    ),
    (
        changed(NET, ("fixed = 0.5", "fixed = 0.5\ndomain = [-1, 1]")),
        "parameters.b: a 'fixed' parameter has neither 'initial' nor 'domain', and is not periodic",
    ),
    (
        changed(NET, ("fixed = 0.5", 'fixed = 0.5\ninitial = { law = "normal" }')),
        "parameters.b: a 'fixed' parameter has neither 'initial' nor 'domain', and is not periodic",
    ),
    (
        changed(NET, ("fixed = 0.5", "domain = [-1, 1]")),
        "parameters.b: expected 'initial' (a law) or 'fixed' (a number)",
    ),
    (
        changed(NET, ("domain = [-4, 4]\n", "")),
        "parameters.a: needs domain = [low, high] for the mesh (or set eulerian.enabled = false)",
    ),
    (
        changed(NET, ("[-4, 4]", "[4, -4]")),
        "parameters.a.domain: expected [low, high] with low < high, got [4.0, -4.0]",
    ),
    (
        changed(NET, ("[-4, 4]", '"-4..4"')),
        "parameters.a.domain: expected [low, high], two numbers, got '-4..4'",
    ),
    (
        changed(NET, ("[-4, 4]", "[-4, 0, 4]")),
        "parameters.a.domain: expected [low, high], two numbers, got [-4, 0, 4]",
    ),
    (
        changed(NET, ('law = "normal"', 'law = "gausian"')),
        "parameters.a.initial.law: 'gausian' is not one of the choices; gaussian is called 'normal' here",
    ),
    (
        changed(NET, ('law = "normal", ', "")),
        (
            "parameters.a.initial: expected a table with the key 'law', such as { law = \"normal\" }, got a"
            " table"
        ),
    ),
    (
        changed(NET, ('initial = { law = "normal", within = [-3, 3] }', 'initial = "normal"')),
        "parameters.a.initial: expected a table, such as { law = \"normal\" }, got 'normal'",
    ),
    (
        changed(NET, ('law = "normal", within = [-3, 3]', 'law = "uniform", mean = 0, std = 1')),
        f"unknown key 'parameters.a.initial.mean'; it belongs to {laws_with('mean')}",
    ),
    (
        changed(NET, ('law = "normal"', 'law = "normal", variance = 2')),
        "unknown key 'parameters.a.initial.variance'",
    ),
    (
        changed(NET, ('law = "normal", within = [-3, 3]', 'law = "normal", low = -1, high = 1')),
        f"unknown key 'parameters.a.initial.low'; it belongs to {laws_with('low')}",
    ),
    (
        changed(NET, ('law = "normal"', 'law = "normal", sigma = 2')),
        "unknown key 'parameters.a.initial.sigma'",
    ),
    (
        changed(NET, ('law = "normal"', 'law = "normal", std = 0')),
        "parameters.a.initial.std: expected more than 0, got 0",
    ),
    (
        changed(NET, ('initial = { law = "normal", within = [-3, 3] }', "initial = 1.0")),
        'parameters.a.initial: expected a table, such as { law = "normal" }, got 1.0',
    ),
    (changed(NET, (", within = [-3, 3]", "")), "parameters.a: the domain [-4"),
    (changed(NET, ("[parameters.a]", "[a]")), "unknown key 'a'; the table of a parameter is [parameters.a]"),
    (
        changed(NET, ("[parameters.a]", "[parameter.a]")),
        "unknown key 'parameter'; did you mean 'parameters'?",
    ),
    (
        changed(NET, ("units = [6]", "units = 100")),
        "lagrangian.units: expected a list, such as [100], got 100",
    ),
    (
        changed(NET, ("units = [6]", 'units = "100"')),
        "lagrangian.units: expected a list, such as [100], got '100'",
    ),
    (changed(NET, ("units = [6]", "units = [0]")), "lagrangian.units.0: expected more than 0, got 0"),
    (
        changed(NET, ("units = [6]", "units = [10.5]")),
        "lagrangian.units.0: expected a whole number, got 10.5",
    ),
    (
        changed(NET, ("time = 1.0", 'time = "1.0"')),
        "time: expected a number, got '1.0'; leave the quotes out",
    ),
    (changed(NET, ("time = 1.0\n", "")), "the key 'time' is required"),
    (
        changed(NET, ("time = 1.0\n", ""), add="time = 1.0\n"),
        "unknown key 'lagrangian.time'; did you mean time at the top, before the first [table]?",
    ),
    (changed(NET, ("time = 1.0", "time = 0")), "time: expected more than 0, got 0"),
    (changed(NET, ("time = 1.0", "t = 1.0")), "unknown key 't'"),
    (
        changed(NET, ("cells = 8", 'cells = "8"')),
        "parameters.a.cells: expected a whole number, got '8'; leave the quotes out",
    ),
    (changed(NET, ("cells = 8", "cells = 2")), "parameters.a.cells: expected at least 4, got 2"),
    (changed(NET, add='[model]\nbias = "yes"\n'), "model.bias: expected true or false, got 'yes'"),
    (
        changed(NET, add='[model]\nactivation = "rellu"\n'),
        "model.activation: unknown activation 'rellu'; did you mean 'relu'?",
    ),
    (changed(NET, add='[model]\nactivation = "sin(x)"\n'), "model.activation: unknown name 'x' in 'sin(x)'"),
    (
        changed(NET, add="[model]\npenalty = 0.01\n"),
        "model.penalty: expected a table, with keys of kind, lambda, power, confinement, got 0.01",
    ),
    (changed(NET, add="[model]\npenalty = { strength = 0.01 }\n"), "unknown key 'model.penalty.strength'"),
    (
        changed(NET, add="[model]\nlambda = 0.01\n"),
        "unknown key 'model.lambda'; did you mean model.penalty.lambda?",
    ),
    (
        changed(POP, ('{ kind = "planted", units = [{ a = 1.0, w = 1.0 }] }', '"x0"')),
        (
            "data: 'population' needs a planted 'teacher', whose inner products with units have closed forms;"
            " expected kind ="
        ),
    ),
    (changed(POP, ("dimension = 1\n", "")), "data: 'population' needs 'dimension', that of x"),
    (
        changed(POP, ("dimension = 1", 'dimension = 1\ninputs = { law = "grid" }')),
        "data: 'population' is a loss over all x, without data points: leave out 'inputs'",
    ),
    (
        changed(POP, ('"relu"', '"tanh"')),
        (
            "model.activation: 'tanh' with model.bias = false has no closed form under data.population ="
            ' "gaussian"; expected relu'
        ),
    ),
    (
        changed(POP, ("w = 1.0", "w = [1.0, 2.0]")),
        "data.teacher.units.0.w: has 2 coordinate(s), but the inputs have 1",
    ),
    (
        changed(NET, ('inputs = { law = "grid", low = -2, high = 2, points = 8 }\n', "")),
        (
            "data: 'teacher' needs 'inputs', for example inputs = { law = \"normal\", dimension = 2, samples"
            " = 256 }, or 'population'"
        ),
    ),
    (
        changed(NET, ("points = 8", "samples = 8")),
        (
            'unknown key \'data.inputs.samples\'; it belongs to law = "uniform" or law = "normal" or law ='
            ' "sphere"'
        ),
    ),
    (
        changed(
            NET,
            (
                'teacher = "sin(x0)"\ninputs = { law = "grid", low = -2, high = 2, points = 8 }',
                'file = "a.csv"',
            ),
        ),
        "data: 'file' needs the column names 'x' (a list) and 'y'",
    ),
    (
        changed(NET, ("teacher", 'file = "a.csv"\nteacher')),
        "data: expected either 'file' (with x and y columns) or 'teacher' (with inputs), and not both",
    ),
    (
        changed(NET, add='[dynamics]\nbirths.a = { law = "uniform" }\n'),
        "dynamics: 'births' needs birth_death > 0: killed units are reborn from that density",
    ),
    (
        changed(NET, add='[dynamics]\nbirth_death = 1\nbirths.q = { law = "uniform" }\n'),
        "dynamics.births.q: is not a free parameter",
    ),
    (
        changed(NET, add='[dynamics]\nbirth_death = 1\nbirths.b = { law = "uniform" }\n'),
        "dynamics.births.b: is not a free parameter",
    ),
    (
        changed(NET, add='[dynamics]\nbirth_death = 1\nbirths.a = { law = "unifrm" }\n'),
        "dynamics.births.a.law: 'unifrm' is not one of the choices; did you mean 'uniform'?",
    ),
    (
        changed(NET, add='[dynamics]\nbirth_death = 1\nbirths = { law = "uniform" }\n'),
        (
            "dynamics.births: expected a law for every parameter that is named, such as births.a = { law ="
            ' "uniform" }'
        ),
    ),
    (
        changed(NET, add='[dynamics]\nreaction = "entropic"\n'),
        (
            'dynamics: reaction = "entropic" is -alpha (V + tau log mu - mean): it needs birth_death > 0 and'
            " diffusion > 0"
        ),
    ),
    (
        changed(NET, ('backend = "numpy"', 'backend = "numpy"\ndiffusion = 0.1')),
        "unknown key 'eulerian.diffusion'; did you mean dynamics.diffusion?",
    ),
    (
        changed(NET, ('backend = "numpy"', 'scheme = "from"')),
        "eulerian.scheme: 'from' is not one of the choices; did you mean 'fromm'?",
    ),
    (changed(NET, ("replicates = 2", "seed = -1")), "lagrangian.seed: expected at least 0, got -1"),
    (
        changed(NET, ("replicates = 2", "replicates = [2, 3]")),
        (
            "lagrangian: 'replicates' lists 2 counts for 1 widths in 'units'; change both, or give one count"
            " for all, such as"
        ),
    ),
    (
        changed(
            NET, ('backend = "numpy"', "enabled = false"), ("time = 1.0", "time = 1.0\nstationary = 1e-3")
        ),
        "'stationary' is judged by the density: it needs eulerian.enabled = true",
    ),
    (
        changed(NET, ('backend = "numpy"', "enabled = false"), ("units = [6]", "units = []")),
        (
            "nothing to do: eulerian.enabled is false and lagrangian.units is empty; expected one of them to"
            " change"
        ),
    ),
    (
        changed(POT, add="[fluctuations]\npredict = true\n"),
        'fluctuations.predict: a potential has no function f to fluctuate; expected model.kind = "network"',
    ),
    (
        changed(POT, add="[descent]\nsteps = [0.1]\n"),
        'descent.steps: a potential has no loss to descend; expected model.kind = "network"',
    ),
    (changed(NET, add="[descent]\nsteps = 0.1\n"), "descent.steps: expected a list, such as [0.1], got 0.1"),
    (
        changed(POT, ("domain = [-4, 4]", "periodic = true")),
        "parameters.x: a periodic parameter needs domain = [low, high], whose length is the period",
    ),
    (
        changed(POT, ('x^2/2"', 'x^2/2"\ninteraction = "x"')),
        (
            "model.interaction: W must be even, W(-d) = W(d), in the differences d of two points; only that"
            " part has an energy"
        ),
    ),
    (
        changed(POT, ("x^2/2", "x**2 if x > 0 else 0")),
        (
            "model.external: 'x**2 if x > 0 else 0' uses syntax that formulas do not have; use numbers,"
            " names, + - * / ^ and"
        ),
    ),
    (
        changed(POT, ("x^2/2", "ln(x)")),
        "model.external: unknown function 'ln' in 'ln(x)'; the natural logarithm is log",
    ),
    (changed(POT, ('"x^2/2"', "2")), "model.external: expected text, got 2"),
    (
        changed(POT, ("x^2/2", "log(x)")),
        (
            "model.external: 'log(x)' is not finite at x = -4, which is in reach; expected a formula that is"
            " finite there"
        ),
    ),
    (
        changed(NET, add='[exact]\nsolution = "gausian"\n'),
        "exact.solution: 'gausian' is not one of the choices; did you mean 'gaussian'?",
    ),
    (changed(NET, add="[exact]\n"), "the key 'exact.solution' is required"),
    (
        changed(POT, ("[parameters.x]", "[parameters.time]"), ("x^2/2", "time^2")),
        "parameters.time: outputs have something else of this name; choose another, such as",
    ),
    (
        changed(POT, ("cells = 8", "periodic = true\nstretch = 1")),
        (
            "parameters.x: 'stretch' needs a 'domain' with walls: expected domain = [low, high], and no"
            " periodic = true"
        ),
    ),
    (
        changed(POT, ('law = "normal", within = [-3, 3]', 'law = "wrapped_cauchy"')),
        (
            "parameters.x: a wrapped Cauchy law needs periodic = true and a domain of length 2 pi, such as"
            " [0, 6.283185307179586]"
        ),
    ),
    (changed(NET, add="[output]\nevry = 1\n"), "unknown key 'output.evry'; did you mean 'every'?"),
    (
        changed(NET, add="[output]\nsnapshots = 1\n"),
        "unknown key 'output.snapshots'; did you mean 'snapshot_replicates'?",
    ),
    (
        changed(NET, ("[parameters.b]", "[[parameters.b]]")),
        (
            "parameters.b: expected a table, with keys of fixed, domain, cells, periodic, stretch,"
            " stretch_at, mobility, initial,"
        ),
    ),
    (
        changed(
            NET,
            (
                '{ law = "grid", low = -2, high = 2, points = 8 }',
                '{ law = "grid", dimension = 4, points = 2 }',
            ),
        ),
        "the mesh needs 1 to 4 free parameters, the case has 5",
    ),
    (
        changed(NET, add="[variants.one]\nlagrangian = 3\n"),
        (
            "variants.one: lagrangian: expected a table, with keys of units, replicates, seed, common,"
            " precision, reaction,"
        ),
    ),
    (
        changed(NET, ('backend = "numpy"', 'hand_off = "true"')),
        "eulerian.hand_off: expected true or false, got 'true'; leave the quotes out",
    ),
    (
        changed(NET, ("teacher", 'x = "u"\nteacher')),
        "data: column names (x, y, weights) belong to a 'file', not to a 'teacher'",
    ),
    (
        changed(POP, ("gaussian", "sphere")),
        'data: population = "sphere" needs dimension of at least 2: x lies on the unit sphere of that space',
    ),
    (
        changed(POP, ("[{ a = 1.0, w = 1.0 }]", "[]")),
        "data.teacher.units: expected at least 1 item(s), got []",
    ),
    (changed(POP, ("{ a = 1.0, w = 1.0 }", "{ a = 1.0 }")), "the key 'data.teacher.units.0.w' is required"),
    (changed(NET, add=of_loss("logistc")), "model.loss: 'logistc' is not one of the choices; did you mean"),
    (
        changed(NET, add='[model]\nloss = "huber"\nhuber_delta = 0\n'),
        "model.huber_delta: expected more than 0, got 0",
    ),
    (
        changed(NET, ("teacher", "noise = 0.1\nteacher"), add=of_loss("logistic")),
        'data.noise: the loss "logistic" takes classes, to which no noise is added',
    ),
    (
        changed(NET, ("sin(x0)", "1 + x0^2"), add=of_loss("logistic")),
        "data.teacher: has one sign at all inputs; two classes are told by its sign",
    ),
    (
        changed(NET, TWO_OUTPUTS, add=of_loss("logistic")),
        'data.teacher: the loss "logistic" takes one formula, got 2',
    ),
    (
        changed(NET, add=of_loss("softmax")),
        'data.teacher: the loss "softmax" takes a list of formulas, one for each class',
    ),
    (
        changed(NET, ('"sin(x0)"', '["1", "sin(x0) - 2"]'), add=of_loss("softmax")),
        "data.teacher: score 1 is the largest at all inputs; expected two classes or more",
    ),
    (
        changed(NET, ('"sin(x0)"', '["x0", "1/x0"]'), ("points = 8", "points = 9")),
        "data.teacher: '1/x0' is not finite at x0 = 0; expected a teacher with a value at every input",
    ),
    (
        changed(POP, ("[model]", '[model]\nloss = "logistic"')),
        (
            'model.loss: "logistic" needs data points; under data.population there are closed forms for the'
            ' loss "square" alone'
        ),
    ),
    (
        changed(NET, TWO_OUTPUTS, add="[parameters.a3]\n" + AXIS),
        "parameters.a3: the model has no such parameter",
    ),
    (
        changed(NET, TWO_OUTPUTS, ("[parameters.a]", "[parameters.a1]")),
        (
            "the model has a parameter 'a2', which needs a table [parameters.a2] with domain, cells and"
            ' initial = { law = "normal" }, or fixed = 1.0; [parameters.a] serves all amplitudes'
        ),
    ),
    (
        changed(NET, TWO_OUTPUTS, TWO, ("fixed = 0.5", AXIS)),
        "the mesh needs 1 to 4 free parameters, the case has 5: free or fix some with the tables",
    ),
    (
        changed(NET, (OF_TEACHER, 'file = "a.csv"\nx = "u"\ny = ["v", "w"]\nlabels = [0, 1]')),
        "data: 'labels' are values of one column y; expected a single name",
    ),
    (
        changed(NET, add=of_loss("huber") + TANGENT),
        (
            'fluctuations.method: "tangent" does not serve this case: model.loss: "huber" has no second'
            ' derivative where errors are clipped; use "perturbation"'
        ),
    ),
    (
        changed(NET, TWO_OUTPUTS, add=TANGENT),
        (
            'fluctuations.method: "tangent" does not serve this case: data.y: the tangent has one output; use'
            ' "perturbation"'
        ),
    ),
]


def refusal(tmp_path, text):
    """What is said of a case, without the folder and without the lists of what is known."""
    path = tmp_path / "case.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        build_simulation(next(iter(load_variants(path).values())), "numpy")
    said = re.sub(r" \(known: [^)]*\)", "", str(refused.value))
    return said.replace(f"{tmp_path}/", "").replace(f"{tmp_path}\\", "")


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[said.split(":")[0] for _, said in MISTAKES])
def test_the_message_names_file_key_and_cause(text, said, tmp_path):
    assert refusal(tmp_path, text).startswith(f"case.toml: {said}")


def test_parameters_given_as_numbers(tmp_path):
    flat = "parameters = { a = 1.0, w = 1.0 }\n" + NET.split("[parameters")[0] + REST
    assert "parameters.a: expected a table, with keys of fixed, domain" in refusal(tmp_path, flat)


def test_an_option_is_named_in_place_of_the_file(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(NET)
    with pytest.raises(
        InputError,
        match=(
            r"^--set eulerian.diffusion=1: unknown key 'eulerian.diffusion' .*; did you mean"
            r" dynamics.diffusion\?"
        ),
    ):
        load_variants(path, ["eulerian.diffusion=1"])


@pytest.mark.parametrize(("add", "warned"), [("", True), ("[dynamics]\ndiffusion = 0.1\n", False)])
def test_a_parameter_in_no_formula_is_told_of(tmp_path, add, warned):
    """It may be meant: then diffusion moves it."""
    path = tmp_path / "case.toml"
    path.write_text(changed(POT, add=f"[parameters.q]{AXIS}{add}"))
    simulation = build_simulation(next(iter(load_variants(path).values())), "numpy")
    simulation.frame(True)
    said = [
        message for message in simulation.check(0.0) if re.match("parameters.q is in no formula", message)
    ]
    assert bool(said) == warned
