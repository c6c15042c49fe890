"""`python -m reverie`, the same as the command `reverie`."""

import sys

from reverie.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
