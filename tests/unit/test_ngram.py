import numpy as np
import pytest

from benchmarks.ngram import KneserNey


def streams(count, length, seed=0):
    """Even tokens are 0 to 2, by chance; odd ones 3 to 7, as the two before them say."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        tokens = []
        for at in range(length):
            if at % 2 == 0:
                tokens.append(int(rng.integers(0, 3)))
            else:
                tokens.append(3 + (tokens[-1] + (tokens[-2] if at > 1 else 0)) % 5)
        made.append(np.array(tokens))
    return made


KINDS = [0, 0, 0, 1, 1, 1, 1, 1]


def test_probabilities_of_a_kind_sum_to_one_after_any_context():
    model = KneserNey(streams(5, 40), KINDS, order=4)
    for context in ([], [0], [2, 3], [1, 7, 2, 4], [0, 3, 0, 3, 1, 5]):
        for kind in (0, 1):
            tokens = [t for t in range(8) if KINDS[t] == kind]
            chances = [np.exp(-model.nats(np.array([*context, t]))[-1]) for t in tokens]
            assert sum(chances) == pytest.approx(1.0)
            assert min(chances) > 0


def test_a_longer_context_says_more_where_there_is_something_to_say():
    training, held = streams(20, 200), streams(1, 400, seed=9)[0]
    odd = np.arange(1, 400, 2)
    nats = {n: KneserNey(training, KINDS, order=n).nats(held)[odd].mean() for n in (1, 3)}
    assert nats[1] > 1.3
    assert nats[3] < 0.1
    even = KneserNey(training, KINDS, order=3).nats(held)[::2].mean()
    assert even == pytest.approx(np.log(3), abs=0.05)


def test_it_is_kneser_ney_by_hand():
    # a b a b a c: of bigrams ab 2, ba 2, ac 1, start a 1, so that n1 = 2 and n2 = 2.
    model = KneserNey([np.array([0, 1, 0, 1, 0, 2])], [0, 0, 0], order=2)
    discount = 2 / (2 + 2 * 2)
    # Contexts that each was met in: a 2 (start, b), b 1, c 1; of these counts n1 = 2, n2 = 1.
    lower = 2 / (2 + 2 * 1)
    base = {0: (2 - lower) / 4, 1: (1 - lower) / 4, 2: (1 - lower) / 4}
    unigram = {t: p + lower * 3 / 4 / 3 for t, p in base.items()}
    expected = (2 - discount) / 3 + discount * 2 / 3 * unigram[1]
    assert np.exp(-model.nats(np.array([0, 1]))[1]) == pytest.approx(expected)
    never = discount * 2 / 3 * unigram[0]
    assert np.exp(-model.nats(np.array([0, 0]))[1]) == pytest.approx(never)


def test_what_was_never_met_falls_back_to_shorter_contexts():
    model = KneserNey([np.array([0, 3, 0, 3, 1, 4])], KINDS, order=3)
    nats = model.nats(np.array([2, 7, 2]))
    assert np.isfinite(nats).all()
    assert nats[2] > model.nats(np.array([2, 7, 0]))[2]
