"""A finished run is used again only if nothing that matters is another, and a model can be lent."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import results
from systems import System, with_families, within
from tables import Halves

WRITE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
FIT = (sys.executable, "-c", WRITE, "{file}", "model")
SAMPLE = (sys.executable, "-c", "import sys, pathlib; assert pathlib.Path(sys.argv[1]).exists()", "{file}")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Halves:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return Halves("small", "y", tmp_path / "train.csv", tmp_path / "holdout.csv", 10, 2, "print")


def test_run_is_found_again_unless_version_code_or_data_differ(data: Halves) -> None:
    system = System("One", "1.0", FIT, SAMPLE, code="abc")
    results.keep("one", system, data, results.run("one", system, data, limit=60, rate=False))
    found = results.find("one", system, data)
    assert found is not None
    assert found.reused
    assert found.failure is None
    assert results.find("one", replace(system, version="1.1"), data) is None
    assert results.find("one", system, replace(data, fingerprint="other")) is None
    changed = replace(system, code="def")
    assert results.find("one", changed, data) is None
    assert results.find("one", changed, data, any_code=True) is not None


def test_result_of_a_peer_stays_with_the_code(
    data: Halves, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path / "kept")
    peer, run = System("Peer", "1.0", (), (), "sdv"), System("One", "1.0", FIT, SAMPLE)
    results.keep("peer", peer, data, results.run("peer", run, data, limit=60, rate=False))
    (results.folder("peer", data) / "result.json").unlink()
    assert results.find("peer", peer, data) is not None
    assert results.find("peer", replace(peer, version="2"), data) is None
    results.keep("one", run, data, results.run("one", run, data, limit=60, rate=False))
    assert [file.name for file in (tmp_path / "kept" / "small").iterdir()] == ["peer.json"]


def test_lent_model_is_sampled_and_its_cost_is_told(data: Halves) -> None:
    lender = System("One", "1.0", FIT, SAMPLE)
    first = results.run("one", lender, data, limit=60, rate=False)
    results.keep("one", lender, data, first)
    lent = results.run(
        "two", replace(lender, model="one", fit=("no-such-command",)), data, limit=60, rate=False
    )
    assert lent.failure is None
    assert lent.fit_seconds == first.fit_seconds
    assert not (results.folder("two", data) / "model.reverie").exists()


def test_no_lent_model_tells_why(data: Halves) -> None:
    lender = System("One", "1.0", (sys.executable, "-c", "raise SystemExit('out of luck')"), SAMPLE)
    results.keep("one", lender, data, results.run("one", lender, data, limit=60, rate=False))
    lent = results.run("two", replace(lender, model="one"), data, limit=60, rate=False)
    assert lent.failure == "out of luck"


def test_families_are_fitted_by_the_command_line_once_and_sampled_twice() -> None:
    made = with_families(["auto", "vae"])
    assert list(made) == ["reverie", "reverie-fast", "reverie-vae", "reverie-vae-fast"]
    assert "--model" not in made["reverie"].fit
    assert list(made["reverie-vae"].fit[-2:]) == ["--model", "vae"]
    assert made["reverie-vae-fast"].model == "reverie-vae"
    assert [one.sample[-1] == "--fast" for one in made.values()] == [False, True, False, True]


def test_budget_is_told_to_fit_and_families_are_sampled_without_the_critic() -> None:
    key, system = within("vae", 60)
    assert key == "reverie-vae-60s"
    assert list(system.fit[-2:]) == ["--budget", "60s"]
    assert system.sample[-1] == "--fast"
    assert "--fast" not in within("auto", 60)[1].sample
