"""How the command ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reverie.cli import main
from reverie.core.errors import InternalError, ReverieWarning


def ends_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code when a command raises `error`."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("reverie.models.base.families", fail)
    return main.run(["models"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InternalError("broken"), 1),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 2),
        (OSError(28, "No space left on device"), 2),
    ],
)
def test_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ends_with(error, monkeypatch) == code
    said = capfd.readouterr().err
    assert [line for line in said.splitlines() if line][-1].startswith("error: ")
    assert "Traceback" not in said


def test_debugging_shows_where(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("REVERIE_DEBUG", "1")
    assert ends_with(InternalError("broken"), monkeypatch) == 1
    assert "Traceback" in capfd.readouterr().err


def test_defects_tell_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("a secret cell")
    except ValueError as error:
        main._report_defect(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert said.startswith("error: a defect of Reverie (ValueError in test_main.py")
    assert "secret" not in said


def test_warnings_are_notes(capsys: pytest.CaptureFixture[str]) -> None:
    main._tell(ReverieWarning("holds no code"), ReverieWarning, "file.py", 3)
    assert capsys.readouterr().err == "note: holds no code\n"


def test_version_and_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("reverie ")
    assert main.run(["--help"]) == 0
    shown = capfd.readouterr().out
    assert all(name in shown for name in ("demo", "inspect", "fit", "sample", "evaluate", "impute", "score"))


def test_no_arguments_ask_for_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) == 0
    bare = capfd.readouterr()
    assert main.run(["--help"]) == 0
    assert (bare.out, bare.err) == (capfd.readouterr().out, "")


SAMPLE = (
    "import sys; sys.argv = ['reverie', 'sample', *sys.argv[1:]]; from reverie.cli.main import main; main()"
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_signal_leaves_nothing_behind(name: str, suffix: str, folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SAMPLE, str(folder / "m.reverie"), "-n", "1e9"]
    out = str(tmp_path / f"big.{suffix}")
    with subprocess.Popen([*command, "-o", out], stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not [*tmp_path.glob(f".big.{suffix}.*.part")]:
            time.sleep(0.05)
        running.send_signal(getattr(signal, name))
        assert running.communicate()[1] == "error: stopped; nothing was left behind\n"
    assert running.returncode == 128 + getattr(signal, name)
    assert not [*tmp_path.iterdir()]


def test_a_closed_pipe_is_no_error(folder: Path) -> None:
    command = [sys.executable, "-c", SAMPLE, str(folder / "m.reverie"), "-n", "1e6", "-o", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == b"age,city\n"
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@pytest.mark.parametrize("arguments", [["paint"], ["fit"], ["fit", "x", "--no-such-option"]])
def test_wrong_usage(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == 2
    assert capfd.readouterr().err.startswith("error: ")


def test_a_usage_error_names_the_help_of_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["fit", "--bogus"]) == 2
    assert capfd.readouterr().err == "error: No such option: --bogus. See: reverie fit --help\n"
