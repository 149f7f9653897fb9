# Thin calls: what is longer than a line is a script in packaging/. Each target first installs what this machine
# lacks of the packages in packaging/debian-packages (with sudo when not root; HAINGEST_NO_INSTALL=1 only says what).
SHELL := /bin/bash
BUILD ?= build
BUILD_TYPE ?= RelWithDebInfo
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
export BUILD BUILD_TYPE PREFIX DESTDIR FUZZ_SECONDS

# Everybody on this machine can read a command line.
ifeq ($(origin HA_TOKEN),command line)
$(error give HA_TOKEN through the environment: HA_URL=... HA_TOKEN=... make demo)
endif

.PHONY: build demo test check nightly bench fuzz docs install uninstall format clean help
.DEFAULT_GOAL := build

build: ## build/haingest (the default)
	@packaging/install-packages build
	@packaging/build haingest

demo: ## sync a simulated house of 94 devices (HA_URL and HA_TOKEN: the real one) and serve it; DEMO_EXIT=1 ends then
	@packaging/install-packages build demo
	@packaging/build haingest ha-simulator
	@packaging/demo

test: ## every test that this machine can run; HAINGEST_TEST_REQUIRE=all: all of them, or fail
	@packaging/run-tests

check: ## the tests again under ASan+UBSan and TSan and in their long forms; format, lint, man pages
	@packaging/check

nightly: ## what takes hours: a storm of a million changes, the long soak, each fuzzer for ten minutes
	@packaging/nightly

bench: ## measure against the budgets (BENCHMARKS.md)
	@packaging/install-packages build bench
	@packaging/build haingest ha-simulator bench_bare bench_feed bench_bare_watch
	@packaging/bench

fuzz: ## run each fuzzer for FUZZ_SECONDS (60)
	@packaging/install-packages build fuzz
	@packaging/fuzz

docs: ## write man/ and completions/ anew from the command tree
	@packaging/install-packages build
	@packaging/build haingest-gendocs
	$(BUILD)/cli/haingest-gendocs .

install: build ## binary, man pages, completions, systemd units, example: into DESTDIR + PREFIX (/usr/local)
	@packaging/installed-files install

uninstall: ## take the same files away again; configuration and data stay
	@packaging/installed-files uninstall

format: ## clang-format over all sources
	@packaging/install-packages check
	@packaging/format

clean: ## take away what was built
	rm -rf -- $(BUILD) build-asan build-tsan build-fuzz

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'
