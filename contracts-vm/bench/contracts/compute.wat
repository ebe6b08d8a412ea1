;; Computing alone: a sieve over 64 KiB, then a mixing of its bytes.
(module
    (import "env" "memory" (memory 2 16))
    (func $sieve (local $i i32) (local $j i32)
        (local.set $i (i32.const 2))
        (loop $next
            (if (i32.eqz (i32.load8_u (local.get $i)))
                (then
                    (local.set $j (i32.mul (local.get $i) (local.get $i)))
                    (block $out
                        (br_if $out (i32.ge_u (local.get $j) (i32.const 65536)))
                        (loop $mark
                            (i32.store8 (local.get $j) (i32.const 1))
                            (local.set $j (i32.add (local.get $j) (local.get $i)))
                            (br_if $mark (i32.lt_u (local.get $j) (i32.const 65536)))))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 256)))))
    (func $mix (result i64) (local $at i32) (local $sum i64)
        (loop $next
            (local.set $sum
                (i64.mul
                    (i64.xor (i64.rotl (local.get $sum) (i64.const 13)) (i64.load (local.get $at)))
                    (i64.const 0x9e3779b97f4a7c15)))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 65536))))
        (local.get $sum))
    (func (export "deploy"))
    (func (export "call")
        (call $sieve)
        (i64.store (i32.const 70000) (call $mix))))
