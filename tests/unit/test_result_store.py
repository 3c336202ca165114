import threading

import numpy as np
import pytest

from core.result_store import ResultStore

WAIT_S = 10


def test_the_store_drops_the_least_recently_used():
    store = ResultStore(100)
    for key in "abc":
        store.put(key, key.upper(), 30)
    assert store.get("a") == "A"
    store.put("d", "D", 30)
    assert store.get("b") is None
    assert [store.get(key) for key in "acd"] == ["A", "C", "D"]
    assert (store.size_bytes, len(store)) == (90, 3)


def test_the_store_counts_replaced_and_oversized_values_right():
    store = ResultStore(100)
    store.put("a", 1, 60)
    store.put("a", 2, 80)
    assert (store.get("a"), store.size_bytes) == (2, 80)
    store.put("b", 3, 101)
    assert (store.get("b"), store.get("a"), store.size_bytes) == (None, 2, 80)
    store.put("a", 4, 101)
    assert (store.get("a"), store.size_bytes, len(store)) == (None, 0, 0)
    with pytest.raises(ValueError, match="negative"):
        store.put("c", 5, -1)


def test_the_store_stays_within_bounds_under_many_threads():
    store = ResultStore(1000)
    wrong = []

    def visit(seed):
        rng = np.random.default_rng(seed)
        for _ in range(500):
            key = int(rng.integers(60))
            store.put(key, key * 2, int(rng.integers(1, 90)))
            if store.get(key) not in (None, key * 2) or store.size_bytes > 1000 + 90:
                wrong.append(key)

    threads = [threading.Thread(target=visit, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert not wrong
    assert store.size_bytes <= 1000
    assert 1000 // 90 <= len(store) <= 60
