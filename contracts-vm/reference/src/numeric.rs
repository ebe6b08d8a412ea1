//! Arithmetic, as the specification has it: a value is 64 bits, of which a 32-bit one uses the lower half.

use crate::machine::Stop;
use wasmparser::Operator;

const ZERO: Stop = Stop::Trap("division by zero");
const OVERFLOW: Stop = Stop::Trap("integer overflow");

/// The outcome of an instruction with one operand. `None` if it is not one of them.
pub(crate) fn unary(operator: &Operator<'_>, a: u64) -> Option<u64> {
    let x = a as u32;
    let w = |value: u32| Some(u64::from(value));
    match operator {
        Operator::I32Eqz => w(u32::from(x == 0)),
        Operator::I64Eqz => w(u32::from(a == 0)),
        Operator::I32Clz => w(x.leading_zeros()),
        Operator::I32Ctz => w(x.trailing_zeros()),
        Operator::I32Popcnt => w(x.count_ones()),
        Operator::I64Clz => w(a.leading_zeros()),
        Operator::I64Ctz => w(a.trailing_zeros()),
        Operator::I64Popcnt => w(a.count_ones()),
        Operator::I32WrapI64 => w(x),
        Operator::I64ExtendI32U => w(x),
        Operator::I64ExtendI32S | Operator::I64Extend32S => Some(i64::from(x as i32) as u64),
        Operator::I32Extend8S => w(i32::from(x as i8) as u32),
        Operator::I32Extend16S => w(i32::from(x as i16) as u32),
        Operator::I64Extend8S => Some(i64::from(a as i8) as u64),
        Operator::I64Extend16S => Some(i64::from(a as i16) as u64),
        _ => None,
    }
}

/// The outcome of an instruction with two operands. `None` if it is not one of them.
pub(crate) fn binary(operator: &Operator<'_>, a: u64, b: u64) -> Option<Result<u64, Stop>> {
    narrow(operator, a as u32, b as u32).or_else(|| wide(operator, a, b))
}

fn narrow(operator: &Operator<'_>, a: u32, b: u32) -> Option<Result<u64, Stop>> {
    let (x, y) = (a as i32, b as i32);
    Some(Ok(u64::from(match operator {
        Operator::I32Eq => u32::from(a == b),
        Operator::I32Ne => u32::from(a != b),
        Operator::I32LtS => u32::from(x < y),
        Operator::I32LtU => u32::from(a < b),
        Operator::I32GtS => u32::from(x > y),
        Operator::I32GtU => u32::from(a > b),
        Operator::I32LeS => u32::from(x <= y),
        Operator::I32LeU => u32::from(a <= b),
        Operator::I32GeS => u32::from(x >= y),
        Operator::I32GeU => u32::from(a >= b),
        Operator::I32Add => a.wrapping_add(b),
        Operator::I32Sub => a.wrapping_sub(b),
        Operator::I32Mul => a.wrapping_mul(b),
        Operator::I32And => a & b,
        Operator::I32Or => a | b,
        Operator::I32Xor => a ^ b,
        Operator::I32Shl => a.wrapping_shl(b),
        Operator::I32ShrS => x.wrapping_shr(b) as u32,
        Operator::I32ShrU => a.wrapping_shr(b),
        Operator::I32Rotl => a.rotate_left(b & 31),
        Operator::I32Rotr => a.rotate_right(b & 31),
        Operator::I32DivS | Operator::I32DivU | Operator::I32RemS | Operator::I32RemU if b == 0 => {
            return Some(Err(ZERO));
        }
        Operator::I32DivS => match x.checked_div(y) {
            Some(quotient) => quotient as u32,
            None => return Some(Err(OVERFLOW)),
        },
        Operator::I32DivU => a / b,
        Operator::I32RemS => x.wrapping_rem(y) as u32,
        Operator::I32RemU => a % b,
        _ => return None,
    })))
}

fn wide(operator: &Operator<'_>, a: u64, b: u64) -> Option<Result<u64, Stop>> {
    let (x, y) = (a as i64, b as i64);
    let shift = (b & 63) as u32;
    Some(Ok(match operator {
        Operator::I64Eq => u64::from(a == b),
        Operator::I64Ne => u64::from(a != b),
        Operator::I64LtS => u64::from(x < y),
        Operator::I64LtU => u64::from(a < b),
        Operator::I64GtS => u64::from(x > y),
        Operator::I64GtU => u64::from(a > b),
        Operator::I64LeS => u64::from(x <= y),
        Operator::I64LeU => u64::from(a <= b),
        Operator::I64GeS => u64::from(x >= y),
        Operator::I64GeU => u64::from(a >= b),
        Operator::I64Add => a.wrapping_add(b),
        Operator::I64Sub => a.wrapping_sub(b),
        Operator::I64Mul => a.wrapping_mul(b),
        Operator::I64And => a & b,
        Operator::I64Or => a | b,
        Operator::I64Xor => a ^ b,
        Operator::I64Shl => a << shift,
        Operator::I64ShrS => (x >> shift) as u64,
        Operator::I64ShrU => a >> shift,
        Operator::I64Rotl => a.rotate_left(shift),
        Operator::I64Rotr => a.rotate_right(shift),
        Operator::I64DivS | Operator::I64DivU | Operator::I64RemS | Operator::I64RemU if b == 0 => {
            return Some(Err(ZERO));
        }
        Operator::I64DivS => match x.checked_div(y) {
            Some(quotient) => quotient as u64,
            None => return Some(Err(OVERFLOW)),
        },
        Operator::I64DivU => a / b,
        Operator::I64RemS => x.wrapping_rem(y) as u64,
        Operator::I64RemU => a % b,
        _ => return None,
    }))
}
