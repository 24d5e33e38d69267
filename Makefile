# The front door. Everything is built by CMake (CMakePresets.json) into build/PRESET.

PREFIX ?= /usr/local

.PHONY: help demo test bench bench-connectivity peers install wheel deb format tidy docs build clean

help:
	@echo "make demo                fit the shipped recording; model, forecast and connectivity in out/demo"
	@echo "make install PREFIX=DIR  program, manual pages, completions, library (default: $(PREFIX))"
	@echo "make wheel               Python wheel (manylinux) and source distribution in dist/"
	@echo "make deb                 Debian package in dist/"
	@echo "make test                build, all tests, sanitizers, fuzz targets, format and document checks"
	@echo "make bench               speed of the kernels and of training"
	@echo "make bench-connectivity  recovery of simulated networks beside other methods; hours, in pieces (SIZE=full: more)"
	@echo "make peers               models of other groups (Python, PyTorch) on the same splits; hours"
	@echo "make build               the release build in build/release"
	@echo "make docs                documentation in build/docs/html; docs/options.md and docs/python-reference.md anew"
	@echo "make format              clang-format on every C file"
	@echo "make tidy                clang-tidy on every C file"
	@echo "make clean               remove build/, out/ and dist/"

build:
	@scripts/setup.sh build
	cmake --preset release
	cmake --build --preset release

demo: build
	@scripts/demo.sh build/release/synapsnet out/demo

test:
	@scripts/test.sh

bench: build
	@scripts/setup.sh bench
	@bench/run.sh

bench-connectivity: build
	@scripts/setup.sh bench
	@python=$$(scripts/python_env.sh build/connectivity-env bench/connectivity-requirements.txt) && \
	    $$python bench/connectivity.py build/release/synapsnet --size $(or $(SIZE),small) && \
	    $$python bench/connectivity.py build/release/synapsnet --page

peers: build
	@scripts/setup.sh bench
	@bench/peers/run.sh build/release/synapsnet

install: build
	cmake --install build/release --prefix "$(DESTDIR)$(abspath $(PREFIX))"

wheel:
	@scripts/wheel.sh dist

deb:
	@scripts/deb.sh dist

docs: build
	build/release/synapsnet help --markdown > docs/options.md
	cmake --preset release -DSYN_PYTHON=ON && cmake --build --preset release
	python=$$(scripts/python_env.sh build/python-env tests/python/requirements.txt) && \
	    PYTHONPATH=build/release/python $$python scripts/python_reference.py > docs/python-reference.md
	@scripts/docs.sh build/docs

format:
	@scripts/setup.sh format
	git ls-files '*.c' '*.h' | xargs clang-format -i

tidy: build
	@scripts/setup.sh tidy
	git ls-files 'src/*.c' 'cli/*.c' | xargs -n 1 -P 2 clang-tidy -p build/release --quiet

clean:
	rm -rf build out dist
