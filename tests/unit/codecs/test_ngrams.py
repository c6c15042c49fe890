import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs import ngrams
from reverie.codecs.ngrams import WordModel, add_grams, count_grams, count_words, split_texts

SUBJECTS, OBJECTS = ["The cat", "A dog", "My horse"], ["milk.", "water!", "a bone."]
TEXTS = pa.array([f"{SUBJECTS[n % 3]} likes {OBJECTS[n // 3 % 3]}" for n in range(180)])


def learn(texts: pa.Array = TEXTS, k: int = 5) -> WordModel:
    model = WordModel.learn(count_grams(texts), k)
    assert model is not None
    return model


@pytest.mark.parametrize(
    "text",
    [
        "Hello, world!",
        "I don't know... (yet)",
        "Zoë’s “hut” — 5,50 €",
        "a  b\n\nc\t",
        "我爱北京。",
        "Привет, мир",
        "🙂 ok",
        "",
    ],
)
def test_words_put_together_are_the_text(text: str) -> None:
    words, _ = split_texts(pa.array([text]))
    assert "".join(words.to_pylist()) == text


def test_split_texts_tells_the_rows() -> None:
    words, rows = split_texts(pa.array(["a b", "c"]))
    assert words.to_pylist() == ["a", " b", "c"]
    assert rows.tolist() == [0, 0, 1]


def test_count_words() -> None:
    assert count_words(pa.array(["a b, c", "d", "北京"])).tolist() == [4, 1, 2]


def test_grams_are_counted_in_rows_not_in_words() -> None:
    counts = count_grams(pa.array(["no no no no", "no"]))
    rows = dict(zip(counts.words.to_pylist(), counts.rows.tolist(), strict=True))
    assert (rows["no"], rows[" no"]) == (2, 1)
    assert counts.ends.tolist() == [0, 1, 1]
    assert counts.pairs.tolist() == [[0, 1], [1, 2], [2, 2]]
    assert counts.pair_rows.tolist() == [2, 1, 1]


def test_counts_of_parts_add_up() -> None:
    whole, parts = count_grams(TEXTS), add_grams(count_grams(TEXTS[:70]), count_grams(TEXTS[70:]))

    def told(counts: ngrams.Counts) -> tuple[set, set]:
        words = np.array(counts.words.to_pylist())
        triples = {(*words[gram], n) for gram, n in zip(counts.triples, counts.triple_rows, strict=True)}
        return set(zip(words, counts.rows, counts.ends, strict=True)), triples

    assert told(whole) == told(parts)


def test_words_of_single_rows_never_enter() -> None:
    secret = pa.concat_arrays([TEXTS, pa.array(["The cat likes Margaret Thistlewood 555-0199"] * 4)])
    model = learn(secret)
    assert not any("Thistle" in word or "555" in word for word in model.words.to_pylist())
    assert learn(secret, k=4).words.to_pylist() != model.words.to_pylist()


def test_texts_have_the_lengths_asked_for() -> None:
    lengths = np.array([1, 7, 3, 3, 20, 1])
    written = WordModel.plain(["lorem", "ipsum"]).write(lengths, np.random.default_rng(0))
    assert count_words(written).tolist() == lengths.tolist()


def test_texts_read_like_the_ones_learned() -> None:
    written = learn().write(np.full(600, 5), np.random.default_rng(0)).to_pylist()
    assert sum(text in set(TEXTS.to_pylist()) for text in written) > 150
    assert sum(text.endswith((".", "!")) for text in written) > 350


def test_batches_do_not_change_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "_CELLS", 40)
    lengths = np.random.default_rng(3).integers(1, 15, 200)
    written = WordModel.plain(["lorem", "ipsum"]).write(lengths, np.random.default_rng(0))
    assert count_words(written).tolist() == lengths.tolist()


def test_writing_is_deterministic() -> None:
    first, second = (learn().write(np.full(50, 6), np.random.default_rng(5)) for _ in range(2))
    assert first.equals(second)


def test_no_texts() -> None:
    assert learn().write(np.array([], dtype=np.int64), np.random.default_rng(0)).to_pylist() == []
    assert WordModel.learn(count_grams(pa.array([], pa.string())), 5) is None
    assert WordModel.learn(count_grams(pa.array(["all words are rare"])), 5) is None


def test_plain_words_stand_in() -> None:
    written = WordModel.plain(["lorem", "ipsum"]).write(np.array([3]), np.random.default_rng(0))
    assert set(written[0].as_py().split()) <= {"lorem", "ipsum"}


def test_sketches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "WORDS", 10)
    monkeypatch.setattr(ngrams, "GRAMS", 10)
    counts = count_grams(pa.array([f"w{n} v{n * 7 % 100} common" for n in range(2_000)]))
    assert len(counts.words) <= 80
    assert len(counts.triples) <= 80
    assert " common" in counts.words.to_pylist()


def test_state_round_trip() -> None:
    model = learn()
    again = WordModel.from_state(model.state())
    lengths = np.full(20, 5)
    assert model.write(lengths, np.random.default_rng(1)).equals(
        again.write(lengths, np.random.default_rng(1))
    )
