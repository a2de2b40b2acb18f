"""Runs a creator's program inside the interpreter, and says as text what came of it.

It is in the memory snapshot, with everything that it imports. What goes out begins with a letter:
`v` a value as JSON, `f` a failure as JSON, `w` that it waits, for so many milliseconds or for the host's answer.
"""

import ast
import asyncio
import asyncio.events
import gc
import inspect
import json
import linecache
import random
import sys
import time
import types

import plinth
from plinth_json import text_of

TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
VALUE = "the value"  # A name that no program can write.
MESSAGE_LENGTH = 2_000
STACK_DEPTH = 100
# A loop that always has something to do looks up for the host's answers so often.
TURNS = 1_000
# Sleeping wakes up so often to see whether it has been stopped.
NAP = 0.02
NOBODY = "It waits for something that nobody will do."

_ask = _wait = None
_value_length = _call_length = 0
_file = ""
_lines = []
_kept = None
_arity = 0
_loop = _task = None
_requests = 0
_waiting = {}


# ---- Before there is a program


def before_snapshot():
    asyncio.run = getattr(asyncio.run, "__wrapped__", asyncio.run)
    asyncio._set_running_loop(None)
    asyncio.set_event_loop_policy(Policy())
    time.sleep = sleep
    gc.collect()


def after_snapshot(ask, wait):
    global _ask, _wait
    _ask, _wait = ask, wait
    # Pyodide's ways out: what they led to is not in the isolate, but nobody need look for it.
    from _pyodide._importhook import jsfinder

    jsfinder.jsproxies.clear()
    for name in list(sys.modules):
        if name.partition(".")[0] in ("js", "pyodide_js", "__main__"):
            del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path.endswith(".zip")]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")


def adopt(value_length, call_length):
    """From here on it is one program's: its chance and its bounds."""
    global _value_length, _call_length
    _value_length, _call_length = value_length, call_length
    random.seed()


# ---- A program and its calls


def entry(function):
    """Where we come in. What was printed without an end of line goes out before we leave."""

    def enter(*given):
        said = function(*given)
        sys.__stdout__.flush()
        sys.__stderr__.flush()
        return said

    return enter


@entry
def load(file, source):
    global _file, _lines
    _file, _lines = file, source.splitlines(True)
    linecache.cache[file] = (len(source), None, _lines, file)
    module = types.ModuleType("__main__")
    module.__file__ = file
    sys.modules["__main__"] = module
    try:
        code = compiled(file, source)
    except (SyntaxError, ValueError) as error:
        return failure("syntax", getattr(error, "msg", None) or str(error), syntax_place(error))
    except BaseException as error:
        return failed(error)

    def run():
        return eval(code, module.__dict__)  # noqa: S307

    def keep(value):
        global _kept, _arity
        names = module.__dict__
        given = plinth.exported() or [names[name] for name in ("default",) if name in names]
        _kept = given[-1] if given else names.pop(VALUE, None)
        _arity = arity(_kept)
        return "v"

    return begin(run, keep)


def compiled(file, source):
    """Its last expression becomes its value."""
    tree = compile(source, file, "exec", ast.PyCF_ONLY_AST | TOP_LEVEL_AWAIT, dont_inherit=True)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        name = ast.copy_location(ast.Name(VALUE, ast.Store()), last)
        tree.body[-1] = ast.copy_location(ast.Assign([name], last.value), last)
    return compile(tree, file, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)


@entry
def call(token, given):
    def run():
        if not callable(_kept):
            return _kept
        host = Host(token)
        return _kept(*(json.loads(given) if given is not None else None, host)[:_arity])

    return begin(run, answer_of)


def arity(function):
    """How many of (input, host) it takes."""
    try:
        kinds = [one.kind for one in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return 1
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 2
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(2, sum(kind in places for kind in kinds))


def answer_of(value):
    text = text_of(value)
    if len(text) > _value_length:
        return failure("value", "")
    return "v" + text


class HostError(RuntimeError):
    """The host did not do what was asked of it."""


class Host:
    """`await host("name", argument)`: made for one call, and of no use after it."""

    __slots__ = ("__token",)

    def __init__(self, token):
        self.__token = token

    def __call__(self, name, argument=None):
        global _requests
        text = text_of(argument)
        if not isinstance(name, str):
            raise TypeError("host(name, argument): a name, and what JSON can say.")
        if len(text) > _call_length:
            raise ValueError(f"That is more than {_call_length} bytes in one call, which is the limit.")
        future = asyncio.get_running_loop().create_future()
        _requests += 1
        _waiting[_requests] = future
        _ask(self.__token, _requests, name, text)
        return future


def answer(request, value, error):
    """The host's answer, taken in between two turns."""
    future = _waiting.pop(request, None)
    if future is None or future.done():
        return
    if error is not None:
        future.set_exception(HostError(error))
    else:
        future.set_result(None if value is None else json.loads(value))


# ---- Waiting without a thread


class Loop(asyncio.BaseEventLoop):
    """asyncio's loop with nothing to select from: it goes on by timers and by the host's answers.

    Ours is driven in turns, so that it never blocks; one that a program runs by itself sleeps.
    """

    def __init__(self):
        super().__init__()
        self._selector = self

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError(NOBODY)
        if timeout > 0:
            sleep(timeout)
        return []

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def turn(self, task):
        """As far as it goes: answers for how long it waits then, in seconds, or nothing for the host's answer."""
        self._run_forever_setup()
        try:
            for _ in range(TURNS):
                due = self._ready or (self._scheduled and self._scheduled[0]._when <= self.time())
                if task.done() or not due:
                    break
                self._run_once()
        finally:
            self._run_forever_cleanup()
        if self._ready:
            return 0
        return max(0, self._scheduled[0]._when - self.time()) if self._scheduled else None

    def abandon(self):
        """What a call left behind does not go on in the next one."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False
            task.get_coro().close()
        self._ready.clear()
        self._scheduled.clear()
        self.close()


class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop


def sleep(seconds):
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _wait(min(left, NAP) * 1000)


_finish = None


def begin(run, finish):
    global _loop, _task, _finish
    try:
        value = run()
        if not inspect.isawaitable(value):
            return finish(value)
        _loop, _finish = Loop(), finish
        _task = _loop.create_task(awaited(value))
        return step()
    except BaseException as error:
        return ended(error, finish)


async def awaited(value):
    return await value


@entry
def turn():
    return step()


def step():
    try:
        wait = _loop.turn(_task)
        if _task.done():
            return over(_finish(_task.result()))
        if wait is not None:
            return "w" + str(round(wait * 1000, 3))
        if _waiting:
            return "w"
        return over(failure("threw", NOBODY, waiting_places(_task.get_coro())))
    except BaseException as error:
        return over(ended(error, _finish))


def over(said):
    global _loop, _task
    _waiting.clear()
    loop, _loop, _task = _loop, None, None
    if loop is not None:
        loop.abandon()
    return said


# ---- What went wrong, and where


def ended(error, finish):
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return finish(None)
    return failed(error)


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
    ours = ("/plinth/plinth_guest.py", "/plinth/plinth_json.py")
    theirs = [one for one in places if one[0].co_filename not in ours]
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
