# shellcheck shell=bash
# The Rust target of the runtime, where no rustup server can be reached: its core library built from
# Debian's Rust sources. Sourced by scripts/setup. Why and how: docs/building.md, "The Wasm target".

WASM_TARGET=wasm32v1-none

# Whether the compiler given (a command of one or more words) links a library for the target with
# link-time optimisation, which is how the runtime is built. Asking the compiler itself finds every
# fault: no core library, one of another compiler version, one without bitcode, no linker.
makes_wasm() {
    local folder code=0
    folder=$(mktemp -d)
    cat >"$folder/probe.rs" <<'RUST'
#![no_std]
extern crate alloc;
use core::alloc::{GlobalAlloc, Layout};
struct Nothing;
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 { core::ptr::null_mut() }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator]
static ALLOCATOR: Nothing = Nothing;
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[unsafe(no_mangle)]
pub extern "C" fn probe(length: usize) -> usize { alloc::vec![1u8; length].len() }
RUST
    (cd "$PARLANCE_ROOT" && "$@" --edition 2021 --crate-type cdylib --target "$WASM_TARGET" \
        -C opt-level=3 -C lto=fat -C panic=abort -o "$folder/probe.wasm" "$folder/probe.rs") \
        >"$folder/log" 2>&1 || code=1
    [[ $code == 0 || ${PARLANCE_VERBOSE:-no} == no ]] || cat "$folder/log" >&2
    rm -rf "$folder"
    return "$code"
}

native_compiler_makes_wasm() {
    makes_wasm rustc
}

linked_compiler_makes_wasm() {
    command -v rustup >/dev/null || return 1
    # The link is asked for by its folder: rustup would try to download a toolchain it does not know.
    [[ -e ${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$WASM_TOOLCHAIN_NAME/bin/rustc ]] || return 1
    makes_wasm rustup run "$WASM_TOOLCHAIN_NAME" rustc
}

# Builds core and alloc for the target from Debian's sources and puts them beside Debian's compiler.
build_debian_target() {
    local sysroot libraries folder
    knows_package rust-web-src ||
        die "the target $WASM_TARGET cannot be added: rustup cannot download it, and this distribution has" \
            "no package rust-web-src (Debian 12 has); run 'rustup target add $WASM_TARGET' where there is a network"
    apt_install rustc-web cargo-web rust-web-src lld-19
    # The first Debian 12 had an older one; its updates bring what browsers are built with.
    rust_is_recent /usr/bin/rustc ||
        die "Debian's $(/usr/bin/rustc --version) is older than $(wanted_rust), which the runtime needs: add the suites" \
            "bookworm-updates and bookworm-security to apt's sources, then run scripts/setup again"
    sysroot=$(/usr/bin/rustc --print sysroot)
    libraries=$sysroot/lib/rustlib/$WASM_TARGET/lib
    folder=$(mktemp -d)
    mkdir "$folder/src"
    printf '[package]\nname = "core-only"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\npanic = "abort"\n' \
        >"$folder/Cargo.toml"
    printf '#![no_std]\n' >"$folder/src/lib.rs"
    # Bitcode has to be embedded, or the final link-time optimisation of the runtime finds none.
    (cd "$folder" && env -u CARGO_TARGET_DIR -u RUSTC -u RUSTUP_TOOLCHAIN PATH="/usr/bin:$PATH" \
        RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C linker=wasm-ld-19 -C embed-bitcode=yes" \
        /usr/bin/cargo build --release --target "$WASM_TARGET" -Zbuild-std=core,alloc >&2) ||
        die "building the core library for $WASM_TARGET failed; the compiler's words stand above"
    as_root mkdir -p "$libraries"
    # Those of an older compiler would be found first or twice.
    as_root find "$libraries" -name '*.rlib' -delete
    as_root cp "$folder/target/$WASM_TARGET"/release/deps/lib{core,alloc,compiler_builtins}-*.rlib "$libraries/"
    rm -rf "$folder"
    [[ -e /usr/bin/rust-lld ]] || as_root ln -s "$(command -v wasm-ld-19)" /usr/bin/rust-lld
    if command -v rustup >/dev/null; then
        rustup toolchain link "$WASM_TOOLCHAIN_NAME" "$sysroot" >&2
        linked_compiler_makes_wasm ||
            die "Debian's compiler still cannot link for $WASM_TARGET; PARLANCE_VERBOSE=yes scripts/setup shows why"
    else
        native_compiler_makes_wasm ||
            die "Debian's compiler still cannot link for $WASM_TARGET; PARLANCE_VERBOSE=yes scripts/setup shows why"
    fi
    # What was built against the core library of before does not link with this one.
    find "$CARGO_TARGET_DIR" -maxdepth 3 -type d -name wbuild -exec rm -rf {} + 2>/dev/null || true
    say "wasm: built $WASM_TARGET from Debian's Rust sources ($(/usr/bin/rustc --version | awk '{ print $2 }'))"
}
