# Everything here needs Go, make, bash and git.
SHELL := bash -o pipefail
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
BIN     := $(CURDIR)/bin
GO_BUILD := CGO_ENABLED=0 go build -trimpath

# The race detector needs cgo, and that a C compiler.
RACE := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)
TEST := go test $(RACE) -shuffle=on -timeout 40m
SANDBOXED := GEN3_TEST_SANDBOX=$(BIN)/sandbox GEN3_TEST_BINARY=$(BIN)/gen3-bootstrap GEN3_TEST_OPERATOR=$(BIN)/operator GEN3_TEST_REQUIRE=1

.PHONY: help build sandbox operator demo test test-unit test-sandboxed test-matrix test-localstack bench lint golden clean race-note

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

build: ## build bin/gen3-bootstrap
	$(GO_BUILD) -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o $(BIN)/gen3-bootstrap .

sandbox: ## build bin/sandbox: API server, controllers, charts and the AWS fake in one process
	cd internal/sandbox && $(GO_BUILD) -ldflags '-s -w' -o $(BIN)/sandbox ./cmd/sandbox

operator: $(BIN)/operator ## build bin/operator: External Secrets Operator, for the sandbox to run

$(BIN)/operator: $(wildcard internal/operator/*.go) internal/operator/go.mod internal/operator/go.sum
	cd internal/operator && $(GO_BUILD) -ldflags '-s -w' -o $@ .

demo: build sandbox operator ## run the tool from nothing against the sandbox
	$(BIN)/sandbox demo -operator $(BIN)/operator $(BIN)/gen3-bootstrap

test: race-note test-unit test-sandboxed ## everything that runs without Docker

race-note:
	@test -n '$(RACE)' || echo 'no C compiler here: the tests run without the race detector'

test-unit: build sandbox operator
	$(SANDBOXED) $(TEST) $$(go list ./... | grep -v internal/acceptance)
	cd internal/sandbox && CGO_ENABLED=0 go test -trimpath -shuffle=on -timeout 20m ./... # as the binary is built, so that Kubernetes is not compiled twice

# Without the race detector, under which two cores do not get through hundreds of cases in time; the packages' own tests
# run the same code under it.
test-sandboxed: build sandbox operator
	$(SANDBOXED) go test -shuffle=on -timeout 40m -v -parallel 6 ./internal/acceptance | grep -Ev '^\s*(=== |--- PASS|PASS)'

test-matrix: build sandbox operator ## every case of the fault matrices (make test runs a part)
	$(SANDBOXED) GEN3_TEST_MATRIX=full go test -shuffle=on -timeout 120m -v -parallel 6 ./internal/acceptance | grep -Ev '^\s*(=== |--- PASS|PASS)'

test-localstack: build sandbox operator ## the integration suite against LocalStack in Docker, or against GEN3_TEST_AWS_ENDPOINT
	$(SANDBOXED) ./testdata/localstack.sh $(TEST) -v -run Emulator ./internal/acceptance

bench: build sandbox operator ## timings beside the commands that this replaces (aws, helm and kubectl, where they are on PATH)
	$(SANDBOXED) GEN3_TEST_BENCH=1 go test -timeout 20m -v -run TestTimings ./internal/acceptance

lint: ## golangci-lint, pinned in internal/tools
	go tool -modfile=internal/tools/go.mod golangci-lint run ./...
	cd internal/sandbox && go tool -modfile=../tools/go.mod golangci-lint run ./...
	cd internal/operator && go tool -modfile=../tools/go.mod golangci-lint run ./...

golden: ## write the golden files anew
	go test ./internal/cli ./internal/cli/progress ./internal/cli/report ./iamsetup/policy ./bootstrap/values -update

clean: ## remove what was built
	rm -rf $(BIN)
