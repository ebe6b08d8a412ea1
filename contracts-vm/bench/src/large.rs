//! A contract of 20 kB, of the kind that compilers make: functions of middle size that load, compute, compare, branch,
//! store and call each other.

/// The size that the goal names, in bytes.
const SIZE: usize = 20_000;

fn function(number: u32) -> String {
    let (a, b, c) = (
        number % 7 + 1,
        number % 13 + 2,
        number.wrapping_mul(2_654_435_761) % 1000,
    );
    let callee = if number == 0 {
        String::new()
    } else {
        format!("(drop (call $f{} (local.get 0)))", number - 1)
    };
    format!(
        "(func $f{number} (param i32) (result i32) (local i32 i64 i64)
            (block $out
                (loop $next
                    (br_if $out (i32.ge_u (local.get 1) (i32.const {b})))
                    (local.set 2 (i64.load offset={c} (i32.and (local.get 0) (i32.const 65528))))
                    (local.set 3 (i64.add (i64.mul (local.get 2) (i64.const {c})) (local.get 3)))
                    (if (i64.lt_u (local.get 3) (i64.const {a}0000))
                        (then (i64.store offset={a} (i32.and (local.get 0) (i32.const 65528)) (local.get 3)))
                        (else
                            (i32.store8 (i32.and (local.get 0) (i32.const 65528)) (local.get 1))
                            (local.set 0 (i32.rotl (local.get 0) (i32.const {a})))))
                    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    (br $next)))
            {callee}
            (i32.xor (local.get 0) (i32.wrap_i64 (local.get 3))))"
    )
}

fn module(functions: u32) -> Vec<u8> {
    let bodies: String = (0..functions).map(function).collect();
    let text = format!(
        "(module (import \"env\" \"memory\" (memory 2 16)) {bodies} (func (export \"deploy\"))
        (func (export \"call\") (drop (call $f{} (i32.const 64)))))",
        functions - 1
    );
    wat::parse_str(text).expect("the text is Wasm")
}

/// The module: as many functions as it takes.
pub fn contract() -> Vec<u8> {
    let one = module(101).len() - module(100).len();
    module((SIZE / one) as u32)
}
