"""Outside models on one thread, as the networks they are compared with."""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own, without types


def one_thread() -> AbstractContextManager[object]:
    """Compute on one thread inside: reference models run beside other workers, where more threads are slower."""
    return threadpool_limits(limits=1)
