"""Inputs of several lines: names with values, lists, and what of a value must not be seen."""

import re

# A shorter text is in every other word of a log.
SHORTEST_MASK = 4
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class WrongValue(Exception):
    """A line says no value; which, not what is in it."""


def lines(text):
    """The lines of a list, without empty ones and without comments."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def values(text):
    """`name=value`, one a line; or `name<<END`, the lines of the value, and a line `END`, as in GitHub's own files."""
    found, rest = {}, iter(enumerate(text.splitlines(), start=1))
    for number, line in rest:
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        sign = re.match(r"([^=<]*)(=|<<)(.*)", line, re.DOTALL)
        if sign is None:
            raise WrongValue(f"line {number} is not `name=value`")
        name, end = sign[1].strip(), sign[3].strip()
        if not NAME.fullmatch(name):
            raise WrongValue(f"line {number} does not begin with the name of a variable")
        if name in found:
            raise WrongValue(f"`{name}` is given twice")
        found[name] = end if sign[2] == "=" else block(name, end, rest)
    return found


def block(name, end, rest):
    """The lines up to the one that ends the value."""
    if not end:
        raise WrongValue(f"`{name}<<` names no line to end at")
    kept = []
    for _, line in rest:
        if line.strip() == end:
            return "\n".join(kept)
        kept.append(line)
    raise WrongValue(f"the value of `{name}` has no line `{end}` at its end")


def masks(value):
    """What is masked of a value: all of it, and each of its lines, as logs are read line by line."""
    texts = [value, value.strip(), *(line.strip() for line in value.splitlines())]
    long = {text for text in texts if len(text) >= SHORTEST_MASK}
    # One that holds another goes first.
    return sorted(long, key=lambda text: (-len(text), text))


def hidden(text, secrets):
    """The text without them."""
    for mask in sorted({mask for secret in secrets for mask in masks(secret)}, key=len, reverse=True):
        text = text.replace(mask, "***")
    return text
