"""Runs a creator's program inside the interpreter, and says as text what came of it.

It is in the memory snapshot, with everything that it imports. What goes out begins with a letter:
`v` a value as JSON, `f` a failure as JSON, `w` that it waits, for so many milliseconds or for the host's answer.
"""

import ast
import asyncio
import gc
import inspect
import json
import random
import sys
import time
import types

import plinth
from plinth_clock import no_clock  # noqa: F401
from plinth_effect import effect_describe, effect_frame, effect_start, sound_block, sound_start  # noqa: F401
from plinth_failure import failed, failure, program, syntax_place, waiting_places
from plinth_json import text_of
from plinth_loop import NOBODY, Loop, Policy, sleep, wait_with

TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
VALUE = "the value"  # A name that no program can write.

_value_length = _call_length = 0
_kept = None
_arity = 0
_loop = _task = _finish = None
_requests = 0
_waiting = {}


# ---- Before there is a program


def before_snapshot():
    asyncio.run = getattr(asyncio.run, "__wrapped__", asyncio.run)
    asyncio._set_running_loop(None)
    asyncio.set_event_loop_policy(Policy())
    time.sleep = sleep
    gc.collect()


def after_snapshot(wait):
    wait_with(wait)
    # Pyodide's ways out: what they led to is not in the isolate, but nobody need look for it.
    from _pyodide._importhook import jsfinder

    jsfinder.jsproxies.clear()
    for name in list(sys.modules):
        if name.partition(".")[0] in ("js", "pyodide_js", "__main__"):
            del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path.endswith(".zip")]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")


def adopt(value_length, call_length, *_):
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
def load(file, source, *_):
    program(file, source)
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
def call(ask, given, *_):
    def run():
        if not callable(_kept):
            return _kept
        return _kept(*(json.loads(given) if given is not None else None, Host(ask))[:_arity])

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

    __slots__ = ("__ask",)

    def __init__(self, ask):
        self.__ask = ask

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
        self.__ask(_requests, name, text)
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


# ---- Until there is an answer


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
def turn(*_):
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


def ended(error, finish):
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return finish(None)
    return failed(error)
