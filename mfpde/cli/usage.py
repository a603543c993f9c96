"""What is wrong with a command line, in one sentence: the verb, what was expected, an example."""

import re
from itertools import pairwise
from typing import Any

import typer

from mfpde.errors import InputError, nearest

#: what the parser of the command line raises, in every version of typer
UsageError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError"
)
#: what the parser says of values, and what that means
_VALUES = {
    "valid integer": "expected a whole number",
    "valid number": "expected a number",
    "valid float": "expected a number",
}
_NO_VERB, _TOO_MUCH = (
    re.compile(r"No such command '(.*?)'"),
    re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)$"),
)
_EXAMPLE = re.compile(r"Examples?: `([^`]+)`")


def explain(error: Any, group: Any, words: list[str]) -> InputError:
    """The sentence.

    Arguments:
        error: the parser's.
        group: the command that holds the verbs.
        words: the command line, without the program.
    """
    called = error.ctx.info_name if error.ctx is not None else next(iter(words), "")
    name = called if called in group.commands else ""
    verb, before = group.commands.get(name, group), f"{name}: " if name else ""
    option: str = getattr(error, "option_name", "")
    text = error.format_message()
    match type(error).__name__:
        case "NoSuchOption":
            return InputError(f"{before}no such option {option}{nearest(option, _options(verb))}")
        case "BadOptionUsage":
            return InputError(
                f"{before}{option}:"
                f" {'needs a value' if 'requires' in text else 'takes no value'}{_help_of(verb, option)}"
            )
        case "MissingParameter":
            return InputError(
                f"{before}{error.param.metavar} is missing: {_plain(error.param.help)}{_example(verb)}"
            )
        case "BadParameter" if error.param is not None:
            expected = next(
                (said for known, said in _VALUES.items() if known in text),
                error.message.replace("Input should be", "expected"),
            )
            return InputError(
                f"{before}{error.param.opts[-1]}{_given(error.param, words)}:"
                f" {expected}{_help_of(verb, error.param.opts[-1])}"
            )
    if found := _NO_VERB.search(text):
        return InputError(f"no such verb '{found[1]}'{_meant(found[1])}{nearest(found[1], group.commands)}")
    if found := _TOO_MUCH.search(text):
        argument = next((p.metavar for p in verb.params if p.param_type_name == "argument"), None)
        expected = f"one {argument}, and options" if argument else "options alone"
        return InputError(f"{before}unexpected '{found[1]}': expected {expected}{_example(verb)}")
    return InputError(f"{before}{text}")


def _options(verb: Any) -> list[str]:
    return [name for p in verb.params for name in p.opts if name.startswith("--")] + ["--help"]


def _help_of(verb: Any, option: str) -> str:
    """What an option is for."""
    return next((f" ({_plain(p.help)})" for p in verb.params if option in p.opts and p.help), "")


def _plain(text: str) -> str:
    """A text of help as a part of a sentence."""
    first = text.split()[0]
    return (text[:1].lower() if first[1:] == first[1:].lower() else text[:1]) + text[1:].rstrip(".").replace(
        "`", ""
    )


def _given(parameter: Any, words: list[str]) -> str:
    """The value that was typed for an option."""
    pairs = [word.partition("=")[::2] for word in words if "=" in word] + list(pairwise(words))
    return next((f" {value}" for name, value in pairs if name in parameter.opts), "")


def _example(verb: Any) -> str:
    found = _EXAMPLE.search(verb.help or "")
    return f"; for example: {found[1]}" if found else ""


def _meant(word: str) -> str:
    """What one may have meant who gives a file, or a case, as a verb."""
    from mfpde.case.shipped import shipped_files

    if word.endswith(".toml") or word in shipped_files():
        return f"; to run a case: mfpde run {word}"
    if word.endswith(".h5"):
        return f"; to look at an output: mfpde inspect {word}"
    return "; to learn of them all: mfpde --help" if word == "help" else ""
