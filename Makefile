# Everything here is a line over CMake and tools/; nothing is decided in this file.
.PHONY: help demo study build test test-all check bench bank bank-held install uninstall deb format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

demo: build ## set up what is missing, build, train on real images, measure, verdict, forecast, page
	tools/demo

study: build ## the architecture study of docs/studies/architecture.md: 2016 runs, 12 minutes of processor time
	build/demo/cli/renorm study configs/study_architecture.yaml -o runs/study_architecture
	build/demo/cli/renorm study configs/study_architecture_images.yaml -o runs/study_architecture_images

build: ## set up what is missing and build the command build/demo/cli/renorm
	tools/setup build && cmake --preset demo && cmake --build --preset demo

test: ## set up what is missing, build, run every test and check
	@tools/setup test && tools/run_tests test

test-all: ## also the long ones: thread sanitizer, valgrind, fuzzing, a bare Debian
	@tools/setup all && tools/run_tests all

check: ## the quick part of the tests
	@tools/run_tests check

bench: ## print ratios against the machine's own peak
	tools/setup test && tools/bench

bank: build ## run the forecast bank (about half an hour) and print how good forecasts are
	-build/demo/cli/renorm study configs/bank.yaml -o runs/bank
	build/demo/cli/renorm forecast --backtest runs/bank >runs/bank/backtest.tsv

bank-held: build ## the bank of held-out losses (about a quarter of an hour)
	-build/demo/cli/renorm study configs/bank_held_out.yaml -o runs/bank_held_out
	build/demo/cli/renorm forecast --backtest runs/bank_held_out >runs/bank_held_out/backtest.tsv

install: build ## install below PREFIX (default /usr/local); DESTDIR is honoured
	cmake --install build/demo --prefix $(or $(PREFIX),/usr/local)

uninstall: ## remove what `make install` installed last
	cmake --build build/demo --target uninstall

deb: ## Debian packages in build/deb
	tools/package_deb

format: ## lay out the sources with clang-format
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean: ## remove what was built; runs/ stays
	rm -rf build
