"""Repeated runs of words: the longest, from whom, and no common language."""

from reverie.evaluation.repeats import Repeat, repeats


def words(text: str) -> list[str]:
    return text.split()


FITS = words("it fits me very well")
KNOWN = {3: words("my aunt in the north sewed me this dress by hand"), 8: FITS}


def test_the_longest_runs_come_first() -> None:
    texts = {
        0: words("nothing of this at all"),
        1: words("they say it fits me very well"),
        2: words("my aunt in the north sewed me this dress and it fits me very well"),
    }
    assert repeats(texts, KNOWN, 5) == [Repeat(2, 3, 0, 0, 9), Repeat(1, 8, 2, 0, 5)]
    assert repeats(texts, KNOWN, 1) == [Repeat(2, 3, 0, 0, 9)]


def test_what_many_hold_is_no_repeat() -> None:
    assert repeats({0: FITS}, dict.fromkeys(range(5), FITS), 3) == []
    assert len(repeats({0: FITS}, dict.fromkeys(range(4), FITS), 3)) == 1


def test_a_run_longer_than_any_sought_is_found_whole() -> None:
    long = [str(word) for word in range(150)]
    assert repeats({4: ["so", *long]}, {9: long}, 1) == [Repeat(4, 9, 1, 0, 150)]
    assert repeats({}, KNOWN, 3) == []
