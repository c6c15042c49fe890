"""Write docs/images/report.png: the top of the demo's report, photographed by headless Chromium.

Usage: python tools/report_picture.py [REPORT.html]   (without a report, the demo is run first; a minute)
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "report.png"
SIZE = 1180, 838
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


def run_demo(folder: str) -> Path:
    """The report of a fresh run of the demo."""
    subprocess.run([str(Path(sys.executable).with_name("reverie")), "demo", "-o", folder], check=True)
    return Path(folder) / "report.html"


def photograph(report: Path, profile: str) -> None:
    """Write the picture of the top of the page."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("no Chromium was found. On Debian or Ubuntu: apt-get install chromium")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    width, height = SIZE
    told = [f"--user-data-dir={profile}", f"--window-size={width},{height}", f"--screenshot={PICTURE}"]
    subprocess.run([browser, *FLAGS, *told, report.resolve().as_uri()], check=True, capture_output=True)


def main() -> None:
    """Take the picture of the report named, or of a new one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("report", nargs="?", type=Path)
    report = parser.parse_args().report
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
        photograph(report or run_demo(folder), profile)
    sys.stdout.write(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
