"""What Python has, as JSON has it."""

import dataclasses
import json
import math
from datetime import date, time

DEEPEST = 200
# Beyond this JavaScript's numbers are not whole any more.
SAFE = 2**53 - 1
_DIGITS = bytes(48 if 48 <= code <= 57 else 32 for code in range(256))
_LONG = b"0" * 16


def text_of(value):
    """As JSON. What it cannot say is said in words, NaN is null, and whole numbers stay whole, if need be as text."""
    try:
        text = _dumps(value)
        # Translated and searched as bytes: an expression takes longer than all the rest.
        if _LONG not in text.encode("utf-8", "surrogatepass").translate(_DIGITS):
            return text
    except (ValueError, TypeError):
        pass
    return _dumps(_simple(value, 0))


def _other(value):
    if isinstance(value, (set, frozenset, range)):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (date, time)):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    return _words(value)


def _words(value):
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"


_dumps = json.JSONEncoder(default=_other, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def _key(key):
    if key is None or isinstance(key, bool):
        return _dumps(key)
    return key if isinstance(key, str) else _words(key)


def _simple(value, depth):
    if depth > DEEPEST:
        raise ValueError("It is too deep for JSON, or holds itself.")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if -SAFE <= value <= SAFE else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_key(key): _simple(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simple(one, depth + 1) for one in value]
    return _simple(_other(value), depth + 1)
