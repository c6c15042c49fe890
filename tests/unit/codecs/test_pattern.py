import re

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.pattern import Pattern, add_counts, count_characters

LICENCES = pa.array([f"LIC-{n % 900 + 100}-{'ABCDEF'[n % 6]}" for n in range(600)])


def index(n: int, start: int = 0) -> np.ndarray:
    return np.arange(start, start + n, dtype=np.uint64)


def learn(values: pa.Array, k: int = 5) -> Pattern:
    return Pattern.learn(count_characters(values), k)


def test_literals_and_classes_are_told_apart() -> None:
    (places,) = learn(LICENCES).places
    assert places[:4] == ("L", "I", "C", "-")
    assert places[7:] == ("-", "ABCDEF")
    assert places[5] == "0123456789"


def test_a_place_half_seen_takes_its_whole_class() -> None:
    (places,) = learn(pa.array([f"{n % 6}{n % 3}" for n in range(60)])).places
    assert places == ("0123456789", "012")


def test_characters_of_few_rows_widen_to_their_class() -> None:
    values = pa.array(["a1"] * 50 + ["b1"] * 2)
    (places,) = learn(values).places
    assert places == ("0123456789abcdef", "1")


def test_lengths_of_few_rows_are_dropped() -> None:
    values = pa.array(["11"] * 50 + ["123456"] * 4)
    assert [len(places) for places in learn(values).places] == [2]


def test_drawn_strings_fit_and_differ() -> None:
    drawn = learn(LICENCES).draw(index(5_000), "licence").to_pylist()
    assert all(re.fullmatch(r"LIC-\d{3}-[A-F]", value) for value in drawn)
    assert len(set(drawn)) == 5_000


def test_partitions_join_to_the_whole() -> None:
    pattern = learn(LICENCES)
    whole = pattern.draw(index(3_000), "licence")
    parts = [pattern.draw(index(1_100), "licence"), pattern.draw(index(1_900, 1_100), "licence")]
    assert pa.concat_arrays(parts).equals(whole)


@pytest.mark.parametrize("values", [["7"] * 10, [f"{n}" for n in range(100)], ["ab-1"] * 9 + ["cd-22"] * 9])
def test_strings_stay_unique_beyond_the_space_of_the_pattern(values: list[str]) -> None:
    drawn = learn(pa.array(values)).draw(index(4_000), "x")
    assert len(drawn.unique()) == 4_000


def test_shares_of_lengths_are_kept() -> None:
    values = pa.array([f"{n:04d}" for n in range(700)] + [f"{n:06d}" for n in range(300)])
    lengths = np.array([len(value) for value in learn(values).draw(index(1_000), "x").to_pylist()])
    assert np.mean(lengths == 4) == pytest.approx(0.7, abs=0.01)


def test_counts_of_parts_add_up() -> None:
    whole, parts = (
        count_characters(LICENCES),
        add_counts(*map(count_characters, (LICENCES[:250], LICENCES[250:]))),
    )
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[length], parts[length]) for length in whole)


def test_letters_beyond_ascii_and_nulls() -> None:
    drawn = learn(pa.array(["é1", "ß2", None, ""] * 10)).draw(index(20), "x").to_pylist()
    assert all(re.fullmatch(r"[a-z][0-9]+|[a-z]+[0-9]", value) for value in drawn)


def test_huge_spaces_stay_unique_and_varied() -> None:
    values = pa.array([f"{n * 2**64 // 999:016x}{n * 2**63 // 998:016x}" for n in range(999)])
    drawn = learn(values).draw(index(2_000), "x").to_pylist()
    assert len(set(drawn)) == 2_000
    assert len({value[:8] for value in drawn}) > 1_900


def test_state_round_trip() -> None:
    pattern = learn(LICENCES)
    assert Pattern.from_state(pattern.state()) == pattern
