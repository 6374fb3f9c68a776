"""Rows of a plan on the cores of this machine."""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import Any, TypeVar

import torch

from sharewise.runs._store import Finished, Store

Row = TypeVar("Row")
ATTEMPTS = 3
WATCH = 1.0  # seconds between two looks at the parent

_worker: dict[str, Any] = {}


def execute(
    rows: Sequence[tuple[str, Row]],
    work: Callable[[Row], Finished],
    store: Store,
    *,
    workers: int = 1,
    done: Callable[[int], None] = lambda _: None,
) -> None:
    """Perform the rows that the store does not have yet, and store each as it finishes.

    Every row runs on one thread, in this process or in worker processes, and gives the same numbers in both. A worker
    that dies takes the rows with it that are in progress: the pool is made anew and these are tried again, up to three
    times without any progress.

    Args:
        rows: pairs of key and row.
        work: performs a row; picklable where there are two workers or more.
        store: where finished rows are kept.
        workers: processes.
        done: called with the number of rows that have just been finished or were found in the store.

    Raises:
        Exception: whatever `work` raises; rows finished before stay stored.
        RuntimeError: workers died three times in a row.

    Example:
        >>> import tempfile, pathlib
        >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
        >>> execute([("a", 1), ("b", 2)], lambda row: Finished(info={"double": 2 * row}), store)
        >>> store.get("b").info
        {'double': 4}
    """
    missing = [(key, row) for key, row in rows if key not in store]
    done(len(rows) - len(missing))
    if workers <= 1 or len(missing) <= 1:
        with one_thread():
            for key, row in missing:
                store.put(key, work(row))
                done(1)
        return
    attempts, left = 0, len(missing)

    def tell(finished: int) -> None:
        nonlocal left
        left -= finished
        done(finished)

    while missing:
        before = len(missing)
        try:
            _in_pool(missing, work, store, workers=min(workers, len(missing)), done=tell)
        except BrokenProcessPool:
            missing = [(key, row) for key, row in missing if key not in store]
            tell(left - len(missing))
            attempts = attempts + 1 if len(missing) == before else 1
            if attempts >= ATTEMPTS:
                raise RuntimeError(
                    f"workers died {attempts} times in a row, with {len(missing)} runs left: out of memory? Use fewer "
                    "workers; finished runs are kept"
                ) from None
        else:
            missing = []


def can_travel(work: Callable[..., Finished]) -> str | None:
    """Why `work` cannot be sent to another process, or None where it can.

    What is defined in the user's script or notebook cannot: a worker would have to run all of it again.
    """
    try:
        with _without_main():
            pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        return str(error)
    return None


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the user's script, which new workers would otherwise run again, study and all."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch, so that numbers do not depend on the number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def warm_up() -> BaseContext:
    """Let the process that workers are forked from start, and import in the background what they need.

    Called well before the workers are wanted, it saves the seconds that importing torch takes.

    Returns:
        What makes the workers.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sharewise.runs"])
    forkserver.ensure_running()
    return context


def _in_pool(
    missing: Sequence[tuple[str, Row]],
    work: Callable[[Row], Finished],
    store: Store,
    *,
    workers: int,
    done: Callable[[int], None],
) -> None:
    context = warm_up()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (work, store, os.getpid()))
    try:
        with _without_main():  # the first of these calls start the workers
            waiting: set[Future[None]] = {pool.submit(_perform, key, row) for key, row in missing}
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
                done(1)
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(work: Callable[[Any], Finished], store: Store, parent: int) -> None:
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others
    signal.signal(signal.SIGTERM, _leave)
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    _worker.update(work=work, store=store)


def _leave_with(parent: int) -> None:
    """End this worker when the process that asked for it is gone, even if that was killed without a word."""
    while True:
        time.sleep(WATCH)
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(1)


def _leave(number: int, _: object) -> None:
    """End like an error does, so that a draft that is being written is removed."""
    raise SystemExit(128 + number)


def _perform(key: str, row: object) -> None:
    _worker["store"].put(key, _worker["work"](row))
