#!/bin/sh
# Make the environment that the tests compare with: sdmetrics holds pandas under 3, so it lives beside the main one.
# usage: tools/sdmetrics_env.sh [FOLDER]      prints the path of its interpreter; does nothing if it is there already
set -eu
folder="${1:-$(cd "$(dirname "$0")/.." && pwd)/build/sdmetrics-env}"
version="0.32.0"
ready() { [ -x "$1/bin/python" ] && "$1/bin/python" -c "import sdmetrics, sys; sys.exit(sdmetrics.__version__ != '$version')"; }
if ! ready "$folder" 2>/dev/null; then
    # Made aside and moved into place, so that two test workers may both try.
    aside="$folder.$$"
    trap 'rm -rf "$aside"' EXIT
    "${PYTHON:-python3}" -m venv "$aside" >&2
    "$aside/bin/python" -m pip install --quiet --disable-pip-version-check "sdmetrics==$version" "pandas>=2.2,<3" pyarrow >&2
    rm -rf "$folder"
    mv "$aside" "$folder" 2>/dev/null || ready "$folder"
fi
echo "$folder/bin/python"
