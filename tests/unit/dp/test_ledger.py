import pytest

from reverie.core.errors import ConfigError, DataError, OutputError
from reverie.dp.account import Privacy
from reverie.dp.ledger import Ledger, total


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "deep" / "ledger.json")


def test_promises_on_the_same_data_add_up(ledger):
    assert ledger.spend("a", "adult", "marginals", Privacy(1.0, 1e-6)) == (1.0, 1e-6)
    assert ledger.spend("b", "other", "marginals", Privacy(3.0)) == (3.0, 1e-5)
    assert ledger.spend("a", "adult", "vae", Privacy(0.5, 1e-6)) == (1.5, pytest.approx(2e-6))
    assert total(ledger.entries("a")) == (1.5, pytest.approx(2e-6))
    assert [one.family for one in ledger.entries()] == ["marginals", "marginals", "vae"]


def test_a_cap_refuses_and_writes_nothing(ledger):
    ledger.spend("a", "adult", "marginals", Privacy(1.0, cap=2.0))
    with pytest.raises(ConfigError, match=r"above the cap of 2\. Use at most 1"):
        ledger.spend("a", "adult", "marginals", Privacy(1.5, cap=2.0))
    assert len(ledger.entries()) == 1
    ledger.spend("a", "adult", "marginals", Privacy(1.0, cap=2.0))


def test_none_is_written_yet(ledger):
    assert ledger.entries() == ()


def test_a_damaged_ledger_is_not_lost(ledger):
    ledger.path.parent.mkdir()
    ledger.path.write_text("{")
    with pytest.raises(DataError, match="no ledger"):
        ledger.spend("a", "adult", "marginals", Privacy(1.0))
    assert ledger.path.read_text() == "{"


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="REVERIE_LEDGER"):
        Ledger(tmp_path / "file" / "ledger.json").spend("a", "adult", "marginals", Privacy(1.0))


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("REVERIE_LEDGER", str(tmp_path / "mine.json"))
    assert Ledger.default().path == tmp_path / "mine.json"
