"""What the command line answers to one that is wrong: one sentence that names the verb, what was expected,
and what comes next.
"""

import pytest

VERBS = ("run", "resume", "compare", "inspect", "plot", "converge", "doctor", "verify", "cases")
WRONG = {
    "runn": "no such verb 'runn'; did you mean 'run'? (known: run, resume, compare",
    "help": "no such verb 'help'; to learn of them all: mfpde --help",
    "mcycle": "no such verb 'mcycle'; to run a case: mfpde run mcycle",
    "my.toml": "no such verb 'my.toml'; to run a case: mfpde run my.toml",
    "out.h5": "no such verb 'out.h5'; to look at an output: mfpde inspect out.h5",
    "--versio": "no such option --versio; did you mean '--version'?",
    "--json run": "no such option --json",
    "run": (
        "run: CASE is missing: a case file (TOML), or the name of a shipped case; for example: mfpde run"
        " mcycle"
    ),
    "converge": "converge: CASE is missing: a case file (TOML)",
    "resume": "resume: OUT is missing: an output file of mfpde run; for example: mfpde resume mcycle.h5",
    "compare": "compare: OUT is missing",
    "inspect": "inspect: OUT is missing: an output file of mfpde run; for example: mfpde inspect mcycle.h5",
    "plot": (
        "plot: OUT... is missing: output files of mfpde run; several are drawn side by side; for example:"
        " mfpde plot mcycle.h5"
    ),
    "run mcycle extra": (
        "run: unexpected 'extra': expected one CASE, and options; for example: mfpde run mcycle"
    ),
    "compare a.h5 b.h5": "compare: unexpected 'b.h5': expected one OUT, and options",
    "cases all": "cases: unexpected 'all': expected options alone; for example: mfpde cases",
    "run mcycle --overwrit": (
        "run: no such option --overwrit; did you mean '--overwrite'? (known: --output, --set,"
    ),
    "plot a.h5 --onl energy": "plot: no such option --onl; did you mean '--only'?",
    "run mcycle --set": (
        "run: --set: needs a value (change a key of the case, e.g. eulerian.scheme=mc; repeatable)"
    ),
    "run mcycle --quiet=3": "run: --quiet: takes no value",
    "converge mcycle --levels two": "converge: --levels two: expected a whole number (how many levels",
    "converge mcycle --nodes=3": "converge: --nodes 3: ",
    "resume a.h5 --until soon": "resume: --until soon: expected a number (a later end",
    "converge mcycle --levels 1": "--levels: an order needs at least 2 levels",
    "converge mcycle --refine cell": "--refine cell: cannot be refined; did you mean 'cells'?",
    "run mcycle --backend opncl": "--backend opncl: is no backend; did you mean 'opencl'?",
    "converge mcycle --backend numpi": "--backend numpi: is no backend; did you mean 'numpy'?",
    "run mcycle --set time": "--set time: expected key=value, for example --set eulerian.scheme=mc",
    "run mcycle --variant fast": "has no variant 'fast'",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_command_line_gets_one_sentence(command, line):
    code, out, said = command(*line.split())
    assert (code, out) == (2, "")
    assert WRONG[line] in said
    assert said.count("\n") == 1
    assert said.startswith("mfpde: ")


def test_mfpde_alone_tells_where_to_start(command):
    code, out, _ = command()
    assert code == 2
    assert "mfpde run mcycle" in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_and_says_its_name(command, verb):
    code, out, _ = command(verb, "--help")
    assert code == 0
    assert f"Usage: mfpde {verb}" in out
    assert f"mfpde {verb}" in out.split("Example")[1]
