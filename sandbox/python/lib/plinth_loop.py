"""asyncio and sleeping where there is one thread, and nobody to be woken by but the host."""

import asyncio
import time

# A loop that always has something to do looks up for the host's answers so often.
TURNS = 1_000
# Sleeping wakes up so often to see whether it has been stopped.
NAP = 0.02
NOBODY = "It waits for something that nobody will do."

_wait = None


def wait_with(wait):
    """What blocks for some milliseconds without computing."""
    global _wait
    _wait = wait


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
