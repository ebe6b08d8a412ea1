;; A transfer of a fungible token, with the system calls and about the computing of ink!'s ERC-20: read the input, see
;; that no value came along, look up the caller, load the root, load both balances, move the amount, store both and the
;; root, hash two topics, deposit the event, return. Thirteen system calls.
(module
    (import "seal0" "input" (func $input (param i32 i32)))
    (import "seal0" "value_transferred" (func $value (param i32 i32)))
    (import "seal0" "caller" (func $caller (param i32 i32)))
    (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
    (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "seal0" "hash_blake2_256" (func $hash (param i32 i32 i32)))
    (import "seal0" "deposit_event" (func $event (param i32 i32 i32 i32)))
    (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
    (import "env" "memory" (memory 2 16))
    ;; 0: input (selector, to, amount). 100: its length. 128: value. 160: caller. 200: root key and root at 208.
    ;; 300: key of the sender, 336: balance. 400: key of the receiver, 436: balance. 600: event.
    (data (i32.const 200) "\00\00\00\00")
    (data (i32.const 300) "\01\00\00\00")
    (data (i32.const 400) "\01\00\00\00")

    (func $copy (param $to i32) (param $from i32) (param $len i32)
        (loop $next
            (i64.store (local.get $to) (i64.load (local.get $from)))
            (local.set $to (i32.add (local.get $to) (i32.const 8)))
            (local.set $from (i32.add (local.get $from) (i32.const 8)))
            (local.set $len (i32.sub (local.get $len) (i32.const 8)))
            (br_if $next (local.get $len))))

    (func $load (param $key i32) (param $key_len i32) (param $out i32) (param $len i32)
        (i32.store (i32.const 100) (local.get $len))
        (if (call $get (local.get $key) (local.get $key_len) (local.get $out) (i32.const 100))
            (then
                (i64.store (local.get $out) (i64.const 0))
                (i64.store offset=8 (local.get $out) (i64.const 0)))))

    ;; Subtracts 128 bits; traps if they do not reach.
    (func $sub (param $a i32) (param $b i32) (local $low i64) (local $borrow i64) (local $high i64)
        (local.set $low (i64.sub (i64.load (local.get $a)) (i64.load (local.get $b))))
        (local.set $borrow
            (i64.extend_i32_u (i64.lt_u (i64.load (local.get $a)) (i64.load (local.get $b)))))
        (local.set $high (i64.add (i64.load offset=8 (local.get $b)) (local.get $borrow)))
        (if (i64.lt_u (i64.load offset=8 (local.get $a)) (local.get $high)) (then (unreachable)))
        (i64.store (local.get $a) (local.get $low))
        (i64.store offset=8 (local.get $a)
            (i64.sub (i64.load offset=8 (local.get $a)) (local.get $high))))

    ;; Adds 128 bits; traps if they do not fit.
    (func $add (param $a i32) (param $b i32) (local $low i64) (local $carry i64) (local $high i64)
        (local.set $low (i64.add (i64.load (local.get $a)) (i64.load (local.get $b))))
        (local.set $carry (i64.extend_i32_u (i64.lt_u (local.get $low) (i64.load (local.get $b)))))
        (local.set $high
            (i64.add (i64.add (i64.load offset=8 (local.get $a)) (i64.load offset=8 (local.get $b)))
                (local.get $carry)))
        (if (i64.lt_u (local.get $high) (i64.load offset=8 (local.get $a))) (then (unreachable)))
        (i64.store (local.get $a) (local.get $low))
        (i64.store offset=8 (local.get $a) (local.get $high)))

    (func (export "deploy"))
    (func (export "call")
        (i32.store (i32.const 100) (i32.const 100))
        (call $input (i32.const 0) (i32.const 100))
        (if (i32.ne (i32.load (i32.const 0)) (i32.const 0xdba3a184)) (then (unreachable)))
        (if (i32.ne (i32.load (i32.const 100)) (i32.const 52)) (then (unreachable)))
        (i32.store (i32.const 100) (i32.const 16))
        (call $value (i32.const 128) (i32.const 100))
        (if (i64.ne (i64.or (i64.load (i32.const 128)) (i64.load (i32.const 136))) (i64.const 0))
            (then (unreachable)))
        (i32.store (i32.const 100) (i32.const 32))
        (call $caller (i32.const 160) (i32.const 100))
        (call $load (i32.const 200) (i32.const 4) (i32.const 208) (i32.const 64))
        (call $copy (i32.const 304) (i32.const 160) (i32.const 32))
        (call $copy (i32.const 404) (i32.const 4) (i32.const 32))
        (call $load (i32.const 300) (i32.const 36) (i32.const 336) (i32.const 16))
        (call $load (i32.const 400) (i32.const 36) (i32.const 436) (i32.const 16))
        (call $sub (i32.const 336) (i32.const 36))
        (call $add (i32.const 436) (i32.const 36))
        (drop (call $set (i32.const 300) (i32.const 36) (i32.const 336) (i32.const 16)))
        (drop (call $set (i32.const 400) (i32.const 36) (i32.const 436) (i32.const 16)))
        (drop (call $set (i32.const 200) (i32.const 4) (i32.const 208) (i32.const 16)))
        (i32.store8 (i32.const 600) (i32.const 8))
        (call $hash (i32.const 300) (i32.const 36) (i32.const 601))
        (call $hash (i32.const 400) (i32.const 36) (i32.const 633))
        (call $copy (i32.const 700) (i32.const 160) (i32.const 32))
        (call $copy (i32.const 732) (i32.const 4) (i32.const 48))
        (call $event (i32.const 600) (i32.const 65) (i32.const 700) (i32.const 80))
        (i32.store8 (i32.const 800) (i32.const 0))
        (call $return (i32.const 0) (i32.const 800) (i32.const 1))))
