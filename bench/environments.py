"""A virtual environment for each peer and for the outside judge, made under build/bench/envs."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVS = ROOT / "build" / "bench" / "envs"
REQUIREMENTS = Path(__file__).parent / "requirements"

# Installed first and with all it needs, which differs from machine to machine (CUDA or not).
TORCH = "torch==2.13.0"


def python_of(name: str) -> Path:
    """The interpreter of environment `name`, which is made if it is not there as pinned."""
    folder = ENVS / name
    pins = REQUIREMENTS / f"{name}.txt"
    stamp = folder / ".ready"
    fingerprint = sha256(pins.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != fingerprint:
        _make(name, folder, pins)
        stamp.write_text(fingerprint)
    return folder / "bin" / "python"


def _make(name: str, folder: Path, pins: Path) -> None:
    sys.stderr.write(f"installing {name} in {folder.relative_to(ROOT)}\n")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    if TORCH in pins.read_text().splitlines():
        subprocess.run([*pip, "install", "-qq", TORCH], check=True)
    # The pins are complete. Without --no-deps, mostlyai-engine would bring a torchvision that does not fit
    # the torch above and breaks its import.
    subprocess.run([*pip, "install", "-qq", "--no-deps", "--requirement", str(pins)], check=True)
