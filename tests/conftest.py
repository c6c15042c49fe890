import pytest


@pytest.fixture(autouse=True)
def ledger(monkeypatch, tmp_path_factory):
    """No test writes into the ledger of whoever runs it."""
    monkeypatch.setenv("REVERIE_LEDGER", str(tmp_path_factory.mktemp("ledger") / "ledger.json"))
