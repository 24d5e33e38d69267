#!/usr/bin/env bash
# Runs the tests of the Python package that was assembled in a build folder: scripts/python_tests.sh BUILD [PYTEST-OPTION...]
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."

python=$(scripts/python_env.sh build/python-env tests/python/requirements.txt)
export SYNAPSNET_BUILD=$build PYTHONPATH=$build/python PYTHONDONTWRITEBYTECODE=1 MPLBACKEND=agg
exec "$python" -X dev -m pytest "$@"
