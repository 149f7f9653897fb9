# Sourced by influxdb18 and influxdb2: servers that are built from their Go modules. Each has a function `check_tools`,
# which dies where it cannot be built, and `build DIR`, which makes DIR/bin/influxd and is called as `build-in DIR`.
# shellcheck shell=bash

# new_enough VERSION BOUND: VERSION may be empty, then it is not.
new_enough() { [[ -n $1 && $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# Of the Go in PATH; empty where there is none.
go_release() { GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//' || true; }

# All that Go downloads and builds goes into DIR.
go_environment() {
  export GOMODCACHE=$1/modules GOCACHE=$1/go-cache GOTMPDIR=$1/tmp GOBIN=$1/bin GOTOOLCHAIN=local CGO_ENABLED=1
  export GOFLAGS='-buildvcs=false -modcacherw'
  mkdir -p "$GOTMPDIR" "$GOBIN"
}

# For install_once. What it is built from and with is gone afterwards, also when that fails; only Cargo keeps its
# downloads (55 MB).
fill_by_building() (
  check_tools
  need_packages gcc libc6-dev
  work=$1/build
  trap 'rm -rf -- "$work"' EXIT
  mkdir "$work"
  quietly "$0" build-in "$work"
  mv "$work/bin/influxd" "$1/"
)
