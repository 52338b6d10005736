# The README's two commands are `make run` and `make test`. Everything else is for those who change the code.
CACHE ?= $(if $(SHOWREEL_CACHE),$(SHOWREEL_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/showreel)
export SHOWREEL_CACHE := $(CACHE)
export GOFLAGS := -mod=readonly
# One build cache for server and tests: no cgo but in the program that runs models, paths trimmed only in `make dist`.
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD = go build -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: run test native models bulletin build check deep bench dist golden setup setup-test samples clean

# The bulletin is rendered beside the server, when the voices have come; it joins the library then.
run: setup samples build
	@nice bin/showreel-bulletin -await 1h -samples $(CACHE)/samples -models $(CACHE)/models -native $(CACHE)/native -ai bin/showreel-ai & \
	SHOWREEL_AI_NATIVE=$(CACHE)/native SHOWREEL_MODELS_DIR=$(CACHE)/models SHOWREEL_MODELS_INSTALL=default bin/showreel serve --samples $(CACHE)/samples

setup:
	@bash tools/setup.sh run

setup-test:
	@bash tools/setup.sh test

samples: setup
	@bash tools/samples/fetch.sh $(CACHE)/samples

# Libraries of the program that runs models: whisper.cpp is compiled once (about three CPU minutes), ONNX Runtime brought.
native: setup
	@bash tools/native/setup.sh $(CACHE)/native

# The default models and the fast English one: 0.9 GB to download, once.
models: build
	bin/showreel models install default whisper-tiny-en --dir $(CACHE)/models

# A news bulletin of ours, two minutes with packaged voices, rendered into the samples: its script is exact test truth.
bulletin: samples models
	bin/showreel-bulletin -samples $(CACHE)/samples -models $(CACHE)/models -ai bin/showreel-ai -out $(CACHE)/samples

build: native
	$(BUILD) -o bin/showreel ./cmd/showreel
	CGO_ENABLED=1 $(BUILD) -o bin/showreel-ai ./cmd/showreel-ai
	$(BUILD) -o bin/showreel-bulletin ./test/bulletin

# The inner loop: formatting, vet, laws and every test that needs no engine; under 90 s once built.
check:
	@test -z "$$(gofmt -l cmd house product trust engine platform media fault test bench web/*.go)" || { gofmt -l cmd house product trust engine platform media fault test bench web/*.go; exit 1; }
	go vet ./...
	go test -short ./...

# All that a change must not break: real engines, the real browser, three kills.
test: setup-test build
	bash test/run.sh

# The long tests; one slice with SLICE=1.. as continuous integration does, all without.
deep: setup-test build
	bash test/deep.sh $(SLICE)

bench: build
	go run ./bench

# Rewrites the committed lists that tests compare: dependencies, openapi.yaml, the configuration manual, the event list.
golden: build
	UPDATE_GOLDEN=1 go test ./test/laws ./house/...

dist: build
	bash deploy/dist.sh $(VERSION)

clean:
	rm -rf bin dist
