# shellcheck shell=bash
# What every script of the project agrees on: folders, the build command, timed stages. To be sourced,
# never run. Whoever wants to call cargo by hand runs `. scripts/env.sh` first and shares the artefacts.
#
# Honoured from outside: CARGO_TARGET_DIR, CXX, WASM_BUILD_TOOLCHAIN, PARLANCE_BIN, PARLANCE_COMPILED_RUNTIMES, XDG_CACHE_HOME, XDG_DATA_HOME.

PARLANCE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME
fi
PARLANCE_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/parlance
# shellcheck disable=SC2034 # read by the scripts that source this file
PARLANCE_DATA=${XDG_DATA_HOME:-$HOME/.local/share}/parlance

# Outside the checkout, so that a fresh clone reuses what the machine has built.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PARLANCE_CACHE/target}
# The Wasm builder looks for Cargo.lock upwards from the target directory; from outside it needs the hint.
export WASM_BUILD_WORKSPACE_HINT=$PARLANCE_ROOT
# The node that scripts start.
export PARLANCE_BIN=${PARLANCE_BIN:-$CARGO_TARGET_DIR/release/parlance}
# Where nodes of test networks share compiled runtimes; each would take seconds of a core for its own.
export PARLANCE_COMPILED_RUNTIMES=${PARLANCE_COMPILED_RUNTIMES:-$PARLANCE_CACHE/compiled-runtimes}
# The Python that has the client libraries of scripts/requirements.txt.
PARLANCE_VENV=$PARLANCE_CACHE/python
export PARLANCE_PYTHON=$PARLANCE_VENV/bin/python

# The C++ compiler of build scripts, outside the checkout too: cargo would compile RocksDB anew for another path.
if [[ -z ${CXX:-} ]] && command -v clang++ >/dev/null; then
    cmp -s "$PARLANCE_ROOT/scripts/lib/cxx" "$PARLANCE_CACHE/cxx" ||
        install -D --mode 755 "$PARLANCE_ROOT/scripts/lib/cxx" "$PARLANCE_CACHE/cxx"
    export CXX=$PARLANCE_CACHE/cxx
fi

# What is built and tested, always in these words: another selection would unify features differently and
# compile hundreds of dependencies a second time.
# shellcheck disable=SC2034 # read by the scripts that source this file
CARGO_SELECTION=(--release --locked)

# Where rustup and scripts/setup put programs, also for a shell that has not read its profile since.
CARGO_PROGRAMS=${CARGO_HOME:-$HOME/.cargo}/bin
[[ :$PATH: == *:$CARGO_PROGRAMS:* ]] || PATH=$CARGO_PROGRAMS:$PATH

# Name of the rustup toolchain that scripts/setup links where only Debian's compiler can make Wasm.
WASM_TOOLCHAIN_NAME=parlance-wasm
if [[ -z ${WASM_BUILD_TOOLCHAIN:-} ]] && command -v rustup >/dev/null &&
    [[ -d ${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$WASM_TOOLCHAIN_NAME/lib/rustlib/wasm32v1-none/lib ]] &&
    ! [[ -d $(cd "$PARLANCE_ROOT" && rustc --print target-libdir --target wasm32v1-none 2>/dev/null) ]]; then
    export WASM_BUILD_TOOLCHAIN=$WASM_TOOLCHAIN_NAME
fi

# Says something to the person at the terminal; standard output stays free for results.
say() { printf '%s\n' "$*" >&2; }

# Ends the script with a message: what is wrong and what helps.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Prints the comment at the head of the calling script, which is its --help.
print_help() {
    awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
}

# Seconds as 7 s, 3 min 07 s or 1 h 02 min.
duration() {
    local seconds=$1
    if ((seconds < 60)); then
        printf '%d s' "$seconds"
    elif ((seconds < 3600)); then
        printf '%d min %02d s' $((seconds / 60)) $((seconds % 60))
    else
        printf '%d h %02d min' $((seconds / 3600)) $((seconds % 3600 / 60))
    fi
}

# Exit code of a stage that had nothing to do on this machine; it says why on its last line.
# shellcheck disable=SC2034
STAGE_SKIPPED=77
# Sourced a second time, after the set-up changed the machine, this file keeps the results so far.
if [[ -z ${STAGES_PASSED:-} ]]; then
    STAGES=()
    STAGES_PASSED=0
    STAGES_FAILED=0
    STAGES_SAID=
fi

# stage NAME COMMAND...: runs the command, prints how long it took, remembers the result for
# stage_summary and in STAGE_RESULT (passed, failed or skipped). Returns 0 whatever happened, so that the
# stages after it run too; a command given as a function still stops at its first failing line. Where nobody watches, its
# output is one stream and the end of it is kept, for the summary to show if it fails.
stage() {
    local name=$1 started=$SECONDS code took errexit=+e said
    shift
    printf '\n==> %s\n' "$name" >&2
    [[ $- == *e* ]] && errexit=-e
    set +e
    if [[ -t 2 ]]; then
        (
            set -e
            "$@"
        )
        code=$?
    else
        said=$(mktemp)
        (
            set -e
            "$@"
        ) 2>&1 | tee "$said"
        code=${PIPESTATUS[0]}
    fi
    set "$errexit"
    took=$(duration $((SECONDS - started)))
    case $code in
        0)
            STAGE_RESULT=passed
            STAGES_PASSED=$((STAGES_PASSED + 1))
            ;;
        "$STAGE_SKIPPED") STAGE_RESULT=skipped ;;
        *)
            STAGE_RESULT=failed
            STAGES_FAILED=$((STAGES_FAILED + 1))
            ;;
    esac
    STAGES+=("$(printf '%-14s %-8s %s' "$name" "$STAGE_RESULT" "$took")")
    printf '==> %s: %s after %s\n' "$name" "$STAGE_RESULT" "$took" >&2
    [[ -n ${said:-} ]] || return 0
    [[ $STAGE_RESULT != failed ]] ||
        STAGES_SAID+=$(printf '\n==> %s failed, having said at the end:\n' "$name" && tail -n 60 "$said" && printf .)
    STAGES_SAID=${STAGES_SAID%.}
    rm -f "$said"
}

# A stage that cannot run because another failed: counted as failed, never as silently absent.
stage_blocked() {
    local name=$1 by=$2
    STAGES_FAILED=$((STAGES_FAILED + 1))
    STAGES+=("$(printf '%-14s %-8s %s' "$name" failed "not run: $by failed")")
}

# stages_beside COMMAND...: runs a command that runs stages, in the background and with the lowest priority, so that
# what measures time goes on as if alone. Its output and results come with stages_join.
# shellcheck disable=SC2030 # results come by a file
stages_beside() {
    BESIDE=$(mktemp -d)
    # A process group of its own, so that all of it can be ended.
    set -m
    (
        set +m
        renice -n 19 "$BASHPID" >/dev/null
        STAGES=()
        STAGES_PASSED=0
        STAGES_FAILED=0
        STAGES_SAID=
        "$@"
        printf %s "$STAGES_SAID" >"$BESIDE/said"
        printf '%s\n' "$STAGES_PASSED $STAGES_FAILED" ${STAGES[@]+"${STAGES[@]}"} >"$BESIDE/results"
    ) >"$BESIDE/output" 2>&1 &
    BESIDE_PID=$!
    set +m
    trap stages_end EXIT
}

# Waits for what stages_beside started, prints what it said and takes its results over.
# shellcheck disable=SC2031
stages_join() {
    [[ -n ${BESIDE_PID:-} ]] || return 0
    wait "$BESIDE_PID" || true
    BESIDE_PID=
    cat "$BESIDE/output" >&2
    if [[ -e $BESIDE/results ]]; then
        local passed failed row
        {
            read -r passed failed
            while IFS= read -r row; do
                STAGES+=("$row")
            done
        } <"$BESIDE/results"
        STAGES_PASSED=$((STAGES_PASSED + passed))
        STAGES_FAILED=$((STAGES_FAILED + failed))
        STAGES_SAID+=$(cat "$BESIDE/said" && printf .)
        STAGES_SAID=${STAGES_SAID%.}
    else
        STAGES_FAILED=$((STAGES_FAILED + 1))
        STAGES+=("$(printf '%-14s %-8s %s' beside failed 'ended before its end')")
    fi
    stages_end
}

# Ends what still runs beside.
stages_end() {
    [[ -z ${BESIDE_PID:-} ]] || kill -- -"$BESIDE_PID" 2>/dev/null || true
    BESIDE_PID=
    [[ -z ${BESIDE:-} ]] || rm -rf "$BESIDE"
    BESIDE=
}

# Prints what failed stages said last, the table of stages and, as the last line, the counts.
stage_summary() {
    printf %s "$STAGES_SAID"
    printf '\n%-14s %-8s %s\n' stage result time
    printf '%s\n' "${STAGES[@]}"
    printf 'all stages took %s\n' "$(duration "$SECONDS")"
    printf '%d passed, %d failed\n' "$STAGES_PASSED" "$STAGES_FAILED"
}
