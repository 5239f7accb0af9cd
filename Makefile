# The front door: thin wrappers over scripts/setup.sh and the CMake presets.

VENV  := .venv
CMAKE := $(VENV)/bin/cmake
LIT   := $(VENV)/bin/lit
JOBS  ?= $(shell nproc)
SUITE ?= ../shared/bench/suite.json

PREFIX ?= /usr/local

# Of `make check-target`.
TARGET ?= aarch64
MODELS ?= ../shared/keras/models

# Of `make check-keras`: random models, random invalid ones, and the seed of both.
COUNT   ?= 200
INVALID ?= 300
SEED    ?= 1

# Of `make bench-peers`: the suite's tier, or one layer of it; threads; where the figures go.
TIER    ?= core
LAYER   ?=
THREADS ?= 1
OUT     ?= build/peers.json
# More of it: --resume, --report FILE.md, --peers NAMES, --limit SECONDS.
PEERS_FLAGS ?=

.PHONY: setup build demo check check-keras check-target support bench bench-peers bench-models install clean
.DEFAULT_GOAL := build

setup:
	scripts/setup.sh

$(CMAKE):
	scripts/setup.sh

build/build.ninja: $(CMAKE) CMakeLists.txt CMakePresets.json
	$(CMAKE) --preset release

build: build/build.ninja
	$(CMAKE) --build build --parallel $(JOBS) --target upconv upconv-opt upconv-translate

demo: build
	examples/run_demo.sh

check: build
	$(CMAKE) --build build --parallel $(JOBS) --target check-upconv

check-keras: build
	scripts/setup-keras.sh
	.venv-keras/bin/python test/Oracle/check_keras.py build/bin/upconv \
	  --count $(COUNT) --invalid $(INVALID) --seed $(SEED) --jobs $(JOBS) --out build/check-keras

# Every layer of the suite and every model of MODELS on TARGET, in hours under emulation.
check-target: build
	.venv/bin/python test/Oracle/check_target.py build/bin/upconv $(SUITE) --models $(MODELS) \
	  --target $(TARGET) --out build/check-$(TARGET).jsonl

# README's table of layers and targets, from what the tests run.
support: build
	UPCONV_WRITE_SUPPORT=1 $(LIT) -v build/test/Integration/support_table.py

bench: build
	build/bin/upconv bench $(SUITE) --tier core --json build/bench.json

# upconv beside its peers, layer by layer (docs/Benchmarks.md); takes hours for a tier.
bench-peers: build
	scripts/setup-peers.sh
	.venv-peers/bin/python test/Benchmark/peers/bench_peers.py $(SUITE) --upconv build/bin/upconv \
	  $(if $(LAYER),--layer $(LAYER),--tier $(TIER)) --threads $(THREADS) --out $(OUT) $(PEERS_FLAGS)

# Whole models: MODELS is a folder of NAME.keras3.json, NAMES the inputs' shapes.
MODELS ?= ../shared/keras/models
NAMES  ?= tf_dcgan_generator=1,100 melgan_generator=1,861,80 pix2pix_generator=1,256,256,3 unet=1,256,256,3
bench-models: build
	scripts/setup-peers.sh
	.venv-peers/bin/python test/Benchmark/peers/bench_models.py $(NAMES) --models $(MODELS) \
	  --upconv build/bin/upconv --threads $(THREADS) --out build/models.json

install: build
	$(CMAKE) --install build --prefix $(PREFIX)

clean:
	rm -rf build
