# make demo    plays the sample company's week against a private directory server, and proves every day
# make test    builds and runs every test
#
# Both install the Debian packages they need first (.ci/setup, which does nothing when they are there).

BIRTHRIGHT := .build/release/birthright
# How often `make torture` runs the crash test: twenty kills each time.
ROUNDS := 10
# How many random histories `make torture` plays in memory, and through the program with each of two kinds of servers.
HISTORIES := 20000
PROGRAM_HISTORIES := 300
# How many small worlds `make simulate` plays.
SEEDS := 20000
# For how many seconds `make torture` runs each of the five fuzzers.
FUZZ := 400

.PHONY: help setup build demo test bench torture histories simulate planted sanitize fuzz lint clean

help:
	@echo 'make setup    install the Debian packages that are missing'
	@echo 'make build    release build: $(BIRTHRIGHT)'
	@echo 'make demo     the sample company'"'"'s week, against a private directory server'
	@echo 'make test     every test'
	@echo 'make bench    benchmarks beside their yardsticks'
	@echo 'make torture  the crash test, for longer, random histories, planted mistakes, and the fuzzers'
	@echo 'make histories  the random histories alone (HISTORIES=COUNT PROGRAM_HISTORIES=COUNT)'
	@echo 'make simulate  small worlds in which runs meet, in an order that a seed decides (SEEDS=COUNT)'
	@echo 'make sanitize  what works with bytes, threads and files, under the address and the thread sanitizer'
	@echo 'make planted  mistakes that are put in on purpose, each of which the histories have to find'
	@echo 'make fuzz     the fuzzers alone (FUZZ=SECONDS LAWS="parser ...")'
	@echo 'make lint     the format of the source'
	@echo 'make clean    remove what was built'

setup:
	@.ci/setup

build: setup
	swift build -c release --product birthright

demo: build
	@SampleData/demo.sh $(BIRTHRIGHT)

test: setup
	@.ci/test

bench: build
	swift build -c release --product EvaluationBench
	python3 Tests/Benchmarks/bench.py $(BIRTHRIGHT)

torture: setup
	swift build --build-tests
	for round in $$(seq $(ROUNDS)); do swift test --skip-build --disable-xctest --filter CrashTests || exit 1; done
	$(MAKE) histories
	$(MAKE) simulate
	$(MAKE) planted
	$(MAKE) sanitize
	$(MAKE) fuzz

# What reads, sends and is done by several at once, under the address sanitizer and under the thread sanitizer: a build of its own for each.
SANITIZED := SourceCSVTests|CSVTests|HTTPTransportTests|ConnectorRESTTests|StoreSQLTests|ProvisioningTests
sanitize: setup
	for kind in address thread; do \
		swift test --disable-xctest --sanitize $$kind -debug-info-format none --scratch-path .build/$$kind --filter '$(SANITIZED)' || exit 1; \
	done

# In memory, then through the program: against servers with the overlays memberof, refint and unique, and without any.
histories: build
	swift build -c release --product Torture
	.build/release/Torture histories $(HISTORIES)
	.build/release/Torture program $(PROGRAM_HISTORIES) --binary $(BIRTHRIGHT) --overlays yes
	.build/release/Torture program $(PROGRAM_HISTORIES) --binary $(BIRTHRIGHT) --overlays no

# Two runs at a time over the same store and systems; every interleaving comes of the seed, so that the same one is the same history again.
simulate: setup
	swift build -c release --product Torture
	.build/release/Torture simulate $(SEEDS)

# Proves that the histories would find a mistake: each is planted in a build of its own, and has to be found within 500 histories, and those that only runs
# which meet can make within 2,000 small worlds.
PLANTED := settledIgnoresPending leftAsideLeavesNoMark comingBackWinsNothing dueLostOnEdit removalsUnderOldNameOnly \
	enablingLeavesDialectDisabling withdrawnKeepsWhatWasRefused quarantineStopsDates awaitedIsForgotten halfDoneIsForgotten lostCreateIsSentBlind
PLANTED_BESIDE := changedSinceIsStarted twoRunsMakeTwoPeople overtakenIsSent
planted: setup
	BIRTHRIGHT_PLANTED=1 swift build -c release --product Torture --scratch-path .build/planted
	for bug in $(PLANTED); do .build/planted/release/Torture planted $$bug 500 || exit 1; done
	for bug in $(PLANTED) $(PLANTED_BESIDE); do .build/planted/release/Torture planted $$bug 2000 --scale village || exit 1; done

# An own folder: everything is built with the fuzzer's instruments.
fuzz: setup
	BIRTHRIGHT_FUZZER=1 swift build -c release --product Fuzzer --sanitize fuzzer --scratch-path .build/fuzzer
	Tests/Fuzzers/fuzz.sh .build/fuzzer/release/Fuzzer $(FUZZ) $(LAWS)

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

clean:
	rm -rf .build .demo
