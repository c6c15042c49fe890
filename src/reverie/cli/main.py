"""The command `reverie`: what it can do, and how it ends.

A user's mistake is one line and exit code 2, a defect of Reverie one line and 1; REVERIE_DEBUG=1 shows where.
Signals that ask a process to end are heeded as Ctrl-C is: what was half written is taken away.
"""

import os
import signal
import sys
import traceback
import warnings
from types import FrameType, TracebackType
from typing import Annotated, Any

import typer

from reverie.cli import attesting, judging, learning, racing, sampling, varying
from reverie.core.errors import OutputError, PipeError, ReverieError, ReverieWarning

INTERRUPTED = 130

app = typer.Typer(
    name="reverie",
    help="Learn business data, make new data that behaves like it, and prove how good and private that is.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (
    judging.demo, learning.inspect, learning.fit, sampling.sample, judging.evaluate, attesting.privacy,
    racing.race, sampling.impute, sampling.score, varying.vary, varying.interpolate, varying.reconstruct,
    learning.models,
):  # fmt: skip
    app.command()(_command)

# Newer versions of typer bring their own copy of click, so its errors are known by this base alone.
_UsageError: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"reverie {version('reverie')}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; the exit code. Errors are written to the standard error in one line."""
    try:
        asked = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
        result = typer.main.get_command(app).main(asked, "reverie", standalone_mode=False)
        # An interrupt within a command comes back as a number.
        return _interrupted() if result == INTERRUPTED else result if isinstance(result, int) else 0
    except _UsageError as error:
        return _fail(_usage(error), 2) if str(error) or error.args else 2
    except (BrokenPipeError, PipeError):
        _silence()
        return 0
    except ReverieError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except _Stopped as stopped:
        return _interrupted("stopped", 128 + stopped.number)
    except MemoryError:
        return _fail("not enough memory. Give fewer rows or columns (--max-rows, -n), or fewer --workers", 2)
    except OSError as error:
        return _fail(str(OutputError(os.strerror(error.errno or 0), where=str(error.filename or "files"))), 2)


def main() -> None:
    """The entry point of the command."""
    if not _debugging():
        warnings.simplefilter("ignore")
        sys.excepthook = _report_defect
    warnings.simplefilter("always", ReverieWarning)
    warnings.showwarning = _tell
    _heed_signals()
    sys.exit(run())


class _Stopped(BaseException):
    """The system asks this process to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _heed_signals() -> None:
    """Let the signals that end a process end it by an exception, so that blocks under way clean up."""
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def stop(number: int, _: FrameType | None) -> None:
        for each in signals:  # a second one would cut the cleaning short
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped(number)

    for each in signals:
        if signal.getsignal(each) != signal.SIG_IGN:  # as under nohup
            signal.signal(each, stop)


def _debugging() -> bool:
    return os.environ.get("REVERIE_DEBUG", "") not in ("", "0")


def _fail(line: str, code: int) -> int:
    if _debugging():
        traceback.print_exc()
    sys.stderr.write(f"error: {' '.join(line.split())}\n")
    return code


def _usage(error: Any) -> str:
    """What is wrong with the arguments, and the command whose help tells more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "reverie"
    return f"{error.format_message().rstrip('.')}. See: {command} --help"


def _interrupted(how: str = "interrupted", code: int = INTERRUPTED) -> int:
    from reverie.io.outputs import remove_unfinished

    remove_unfinished()
    return _fail(f"{how}; nothing was left behind", code)


def _silence() -> None:
    # What is left in the buffer would fail again when the interpreter closes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(message: Warning | str, *_: Any, **__: Any) -> None:
    sys.stderr.write(f"note: {message}\n")


def _report_defect(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """One line without the error's own words, which might hold a value of the data."""
    place = traceback.extract_tb(trace)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    sys.stderr.write(
        f"error: a defect of Reverie ({kind.__name__} in {where}). Set REVERIE_DEBUG=1 for more\n"
    )
