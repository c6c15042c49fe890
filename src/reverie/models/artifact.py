"""The `.reverie` file: a zip of JSON and numeric arrays, safe to load from a stranger.

Nothing in it is code and nothing is unpickled. Names, sizes, types and checksums of all entries are checked
before anything is built from them. The same content gives the same bytes.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from reverie.core.errors import ArtifactError, InternalError
from reverie.io.outputs import replacing, writing

FORMAT = 1
SUFFIX = ".reverie"
MOST_BYTES = 4 << 30
MOST_JSON = 256 << 20
MOST_ENTRIES = 100_000
MOST_DEPTH = 64

_MANIFEST = "manifest.json"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}(\.json|/[0-9]{1,6}\.npy)")
_KINDS = "biufUS"
_ARRAY, _ESCAPED = "$array", "$escaped"
_STAMP = (1980, 1, 1, 0, 0, 0)
_AGAIN = "Copy the file again, or fit the model again"


@dataclass(frozen=True)
class Artifact:
    """What a file holds: `about` describes it, `parts` are nested states, with arrays as they were saved."""

    about: Mapping[str, Any]
    parts: Mapping[str, Any]


def save(path: str | Path, about: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
    """Write the artifact, whole or not at all. `parts` are JSON-able, but for numpy arrays as values.

    Raises OutputError if it cannot be written.
    """
    entries = dict(_entries(parts))
    listed = {name: {"size": len(data), "sha256": _digest(data)} for name, data in sorted(entries.items())}
    manifest = _dump({"format": FORMAT, "about": dict(about), "entries": listed})
    with replacing(path) as sink, writing(str(path)):
        _pack(sink, {_MANIFEST: manifest, **entries})


def load(path: str | Path) -> Artifact:
    """Read and check an artifact. Raises ArtifactError in one line if it is damaged, unsafe or of another
    version.
    """
    where = str(path)
    with _opened(path) as archive:
        manifest, data = _manifest(archive, where), {}
        for name in manifest["entries"]:
            data[name] = _read(archive, name, manifest["entries"][name], where)
    try:
        arrays = {name: _array(content) for name, content in data.items() if name.endswith(".npy")}
        parts = {
            name.removesuffix(".json"): _unfold(json.loads(content), arrays)
            for name, content in data.items()
            if name.endswith(".json")
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArtifactError("is damaged: an entry cannot be read", where=where, fix=_AGAIN) from None
    return Artifact(manifest["about"], parts)


def about(path: str | Path) -> Mapping[str, Any]:
    """What describes the artifact, of which nothing else is read. Raises ArtifactError."""
    with _opened(path) as archive:
        return _manifest(archive, str(path))["about"]


def entries(path: str | Path) -> dict[str, int]:
    """Entry -> size in bytes when unpacked, the manifest left out. Raises ArtifactError."""
    with _opened(path) as archive:
        return {name: entry["size"] for name, entry in _manifest(archive, str(path))["entries"].items()}


def is_artifact(path: str | Path) -> bool:
    """Whether the path names an artifact, going by its suffix."""
    return Path(path).suffix.lower() == SUFFIX


def _entries(parts: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for part, state in parts.items():
        arrays: list[np.ndarray] = []
        folded = _fold(state, part, arrays)
        for place, array in enumerate(arrays):
            yield f"{part}/{place}.npy", _spell(array)
        yield f"{part}.json", _dump(folded)


def _fold(value: Any, part: str, arrays: list[np.ndarray]) -> Any:
    """The value with each array replaced by the name of its entry."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_ARRAY: f"{part}/{len(arrays) - 1}.npy"}
    if isinstance(value, Mapping):
        folded = {str(key): _fold(item, part, arrays) for key, item in value.items()}
        return {_ESCAPED: folded} if folded.keys() & {_ARRAY, _ESCAPED} else folded
    if isinstance(value, list | tuple):
        return [_fold(item, part, arrays) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _unfold(value: Any, arrays: Mapping[str, np.ndarray], depth: int = 0, *, plain: bool = False) -> Any:
    if depth > MOST_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(value, list):
        return [_unfold(item, arrays, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if not plain and value.keys() == {_ARRAY}:
        return arrays[value[_ARRAY]]
    if not plain and value.keys() == {_ESCAPED}:
        return _unfold(value[_ESCAPED], arrays, depth + 1, plain=True)
    return {key: _unfold(item, arrays, depth + 1) for key, item in value.items()}


def _spell(array: np.ndarray) -> bytes:
    if array.dtype.kind not in _KINDS:
        raise InternalError(f"an array of {array.dtype} cannot be saved", where="artifact")
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _array(content: bytes) -> np.ndarray:
    """The array of an .npy entry. Raises ValueError unless it is plain, of an allowed type and of just
    that size.
    """
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    start = stream.tell()
    if dtype.kind not in _KINDS or fortran or min(shape, default=0) < 0:
        raise ValueError("type")
    if count * dtype.itemsize != len(content) - start:
        raise ValueError("size")
    return np.frombuffer(content, dtype, count, start).reshape(shape).copy()


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _pack(sink: BinaryIO, files: Mapping[str, bytes]) -> None:
    """Fixed times, order and permissions, so that equal content is equal bytes; the comment seals the
    manifest.
    """
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name in sorted(files, key=lambda name: (name != _MANIFEST, name)):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type, entry.external_attr, entry.create_system = (
                zipfile.ZIP_DEFLATED,
                0o600 << 16,
                3,
            )
            archive.writestr(entry, files[name])
        archive.comment = _digest(files[_MANIFEST]).encode()


def _opened(path: str | Path) -> zipfile.ZipFile:
    where = str(path)
    try:
        return zipfile.ZipFile(Path(path).expanduser())
    except FileNotFoundError:
        raise ArtifactError("no such file", where=where, fix="Make one with 'reverie fit'") from None
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        what = "is no Reverie model, or was cut short"
        raise ArtifactError(what, where=where, fix="Give a file made by 'reverie fit'") from None
    except OSError:
        raise ArtifactError("cannot be read", where=where, fix="Check the path and its permissions") from None


def _manifest(archive: zipfile.ZipFile, where: str) -> dict[str, Any]:
    """The manifest, once the list of entries is known to be harmless."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if _MANIFEST not in names:
        raise ArtifactError("is no Reverie model", where=where, fix="Give a file made by 'reverie fit'")
    unsafe = len(set(names)) != len(names) or len(names) > MOST_ENTRIES
    if unsafe or not all(_NAME.fullmatch(name) for name in names):
        raise ArtifactError("holds entries that no model has", where=where, fix="Do not use this file")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise ArtifactError("unpacks to more than a model may take", where=where, fix="Do not use this file")
    data = _unpack(archive, _MANIFEST, MOST_JSON, where)
    manifest = _parsed(data, where)
    if manifest.get("format") != FORMAT:
        found = str(manifest.get("format"))[:20]
        what = f"is of format {found}, and this version of Reverie reads format {FORMAT}"
        raise ArtifactError(what, where=where, fix="Use the version that made it, or fit the model again")
    if archive.comment.decode("ascii", "replace") != _digest(data) or not _complete(manifest, names):
        raise ArtifactError("was changed after it was made", where=where, fix=_AGAIN)
    return manifest


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise TypeError
        return manifest
    except (ValueError, TypeError, RecursionError):
        raise ArtifactError("is damaged: its manifest cannot be read", where=where, fix=_AGAIN) from None


def _complete(manifest: dict[str, Any], names: list[str]) -> bool:
    listed, about = manifest.get("entries"), manifest.get("about")
    if not isinstance(listed, dict) or not isinstance(about, dict):
        return False
    sound = all(isinstance(e, dict) and isinstance(e.get("size"), int) for e in listed.values())
    return sound and {*listed, _MANIFEST} == set(names)


def _read(archive: zipfile.ZipFile, name: str, entry: Mapping[str, Any], where: str) -> bytes:
    data = _unpack(archive, name, MOST_JSON if name.endswith(".json") else MOST_BYTES, where)
    if len(data) != entry["size"] or _digest(data) != entry.get("sha256"):
        raise ArtifactError(f"was changed after it was made ('{name}')", where=where, fix=_AGAIN)
    return data


def _unpack(archive: zipfile.ZipFile, name: str, most: int, where: str) -> bytes:
    """The content of an entry, reading no further than the size it claims."""
    claimed = archive.getinfo(name).file_size
    if claimed > most:
        raise ArtifactError(f"'{name}' is larger than a model needs", where=where, fix="Do not use this file")
    try:
        with archive.open(name) as stream:
            data = stream.read(claimed + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        raise ArtifactError(f"is damaged ('{name}' cannot be unpacked)", where=where, fix=_AGAIN) from None
    if len(data) != claimed:
        raise ArtifactError(f"is damaged ('{name}' is cut short)", where=where, fix=_AGAIN)
    return data
