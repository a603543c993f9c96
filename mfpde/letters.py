"""What stands in ASCII for a letter that the encoding of a terminal or a pipe has not."""

import codecs
import unicodedata

#: letters of tables, of progress and of help
SPELLED = {
    "±": "+-", "×": "x", "·": ".", "•": "*", "−": "-", "–": "-", "—": "-", "→": "->", "←": "<-",
    "≤": "<=", "≥": ">=", "≈": "~", "…": "~", "∞": "infinity", "√": "sqrt", "∫": "int", "‖": "|",
    "’": "'", "‘": "'", "“": '"', "”": '"', "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip
HANDLER = "mfpde"  #: name of the error handler of streams


def spell(text: str, encoding: str) -> str:
    """Text with letters that an encoding has not in ASCII."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(letter if _has(encoding, letter) else _ascii(letter) for letter in text)
    except LookupError:  # the name of no encoding: the stream knows what it does
        pass
    return text


def _has(encoding: str, letter: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _ascii(letter: str) -> str:
    """A Greek letter by its name, a raised one after ^, a box in dashes; a letter of somebody's name as its
    number, since it must stay true.
    """
    if letter in SPELLED:
        return SPELLED[letter]
    name = unicodedata.name(letter, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        word = name.rpartition(" LETTER ")[2].partition(" ")[0].lower()
        return word.capitalize() if "CAPITAL" in name else word
    if name.startswith("SUPERSCRIPT "):
        return f"^{unicodedata.normalize('NFKD', letter)}".replace("−", "-")
    if name.startswith("BOX DRAWINGS "):
        return "-" if name.endswith("HORIZONTAL") else "|" if name.endswith("VERTICAL") else "+"
    return letter.encode("ascii", "backslashreplace").decode("ascii")


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


codecs.register_error(HANDLER, _handle)
