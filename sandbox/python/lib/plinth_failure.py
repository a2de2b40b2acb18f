"""What went wrong, and where: by file, line and column, as whoever wrote it sees them."""

import json
import linecache

MESSAGE_LENGTH = 2_000
STACK_DEPTH = 100
OURS = tuple(f"/plinth/plinth_{name}.py" for name in ("guest", "loop", "failure", "json", "effect", "pixels", "traced", "inputs", "audio"))

_file = ""
_lines = []


def program(file, source):
    """The one that is not ours. Its lines are there for its own tracebacks as well."""
    global _file, _lines
    _file, _lines = file, source.splitlines(True)
    linecache.cache[file] = (len(source), None, _lines, file)


def failed(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    code = "memory" if isinstance(error, MemoryError) else "stopped" if isinstance(error, KeyboardInterrupt) else "threw"
    stack = frames(error)
    if isinstance(error, SyntaxError):
        stack = syntax_place(error) + stack
    try:
        message = f"{type(error).__name__}: {error}"
    except Exception:
        message = type(error).__name__
    return failure(code, message, stack)


def failure(code, message, stack=()):
    return "f" + json.dumps({"code": code, "message": message[:MESSAGE_LENGTH], "stack": "\n".join(stack)})


def frames(error):
    """The places that it went through, innermost first."""
    places = []
    step = error.__traceback__
    while step is not None:
        places.append((step.tb_frame.f_code, step.tb_lasti, step.tb_lineno))
        step = step.tb_next
    return innermost(places)


def waiting_places(coroutine):
    places = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        places.append((frame.f_code, frame.f_lasti, frame.f_lineno))
        coroutine = coroutine.cr_await
    return innermost(places)


def innermost(places):
    theirs = [one for one in places if one[0].co_filename not in OURS]
    return [place(*one) for one in theirs[: -STACK_DEPTH - 1 : -1]]


def place(code, instruction, line):
    for at, (_, _, column, _) in enumerate(code.co_positions()):
        if at == instruction // 2:
            break
    else:
        column = None
    where = f"{code.co_filename}:{line}:{shown(code, line, column or 0)}"
    return f"at {code.co_name} ({where})"


def shown(code, line, column):
    """Python counts bytes, editors count as JavaScript does, from one."""
    if code.co_filename != _file or not 0 < line <= len(_lines):
        return column + 1
    before = _lines[line - 1].encode(errors="replace")[:column].decode(errors="replace")
    return len(before.encode("utf-16-le", errors="replace")) // 2 + 1


def syntax_place(error):
    if not isinstance(error, SyntaxError) or error.lineno is None:
        return []
    return [f"at ({error.filename}:{error.lineno}:{max(1, error.offset or 1)})"]
