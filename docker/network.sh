# shellcheck shell=bash
# What docker/up and docker/down share: the daemon, the base image, Compose in whichever version is there.
# Sourced by them after scripts/env.sh.

DOCKER_DIR=$PARLANCE_ROOT/docker
BASE_IMAGE=debian:bookworm-slim
export PARLANCE_IMAGE=${PARLANCE_IMAGE:-parlance:local}
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-parlance}
# shellcheck disable=SC2034 # taken by docker/up
VALIDATORS=(validator-1 validator-2 validator-3 validator-4)
# Where a daemon that docker/up started has its log and its process id.
DAEMON_DIR=$PARLANCE_DATA/docker

# Compose as a plug-in of docker (v2) or as a program of its own (v1).
compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose --file "$DOCKER_DIR/compose.yaml" "$@"
    else
        docker-compose --file "$DOCKER_DIR/compose.yaml" "$@"
    fi
}

need_programs() {
    command -v docker >/dev/null || die "docker is missing; on Debian: apt-get install docker.io docker-compose"
    docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null ||
        die "Compose is missing; on Debian: apt-get install docker-compose"
}

# Starts a daemon where none runs and this user may; docker/down --daemon ends it again.
need_daemon() {
    local log=$DAEMON_DIR/dockerd.log waited
    if docker info >/dev/null 2>&1; then
        return
    fi
    ((UID == 0)) && command -v dockerd >/dev/null ||
        die "no Docker daemon answers; start it (systemctl start docker) or run this as root"
    say 'starting a Docker daemon'
    mkdir -p "$DAEMON_DIR"
    # Limits that the shell's user may set inside a container too; the daemon's own are higher.
    setsid dockerd --default-ulimit nofile=1024:1024 --default-ulimit nproc=4096:4096 >"$log" 2>&1 </dev/null &
    printf '%d' $! >"$DAEMON_DIR/pid"
    for ((waited = 0; waited < 60; waited++)); do
        docker info >/dev/null 2>&1 && return
        sleep 1
    done
    die "the Docker daemon does not start: $(tail -n 3 "$log")"
}

end_daemon() {
    local pid
    [[ -e $DAEMON_DIR/pid ]] || die "docker/up started no daemon here"
    pid=$(<"$DAEMON_DIR/pid")
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) == dockerd ]] && kill "$pid"
    rm "$DAEMON_DIR/pid"
}

# The base image from here, from a registry, or made with debootstrap from the mirror that apt uses.
need_base_image() {
    local root mirror
    docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
    say "fetching $BASE_IMAGE"
    timeout 120 docker pull --quiet "$BASE_IMAGE" >/dev/null 2>&1 && return
    say 'no registry answers: making the base image with debootstrap'
    ((UID == 0)) || die "making $BASE_IMAGE needs root"
    command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
    root=$(mktemp -d)
    debootstrap --variant=minbase bookworm "$root/system" "${mirror:-http://deb.debian.org/debian}" >"$root/log" ||
        die "debootstrap failed: $(tail -n 3 "$root/log")"
    tar -C "$root/system" --exclude='./var/cache/apt/archives/*.deb' -c . | docker import - "$BASE_IMAGE" >/dev/null
    rm -rf "$root"
}

# The image of the node and the user's client, from the binaries that this tree built. Only what the Dockerfile takes is sent.
build_image() {
    local context certificates=/etc/ssl/certs/ca-certificates.crt bimp=${BIMP_BIN:-${PARLANCE_BIN%/*}/bimp}
    [[ -e $certificates ]] || die "$certificates is missing: apt-get install ca-certificates"
    [[ -x $PARLANCE_BIN ]] || die "$PARLANCE_BIN is not there: build it with scripts/run --once or scripts/test"
    [[ -x $bimp ]] || die "$bimp is not there: build it with scripts/run --once or scripts/test"
    context=$(mktemp -d)
    cp "$DOCKER_DIR/Dockerfile" "$DOCKER_DIR/entrypoint" "$DOCKER_DIR/parlance-rpc" "$DOCKER_DIR/register-relay" \
        "$certificates" "$context/"
    cp "$PARLANCE_BIN" "$context/parlance"
    cp "$bimp" "$context/bimp"
    mkdir "$context/libraries"
    { libraries_to_bring "$PARLANCE_BIN" && libraries_to_bring "$bimp"; } | sort -u | xargs --no-run-if-empty cp --dereference --target-directory "$context/libraries"
    say "building $PARLANCE_IMAGE"
    docker build --tag "$PARLANCE_IMAGE" "$context" >"$context/log" 2>&1 ||
        die "building the image failed: $(tail -n 5 "$context/log")"
    rm -rf "$context"
}

# The libraries that a binary is linked with and Debian's smallest system has not, by path: OpenSSL's. The machine that
# built the binary has them in the version that it was linked with.
libraries_to_bring() {
    local of_base='^(linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|z)\.so)'
    # A library that is missing even here is named as such by ldd.
    ! ldd "$1" | grep 'not found' >&2 || die "$1 lacks libraries on this machine; scripts/setup installs them"
    ldd "$1" | awk -v base="$of_base" '$2 == "=>" && $1 !~ base { print $3 }'
}

# rpc SERVICE METHOD [PARAMETERS]: the node's answer, asked inside its container.
rpc() {
    local service=$1
    shift
    compose exec -T "$service" parlance-rpc "$@"
}

# The number of the highest final block that a service knows; nothing while it does not answer.
finalized() {
    local answer hash number
    answer=$(rpc "$1" chain_getFinalizedHead 2>/dev/null) || return 0
    [[ $answer =~ \"result\":\"(0x[0-9a-f]{64})\" ]] || return 0
    hash=${BASH_REMATCH[1]}
    answer=$(rpc "$1" chain_getHeader "[\"$hash\"]" 2>/dev/null) || return 0
    [[ $answer =~ \"number\":\"(0x[0-9a-f]+)\" ]] || return 0
    number=$((BASH_REMATCH[1]))
    printf '%d' "$number"
}

# wait_finalized SERVICE HEIGHT SECONDS: until the service knows a final block of that height.
wait_finalized() {
    local service=$1 height=$2 deadline=$((SECONDS + $3)) now
    while true; do
        now=$(finalized "$service")
        if [[ -n $now ]] && ((now >= height)); then
            return
        fi
        ((SECONDS < deadline)) ||
            die "$service is at final block ${now:-none}, not $height; see its log: docker-compose -f docker/compose.yaml logs $service"
        sleep 1
    done
}
