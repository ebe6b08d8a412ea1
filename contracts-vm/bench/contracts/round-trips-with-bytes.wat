;; Ten thousand system calls that bring a key of 36 bytes along and take a value of 16 home.
(module
    (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 2 16))
    (func (export "deploy"))
    (func (export "call") (local i32)
        (loop
            (i32.store (i32.const 200) (i32.const 16))
            (drop (call $get (i32.const 0) (i32.const 36) (i32.const 100) (i32.const 200)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 10000))))))
