"""Artifacts: round trips, equal bytes, and refusal of everything that no model holds."""

import io
import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from reverie.core.errors import ArtifactError, InternalError, OutputError
from reverie.models import artifact

PARTS = {
    "table": {
        "a": np.arange(6).reshape(2, 3),
        "nested": [{"b": np.array([True, False])}, {"c": np.array(["x", "yy"])}, np.float32([[1.5]])],
        "$array": "a column of that name",
        "none": None,
        "number": np.int64(3),
        "empty": np.zeros((0, 4)),
    },
    "schema": {"name": "größe"},
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "m.reverie"
    artifact.save(path, {"family": "f"}, PARTS)
    return path


def rewrite(path: Path, change: dict[str, bytes | None], comment: bytes | None = None) -> Path:
    """The archive with entries changed, added or (None) left out."""
    with zipfile.ZipFile(path) as old:
        files, sealed = {name: old.read(name) for name in old.namelist()} | change, old.comment
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in files.items():
            if content is not None:
                new.writestr(name, content)
        new.comment = sealed if comment is None else comment
    return path


def test_round_trip(saved: Path) -> None:
    held = artifact.load(saved)
    table = held.parts["table"]
    assert held.about == {"family": "f"}
    assert held.parts["schema"] == PARTS["schema"]
    assert (table["$array"], table["none"], table["number"]) == ("a column of that name", None, 3)
    for found, wanted in (
        (table["a"], PARTS["table"]["a"]),
        (table["nested"][0]["b"], np.array([True, False])),
        (table["nested"][1]["c"], np.array(["x", "yy"])),
        (table["nested"][2], np.float32([[1.5]])),
        (table["empty"], np.zeros((0, 4))),
    ):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype
        assert found.flags.writeable


def test_same_content_is_same_bytes(saved: Path) -> None:
    again = saved.with_name("again.reverie")
    artifact.save(again, {"family": "f"}, dict(reversed(PARTS.items())))
    assert again.read_bytes() == saved.read_bytes()


def test_entries_are_listed(saved: Path) -> None:
    sizes = artifact.entries(saved)
    assert {"table.json", "schema.json", "table/0.npy"} <= set(sizes)
    with zipfile.ZipFile(saved) as archive:
        assert sizes == {name: archive.getinfo(name).file_size for name in sizes}


def test_objects_are_never_saved(tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        artifact.save(tmp_path / "m.reverie", {}, {"table": {"a": np.array([None, "x"], dtype=object)}})
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        artifact.save(tmp_path / "no" / "m.reverie", {}, PARTS)


@pytest.mark.parametrize("name", ["../x.json", "/x.json", "x.py", "a/b/c.npy", "x.pkl", "table/../x.npy"])
def test_names_that_no_model_has(name: str, saved: Path) -> None:
    with pytest.raises(ArtifactError, match="entries"):
        artifact.load(rewrite(saved, {name: b"{}"}))


def test_entries_twice(saved: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(saved, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("table.json", b"{}")
    with pytest.raises(ArtifactError, match="entries"):
        artifact.load(saved)


@pytest.mark.parametrize("change", [{"table.json": b"{}"}, {"table/0.npy": None}, {"extra.json": b"{}"}])
def test_changed_entries(change: dict[str, bytes | None], saved: Path) -> None:
    with pytest.raises(ArtifactError, match="changed"):
        artifact.load(rewrite(saved, change))


def test_a_changed_manifest(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["about"]["family"] = "g"
    with pytest.raises(ArtifactError, match="changed"):
        artifact.load(rewrite(saved, {"manifest.json": json.dumps(manifest).encode()}))


def test_another_format_names_both(saved: Path) -> None:
    with pytest.raises(ArtifactError, match=r"format 7.*format 1"):
        artifact.load(rewrite(saved, {"manifest.json": b'{"format": 7}'}))


@pytest.mark.parametrize("manifest", [b"[]", b"{", b"\xff", b"[" * 200_000])
def test_manifests_that_make_no_sense(manifest: bytes, saved: Path) -> None:
    with pytest.raises(ArtifactError, match="manifest"):
        artifact.load(rewrite(saved, {"manifest.json": manifest}))


def sealed(path: Path, name: str, content: bytes) -> Path:
    """An artifact whose one entry is `content`, with sums that are right."""
    listed = {name: {"size": len(content), "sha256": artifact._digest(content)}}
    manifest = json.dumps({"format": 1, "about": {}, "entries": listed}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr(name, content)
        archive.comment = artifact._digest(manifest).encode()
    return path


def spelled(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        spelled(np.array([1, "x"], dtype=object), allow_pickle=True),
        spelled(np.zeros(3, dtype=[("a", "f8")])),
        spelled(np.zeros(3, dtype="datetime64[s]")),
        spelled(np.zeros(3))[:-1],
        spelled(np.zeros(3)) + b"x",
        spelled(np.zeros((2, 2), order="F")),
        spelled(np.zeros(3)).replace(b"(3,)", b"(9,)"),
        b"no array",
    ],
)
def test_arrays_that_no_model_has(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="damaged"):
        artifact.load(sealed(tmp_path / "m.reverie", "table/0.npy", content))


@pytest.mark.parametrize("depth", [artifact.MOST_DEPTH + 2, 200_000])
def test_json_nested_too_deep(depth: int, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="damaged"):
        artifact.load(sealed(tmp_path / "m.reverie", "table.json", b"[" * depth + b"]" * depth))


def test_what_unpacks_to_too_much(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MOST_BYTES", 100)
    with pytest.raises(ArtifactError, match="more than a model"):
        artifact.load(saved)


def test_an_entry_larger_than_it_claims(tmp_path: Path) -> None:
    path = sealed(tmp_path / "m.reverie", "table.json", b" " * 5_000)
    content = path.read_bytes()
    size = (5_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(ArtifactError):
        artifact.load(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short(share: float, saved: Path) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArtifactError):
        artifact.load(saved)


def test_every_flipped_byte_is_noticed_or_harmless(saved: Path) -> None:
    content, whole = saved.read_bytes(), artifact.load(saved).parts["schema"]
    for place in np.random.default_rng(0).choice(len(content), 150, replace=False):
        flipped = bytearray(content)
        flipped[place] ^= 0x55
        saved.write_bytes(flipped)
        try:
            assert artifact.load(saved).parts["schema"] == whole
        except ArtifactError:
            continue


def test_artifacts_are_known_by_suffix() -> None:
    assert artifact.is_artifact("a.Reverie")
    assert not artifact.is_artifact("a.csv")
