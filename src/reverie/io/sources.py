"""Where bytes come from: a plain or compressed file, or the standard input."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from reverie.core.errors import DataError

BLOCK = 1 << 20
KINDS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".psv": "csv",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")
_MODEL = ".reverie"
_READABLE = "CSV, TSV, Parquet, JSONL or Excel (.xlsx)"


@dataclass(frozen=True)
class Source:
    """A file of one table; `where` is shown to users, `kind` is one of KINDS, `packing` an Arrow codec."""

    path: Path
    where: str
    name: str
    kind: str
    packing: str | None = None

    def open(self, encoding: str = "utf-8") -> pa.NativeFile:
        """A stream of the unpacked bytes, turned into UTF-8 if they are in another encoding."""
        stream = pa.input_stream(str(self.path), compression=self.packing)
        return stream if encoding == "utf-8" else pa.transcoding_input_stream(stream, encoding, "utf-8")

    def head(self, size: int = BLOCK) -> bytes:
        """The first `size` unpacked bytes. Raises DataError if the file cannot be read."""
        with reading(self.where), self.open() as stream:
            return stream.read(size)


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what the system says of an unreadable file into one clear line."""
    try:
        yield
    except PermissionError:
        raise DataError("may not be read", where=where, fix="Check its permissions") from None
    except OSError:
        raise DataError(
            "is damaged or cut short", where=where, fix="Make the file again, or copy it again"
        ) from None


def find(path: Path) -> Source:
    """The source that a path names. Raises DataError if there is none, or its suffix is unknown."""
    where = path.name
    if not path.exists():
        raise DataError("no such file or folder", where=str(path), fix="Check the path")
    if path.suffix.lower() == _MODEL:
        fix = f"Make rows with 'reverie sample {where} -o rows.csv' and give those"
        raise DataError("is a Reverie model, not data", where=where, fix=fix)
    plain = path.with_suffix("") if path.suffix.lower() in _PACKED_SUFFIXES else path
    with reading(where), path.open("rb") as stream:
        start = stream.read(8)
    packing = next((name for magic, name in _PACKED.items() if start.startswith(magic)), None)
    source = Source(path, where, plain.stem or "data", KINDS.get(plain.suffix.lower(), ""), packing)
    kind = _kind_by_content(source) or source.kind
    if not kind and plain.suffix:
        raise DataError(f"unsupported suffix '{plain.suffix}'", where=where, fix=f"Give {_READABLE}")
    return Source(path, where, source.name, kind or "csv", packing)


def files(data: str) -> list[Path]:
    """The files that reading `data` would open; none for what is not there and for the standard input."""
    path = Path(data).expanduser()
    if path.is_dir():
        return [file for file in path.iterdir() if file.is_file() and _is_table(file)]
    return [path] if data != "-" and path.is_file() else []


def _kind_by_content(source: Source) -> str | None:
    """What the first bytes say, if they are sure; of texts, only where the suffix says nothing."""
    start = source.head(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "excel"
    if not source.kind and start[:1] in (b"{", b"["):
        return "json"
    return None


def list_folder(folder: Path) -> list[Source]:
    """The tables of a folder, by name. Raises DataError if there are none or two have the same name."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    sources = [find(path) for path in files if _is_table(path)]
    if not sources:
        raise DataError("a folder without tables", where=str(folder), fix=f"Put {_READABLE} files in it")
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two files make a table '{twice[0]}'", where=str(folder), fix="Rename or remove one")
    return sources


def _is_table(path: Path) -> bool:
    plain = path.with_suffix("") if path.suffix.lower() in _PACKED_SUFFIXES else path
    return plain.suffix.lower() in KINDS and plain.suffix.lower() != ".txt"


@contextmanager
def standard_input() -> Iterator[Source]:
    """The standard input, kept in a temporary file while it is read; its format is known by its content."""
    with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy, BLOCK)
        found = find(path)
        yield Source(path, "standard input", "stdin", found.kind, found.packing)
