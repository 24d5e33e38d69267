#!/usr/bin/env bash
# Everything that must hold. Ends with one line "N passed, M failed"; the exit status is 0 only if M is 0.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

scripts/setup.sh test || exit 1
passed=0
failed=0
logs=build/logs
mkdir -p "$logs"

# One check that is a single command: passed or failed.
check() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
    fi
}

# Builds a preset and runs its tests; every CTest test counts. A build that fails, or CTest without a summary, is a
# failure too: no tests is not the same as all tests passed.
preset() {
    local name=$1 log="$logs/$1.log" summary
    shift
    printf '\n== %s: build and test\n' "$name"
    if ! { cmake --preset "$name" "$@" && cmake --build --preset "$name"; } >"$log" 2>&1; then
        tail -n 40 "$log"
        failed=$((failed + 1))
        echo "FAILED: build of preset $name (whole log: $log)"
        return
    fi
    ctest --preset "$name" --no-tests=error -j2 2>&1 | tee -a "$log"
    summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests? failed out of [0-9]+' "$log" | tail -n 1)
    if [ -z "$summary" ]; then
        failed=$((failed + 1))
        echo "FAILED: preset $name ran no tests"
        return
    fi
    local bad all
    bad=$(sed -E 's/.*passed, ([0-9]+) tests? failed.*/\1/' <<<"$summary")
    all=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$summary")
    failed=$((failed + bad))
    passed=$((passed + all - bad))
}

preset release -DSYN_WERROR=ON -DSYN_PYTHON=ON
preset asan -DSYN_WERROR=ON -DSYN_PYTHON=ON
preset fuzz -DSYN_WERROR=ON
check "format" scripts/check_format.sh
check "Python wheel" scripts/wheel.sh build/wheel
check "Debian package" scripts/deb.sh build/package
check "documentation" scripts/docs.sh build/docs
check "commands of the documents" scripts/check_documents.sh README.md docs/index.md docs/options.md docs/compare.md \
    docs/connectivity.md docs/report.md docs/install.md docs/tutorial.md docs/choosing-options.md docs/howto/*.md \
    docs/troubleshooting.md

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
