#!/usr/bin/env bash
# Builds the site of the documentation in FOLDER/html, with warnings as errors, and checks its links: scripts/docs.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh docs
out=$(mkdir -p "${1:-build/docs}" && cd "${1:-build/docs}" && pwd)
python=$(scripts/python_env.sh "$PWD/build/docs-env" docs/requirements.txt)

doxygen -q - <<EOT
INPUT = include/synapsnet/synapsnet.h
FILTER_PATTERNS = *.h="awk -f docs/doxygen.awk"
OUTPUT_DIRECTORY = $out
XML_OUTPUT = doxygen
GENERATE_XML = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
OPTIMIZE_OUTPUT_FOR_C = YES
MACRO_EXPANSION = YES
PREDEFINED = SYN_API=
WARN_AS_ERROR = FAIL_ON_WARNINGS
WARN_IF_UNDOCUMENTED = NO
EOT
# The header is no page that a struct could link to.
sed -i '/<includes /d' "$out"/doxygen/struct*.xml
DOXYGEN_XML=$out/doxygen "$python" -m sphinx -q -E -W --keep-going -j auto -d "$out/doctrees" -b html docs "$out/html"
"$python" scripts/check_links.py "$out/html" ./*.md bench/*.md bench/peers/*.md
echo "$out/html/index.html"
