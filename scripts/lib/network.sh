# shellcheck shell=bash
# Nodes as processes: names, ports, keys, start, end, and what they answer. Sourced by scripts/testnet,
# which sets BASE, VALIDATORS, FULL, RELAYS, TOTAL, PORT_OFFSET and NODE_OPTIONS.
#
# A network's folder:  network.json, chain.json, and one folder per node with
#   node-key, peer-id   its identity as a peer
#   relay-key           secret key of a relay's endpoint
#   command             its command line, NUL-separated
#   pid                 process id and start time: together they name one process, an id alone may be reused
#   log, data/

DEVELOPMENT_NAMES=(Alice Bob Charlie Dave Eve Ferdie)
# shellcheck disable=SC2034 # taken by scripts/testnet
PORT_LOCK=${TMPDIR:-/tmp}/parlance-testnet-$(id -u).lock

# Loads the network in BASE; RUNNING becomes the numbers of the nodes that run.
read_network() {
    local index
    [[ -e $BASE/network.json ]] || die "no network in $BASE; 'scripts/testnet up' makes one"
    VALIDATORS=$(jq .validators "$BASE/network.json")
    FULL=$(jq .full "$BASE/network.json")
    RELAYS=$(jq '.relays // 0' "$BASE/network.json")
    TOTAL=$((VALIDATORS + FULL + RELAYS))
    PORT_OFFSET=$(jq .portOffset "$BASE/network.json")
    RUNNING=()
    for ((index = 1; index <= TOTAL; index++)); do
        if node_pid "$index" >/dev/null; then
            RUNNING+=("$index")
        fi
    done
}

# The secret URI of a validator: of the well-known development accounts, then by number.
node_seed() {
    local name=${DEVELOPMENT_NAMES[$1 - 1]:-Validator$1}
    printf '//%s' "$name"
}

# The secret URI of a relay's account.
relay_seed() { printf '//Relay//%d' $(($1 - VALIDATORS - FULL)); }

is_relay() { (($1 > VALIDATORS + FULL)); }

node_name() {
    local seed
    if is_relay "$1"; then
        printf 'relay%d' $(($1 - VALIDATORS - FULL))
    elif (($1 > VALIDATORS)); then
        printf 'full%d' $(($1 - VALIDATORS))
    else
        seed=$(node_seed "$1")
        printf '%s' "${seed#//}" | tr '[:upper:]' '[:lower:]'
    fi
}

# The number of a node given by number or name.
node_index() {
    local index
    for ((index = 1; index <= TOTAL; index++)); do
        if [[ $1 == "$index" || ${1,,} == "$(node_name "$index")" ]]; then
            printf '%d' "$index"
            return
        fi
    done
    die "no node '$1' in this network of $TOTAL; see scripts/testnet status"
}

node_folder() { printf '%s/%s' "$BASE" "$(node_name "$1")"; }
peer_port() { printf '%d' $((30332 + PORT_OFFSET + $1)); }
rpc_port() { printf '%d' $((9943 + PORT_OFFSET + $1)); }
relay_port() { printf '%d' $((30532 + PORT_OFFSET + $1)); }
prometheus_port() { printf '%d' $((9614 + PORT_OFFSET + $1)); }
rpc_url() { printf 'ws://127.0.0.1:%d' "$(rpc_port "$1")"; }

# Whether no port of the network is in use under the offset; BUSY_PORT names the first that is.
ports_are_free() {
    local PORT_OFFSET=$1 index
    for ((index = 1; index <= TOTAL; index++)); do
        for BUSY_PORT in $(peer_port "$index") $(rpc_port "$index") $(prometheus_port "$index"); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$BUSY_PORT") 2>/dev/null; then
                return 1
            fi
        done
    done
}

choose_ports() {
    local offset
    if [[ -n $PORT_OFFSET ]]; then
        ports_are_free "$PORT_OFFSET" || die "port $BUSY_PORT is taken; choose another --port-offset"
        return
    fi
    for ((offset = 0; offset <= 4000; offset += 200)); do
        if ports_are_free "$offset"; then
            PORT_OFFSET=$offset
            return
        fi
    done
    die "no free range of ports found; give one with --port-offset"
}

# Makes a node's folder, its identity as a peer and, for a validator, its session keys.
make_node() {
    local index=$1 folder type scheme
    folder=$(node_folder "$index")
    mkdir -p "$folder/data"
    # Derived, so that a network made again has the same peers; worthless outside a test network.
    printf 'parlance test network, node %d' "$index" | sha256sum | cut -c 1-64 | tr -d '\n' >"$folder/node-key"
    "$PARLANCE_BIN" key inspect-node-key --file "$folder/node-key" >"$folder/peer-id" ||
        die "the node cannot read $folder/node-key"
    if is_relay "$index"; then
        printf 'parlance test network, relay %d' "$index" | sha256sum | cut -c 1-64 | tr -d '\n' >"$folder/relay-key"
        chmod 600 "$folder/relay-key"
        insert_key "$index" rlay sr25519 "$(relay_seed "$index")"
    elif ((index <= VALIDATORS)); then
        for type in aura gran audi; do
            scheme=sr25519
            [[ $type == gran ]] && scheme=ed25519
            insert_key "$index" "$type" "$scheme" "$(node_seed "$index")"
        done
    fi
}

insert_key() {
    local index=$1 type=$2 scheme=$3 suri=$4 folder
    folder=$(node_folder "$index")
    "$PARLANCE_BIN" key insert --base-path "$folder/data" --chain "$BASE/chain.json" --key-type "$type" \
        --scheme "$scheme" --suri "$suri" >>"$folder/log" 2>&1 ||
        die "inserting the $type key of $(node_name "$index") failed: $(tail -n 1 "$folder/log")"
}

# A node's command line, once all have an identity.
write_command() {
    local index=$1 folder address other command
    folder=$(node_folder "$index")
    address=/ip4/127.0.0.1/tcp/$(peer_port "$index")
    command=("$PARLANCE_BIN" --base-path "$folder/data" --chain "$BASE/chain.json" --name "$(node_name "$index")"
        --listen-addr "$address" --public-addr "$address" --node-key-file "$folder/node-key" --no-mdns
        --rpc-port "$(rpc_port "$index")" --rpc-methods unsafe --prometheus-port "$(prometheus_port "$index")"
        --no-telemetry --compiled-runtimes "$PARLANCE_COMPILED_RUNTIMES"
        # So that a client may begin to trust at the first block however long the network has been there.
        --state-pruning archive-canonical)
    ((index > VALIDATORS)) || command+=(--validator)
    ! is_relay "$index" || command+=(--relay --relay-account "$(relay_address "$index")"
        --relay-key "$folder/relay-key" --relay-listen "127.0.0.1:$(relay_port "$index")")
    # Several, so that a node finds the network whichever others are down.
    for ((other = 1; other <= TOTAL && other <= 6; other++)); do
        ((other == index)) ||
            command+=(--bootnodes "/ip4/127.0.0.1/tcp/$(peer_port "$other")/p2p/$(<"$(node_folder "$other")/peer-id")")
    done
    printf '%s\0' "${command[@]}" "${NODE_OPTIONS[@]}" >"$folder/command"
}

relay_address() {
    "$PARLANCE_BIN" key inspect "$(relay_seed "$1")" --output-type json | jq -r .ss58Address
}

# When a process started, in clock ticks since boot; fails when there is none or only its remains.
process_start() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name in parentheses may hold anything; fields are counted after it: state is 1, start is 20.
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] || return 1
    printf '%s' "${stat[19]}"
}

# The process id of a node that runs; fails when it does not, also when its id is now another program's.
node_pid() {
    local pid start file
    file=$(node_folder "$1")/pid
    [[ -e $file ]] || return 1
    read -r pid start <"$file" || return 1
    [[ -n $start && $(process_start "$pid") == "$start" ]] || return 1
    printf '%d' "$pid"
}

# In a session of its own: a Ctrl-C at the terminal reaches the script and not the nodes.
start_node() {
    local folder pid command
    folder=$(node_folder "$1")
    mapfile -d '' -t command <"$folder/command"
    setsid "${command[@]}" >>"$folder/log" 2>&1 </dev/null 9>&- &
    pid=$!
    printf '%d %s\n' "$pid" "$(process_start "$pid")" >"$folder/pid"
}

# Ends a node that runs and waits until it is gone; after 20 seconds without an answer, by force.
end_node() {
    local index=$1 signal=$2 pid waited=0
    while pid=$(node_pid "$index"); do
        if ((waited == 0)); then
            kill "-$signal" "$pid" 2>/dev/null || true
        elif ((waited == 200)); then
            say "$(node_name "$index") does not end; killing it"
            kill -KILL "$pid" 2>/dev/null || true
        fi
        waited=$((waited + 1))
        sleep 0.1
    done
    rm -f "$(node_folder "$index")/pid"
}

# Calls a node: rpc INDEX BODY prints the answer.
rpc() {
    curl -fsS --max-time 3 -H 'Content-Type: application/json' -d "$2" "http://127.0.0.1:$(rpc_port "$1")" 2>/dev/null
}

# One JSON object: what a node is and what it answers.
node_status() {
    local index=$1 pid state=stopped answer='[]' hash header=null
    if pid=$(node_pid "$index"); then
        state=starting
        if answer=$(rpc "$index" '[{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]},
            {"jsonrpc":"2.0","id":2,"method":"chain_getHeader","params":[]},
            {"jsonrpc":"2.0","id":3,"method":"chain_getFinalizedHead","params":[]}]'); then
            state=running
            hash=$(jq -r '.[] | select(.id == 3).result' <<<"$answer")
            header=$(rpc "$index" \
                "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"chain_getHeader\",\"params\":[\"$hash\"]}") || header=null
        fi
    fi
    jq -cn --argjson node "$index" --arg name "$(node_name "$index")" --argjson pid "${pid:-null}" \
        --arg state "$state" --arg rpc "$(rpc_url "$index")" --argjson answer "${answer:-[]}" \
        --arg prometheus "http://127.0.0.1:$(prometheus_port "$index")/metrics" \
        --arg folder "$(node_folder "$index")" --argjson final "${header:-null}" '
        def number: if . == null then null else
            ltrimstr("0x") | explode | reduce .[] as $digit (0; . * 16 + $digit - (if $digit > 96 then 87 else 48 end)) end;
        def result($id): first($answer[] | select(.id == $id).result) // null;
        {$node, $name, $pid, $state, $rpc, best: (result(2).number | number),
         finalized: ($final.result.number | number), peers: result(1).peers,
         $prometheus, log: ($folder + "/log"), basePath: ($folder + "/data")}'
}

# Ends the script with the end of a node's log.
die_with_log() {
    local index=$1
    shift
    say "--- the last lines of $(node_name "$index"):"
    tail -n 15 "$(node_folder "$index")/log" >&2
    die "$*; the whole log: $(node_folder "$index")/log; 'scripts/testnet down' ends what runs"
}

wait_for_rpc() {
    local index=$1 limit=$((SECONDS + $2))
    until rpc "$index" '{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]}' >/dev/null; do
        node_pid "$index" >/dev/null || die_with_log "$index" "$(node_name "$index") ended while it started"
        ((SECONDS < limit)) || die_with_log "$index" "$(node_name "$index") does not answer after $2 s"
        sleep 0.2
    done
}

# Waits until a block is final that was not when the network came up.
wait_for_finality() {
    local limit=$((SECONDS + $1)) first='' best finalized index row
    say "waiting for blocks to become final"
    while :; do
        for ((index = 1; index <= TOTAL; index++)); do
            node_pid "$index" >/dev/null || die_with_log "$index" "$(node_name "$index") ended"
        done
        row=$(node_status 1)
        best=$(jq '.best // 0' <<<"$row")
        finalized=$(jq '.finalized // 0' <<<"$row")
        first=${first:-$finalized}
        if ((finalized > first)); then
            say "finalising: block $finalized final, best $best"
            return
        fi
        ((SECONDS < limit)) ||
            die_with_log 1 "no block became final in $1 s (best $best, final $finalized); the nodes still run"
        [[ ! -t 2 ]] || printf '\r  best %s, final %s ' "$best" "$finalized" >&2
        sleep 1
    done
}
