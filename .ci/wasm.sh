#!/usr/bin/env bash
# Builds the library for wasm32-unknown-unknown, in a target folder of its own: it must do without files and threads.
#
# With rustup's target where that can be had, else with Debian's rustc-web, which brings the standard library as source.
# `wasm.sh debian` takes the second way at once.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

target=wasm32-unknown-unknown
build=(build --lib --locked --no-default-features --target "$target")

if [ "${1:-}" != debian ]; then
  if command -v rustup >/dev/null && timeout 300 rustup target add "$target"; then
    exec cargo "${build[@]}" --target-dir target/wasm
  fi
  echo "rustup has no target $target here: trying Debian's packages"
fi

if ! .ci/apt.sh rustc-web cargo-web rust-web-src lld-19; then
  echo "skipped: neither rustup nor Debian's packages can build for $target here"
  exit 0
fi
# Debian's own programs: those of rustup, often first in the path, follow rust-toolchain.toml instead.
PATH=/usr/bin:$PATH
rustc --version || exit
RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 \
  cargo "${build[@]}" --target-dir target/wasm-debian -Zbuild-std=std,panic_abort
