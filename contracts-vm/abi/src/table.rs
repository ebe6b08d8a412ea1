//! The table. A line is: id, constant, name, version, names it goes by, type, what it reads and what it writes.

use crate::{CallId, Entry, Input, Output, ValType};

const fn fixed(at: u8, len: u32) -> Input {
    Input::Fixed { at, len }
}

const fn optional(at: u8, len: u32) -> Input {
    Input::Optional { at, len }
}

const fn slice(at: u8, len: u8) -> Input {
    Input::Slice { at, len }
}

const fn bytes(at: u8, len: u32) -> Output {
    Output::Fixed { at, len }
}

const fn buffer(at: u8, len_at: u8) -> Output {
    Output::Buffer { at, len_at }
}

const fn skippable(at: u8, len_at: u8) -> Output {
    Output::Skippable { at, len_at }
}

/// `alias`: goes by the name with `seal_`, too; `plain`: by this name only; `old`: like `alias`, and not for new code.
macro_rules! alias {
    (plain) => {
        false
    };
    ($other:ident) => {
        true
    };
}

macro_rules! deprecated {
    (old) => {
        true
    };
    ($other:ident) => {
        false
    };
}

macro_rules! table {
    ($($id:literal $constant:ident: $name:literal $version:literal $flag:ident
        [$($param:ident),*] -> [$($result:ident),*]
        in [$($input:expr),*] out [$($output:expr),*];)*) => {
        /// The ids by name.
        pub mod id {
            use crate::CallId;
            $(
                #[doc = concat!("`seal", $version, ".", $name, "`")]
                pub const $constant: CallId = CallId($id);
            )*
        }

        /// All system calls, in the order of their ids.
        pub const ENTRIES: &[Entry] = &[$(Entry {
            id: CallId($id),
            name: $name,
            version: $version,
            alias: alias!($flag),
            deprecated: deprecated!($flag),
            params: &[$(ValType::$param),*],
            results: &[$(ValType::$result),*],
            inputs: &[$($input),*],
            outputs: &[$($output),*],
        }),*];
    };
}

table! {
    0 SET_STORAGE_V0: "set_storage" 0 alias [I32, I32, I32] -> []
        in [fixed(0, 32), slice(1, 2)] out [];
    1 SET_STORAGE_V1: "set_storage" 1 alias [I32, I32, I32] -> [I32]
        in [fixed(0, 32), slice(1, 2)] out [];
    2 SET_STORAGE_V2: "set_storage" 2 alias [I32, I32, I32, I32] -> [I32]
        in [slice(0, 1), slice(2, 3)] out [];
    3 CLEAR_STORAGE_V0: "clear_storage" 0 alias [I32] -> []
        in [fixed(0, 32)] out [];
    4 CLEAR_STORAGE_V1: "clear_storage" 1 alias [I32, I32] -> [I32]
        in [slice(0, 1)] out [];
    5 GET_STORAGE_V0: "get_storage" 0 alias [I32, I32, I32] -> [I32]
        in [fixed(0, 32)] out [buffer(1, 2)];
    6 GET_STORAGE_V1: "get_storage" 1 alias [I32, I32, I32, I32] -> [I32]
        in [slice(0, 1)] out [buffer(2, 3)];
    7 CONTAINS_STORAGE_V0: "contains_storage" 0 alias [I32] -> [I32]
        in [fixed(0, 32)] out [];
    8 CONTAINS_STORAGE_V1: "contains_storage" 1 alias [I32, I32] -> [I32]
        in [slice(0, 1)] out [];
    9 TAKE_STORAGE: "take_storage" 0 alias [I32, I32, I32, I32] -> [I32]
        in [slice(0, 1)] out [buffer(2, 3)];
    10 TRANSFER: "transfer" 0 alias [I32, I32, I32, I32] -> [I32]
        in [fixed(0, 32), fixed(2, 16)] out [];
    11 CALL_V0: "call" 0 alias [I32, I32, I64, I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(0, 32), fixed(3, 16), slice(5, 6)] out [skippable(7, 8)];
    12 CALL_V1: "call" 1 alias [I32, I32, I64, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(1, 32), fixed(3, 16), slice(4, 5)] out [skippable(6, 7)];
    13 CALL_V2: "call" 2 plain [I32, I32, I64, I64, I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(1, 32), optional(4, 16), fixed(5, 16), slice(6, 7)] out [skippable(8, 9)];
    14 DELEGATE_CALL: "delegate_call" 0 alias [I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(1, 32), slice(2, 3)] out [skippable(4, 5)];
    15 INSTANTIATE_V0: "instantiate" 0 alias [I32, I32, I64, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(0, 32), fixed(3, 16), slice(5, 6), slice(11, 12)] out [skippable(7, 8), skippable(9, 10)];
    16 INSTANTIATE_V1: "instantiate" 1 alias [I32, I64, I32, I32, I32, I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(0, 32), fixed(2, 16), slice(3, 4), slice(9, 10)] out [skippable(5, 6), skippable(7, 8)];
    17 INSTANTIATE_V2: "instantiate" 2 plain [I32, I64, I64, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32] -> [I32]
        in [fixed(0, 32), optional(3, 16), fixed(4, 16), slice(5, 6), slice(11, 12)] out [skippable(7, 8), skippable(9, 10)];
    18 TERMINATE_V0: "terminate" 0 alias [I32, I32] -> []
        in [fixed(0, 32)] out [];
    19 TERMINATE_V1: "terminate" 1 alias [I32] -> []
        in [fixed(0, 32)] out [];
    20 INPUT: "input" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    21 RETURN: "seal_return" 0 plain [I32, I32, I32] -> []
        in [slice(1, 2)] out [];
    22 CALLER: "caller" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    23 IS_CONTRACT: "is_contract" 0 alias [I32] -> [I32]
        in [fixed(0, 32)] out [];
    24 CODE_HASH: "code_hash" 0 alias [I32, I32, I32] -> [I32]
        in [fixed(0, 32)] out [buffer(1, 2)];
    25 OWN_CODE_HASH: "own_code_hash" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    26 CALLER_IS_ORIGIN: "caller_is_origin" 0 alias [] -> [I32]
        in [] out [];
    27 CALLER_IS_ROOT: "caller_is_root" 0 plain [] -> [I32]
        in [] out [];
    28 ADDRESS: "address" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    29 WEIGHT_TO_FEE: "weight_to_fee" 0 alias [I64, I32, I32] -> []
        in [] out [buffer(1, 2)];
    30 GAS_LEFT: "gas_left" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    31 BALANCE: "balance" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    32 VALUE_TRANSFERRED: "value_transferred" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    33 RANDOM_V0: "random" 0 old [I32, I32, I32, I32] -> []
        in [slice(0, 1)] out [buffer(2, 3)];
    34 RANDOM_V1: "random" 1 old [I32, I32, I32, I32] -> []
        in [slice(0, 1)] out [buffer(2, 3)];
    35 NOW: "now" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    36 MINIMUM_BALANCE: "minimum_balance" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    37 TOMBSTONE_DEPOSIT: "tombstone_deposit" 0 old [I32, I32] -> []
        in [] out [buffer(0, 1)];
    38 RESTORE_TO_V0: "restore_to" 0 old [I32, I32, I32, I32, I32, I32, I32, I32] -> []
        in [] out [];
    39 RESTORE_TO_V1: "restore_to" 1 old [I32, I32, I32, I32, I32] -> []
        in [] out [];
    40 SET_RENT_ALLOWANCE_V0: "set_rent_allowance" 0 old [I32, I32] -> []
        in [] out [];
    41 SET_RENT_ALLOWANCE_V1: "set_rent_allowance" 1 old [I32] -> []
        in [] out [];
    42 RENT_ALLOWANCE: "rent_allowance" 0 old [I32, I32] -> []
        in [] out [buffer(0, 1)];
    43 DEPOSIT_EVENT: "deposit_event" 0 alias [I32, I32, I32, I32] -> []
        in [slice(0, 1), slice(2, 3)] out [];
    44 BLOCK_NUMBER: "block_number" 0 alias [I32, I32] -> []
        in [] out [buffer(0, 1)];
    45 HASH_SHA2_256: "hash_sha2_256" 0 alias [I32, I32, I32] -> []
        in [slice(0, 1)] out [bytes(2, 32)];
    46 HASH_KECCAK_256: "hash_keccak_256" 0 alias [I32, I32, I32] -> []
        in [slice(0, 1)] out [bytes(2, 32)];
    47 HASH_BLAKE2_256: "hash_blake2_256" 0 alias [I32, I32, I32] -> []
        in [slice(0, 1)] out [bytes(2, 32)];
    48 HASH_BLAKE2_128: "hash_blake2_128" 0 alias [I32, I32, I32] -> []
        in [slice(0, 1)] out [bytes(2, 16)];
    49 CALL_CHAIN_EXTENSION: "call_chain_extension" 0 alias [I32, I32, I32, I32, I32] -> [I32]
        in [slice(1, 2)] out [buffer(3, 4)];
    50 DEBUG_MESSAGE: "debug_message" 0 alias [I32, I32] -> [I32]
        in [slice(0, 1)] out [];
    51 CALL_RUNTIME: "call_runtime" 0 plain [I32, I32] -> [I32]
        in [slice(0, 1)] out [];
    52 ECDSA_RECOVER: "ecdsa_recover" 0 alias [I32, I32, I32] -> [I32]
        in [fixed(0, 65), fixed(1, 32)] out [bytes(2, 33)];
    53 SET_CODE_HASH: "set_code_hash" 0 alias [I32] -> [I32]
        in [fixed(0, 32)] out [];
    54 ECDSA_TO_ETH_ADDRESS: "ecdsa_to_eth_address" 0 alias [I32, I32] -> [I32]
        in [fixed(0, 33)] out [bytes(1, 20)];
    55 SR25519_VERIFY: "sr25519_verify" 0 alias [I32, I32, I32, I32] -> [I32]
        in [fixed(0, 64), fixed(1, 32), slice(3, 2)] out [];
    56 INSTANTIATION_NONCE: "instantiation_nonce" 0 plain [] -> [I64]
        in [] out [];
    57 LOCK_DELEGATE_DEPENDENCY: "lock_delegate_dependency" 0 plain [I32] -> []
        in [fixed(0, 32)] out [];
    58 UNLOCK_DELEGATE_DEPENDENCY: "unlock_delegate_dependency" 0 plain [I32] -> []
        in [fixed(0, 32)] out [];
}
