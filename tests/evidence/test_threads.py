from threadpoolctl import threadpool_info

from sharewise.evidence._threads import one_thread


def test_pools_have_one_thread_inside():
    import sklearn.ensemble  # noqa: F401  # loads the pool of OpenMP

    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
