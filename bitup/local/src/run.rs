//! One call of a contract, and those that it makes.

use crate::{Account, Code, Outcome, Receipt, State, calls::Session};
use parlance_vm_prepare::{Rules, operators};
use parlance_vm_reference::{Count, Machine, Module, Stop};

/// How deep functions of a contract call each other; the interpreter stands on this machine's stack.
const MOST_DEPTH: u32 = 200;

/// What is the same for all calls of one entry.
pub(crate) struct Around<'c> {
    pub(crate) codes: &'c [Code],
    pub(crate) block: u32,
    pub(crate) time: u64,
}

/// A call that begins.
pub(crate) struct Entering<'c> {
    pub(crate) export: &'c str,
    pub(crate) code: Option<usize>,
    pub(crate) address: Account,
    pub(crate) caller: Account,
    pub(crate) value: u128,
    pub(crate) input: &'c [u8],
    pub(crate) read_only: bool,
    /// The contracts that called each other, the first one first.
    pub(crate) active: Vec<Account>,
}

/// Runs a call. The state changes when it is done, and only then.
pub(crate) fn execute(
    around: &Around<'_>,
    state: &mut State,
    entering: Entering<'_>,
    budget: u64,
) -> Receipt {
    let broken = |reason: &str| Receipt {
        outcome: Outcome::Broken(reason.to_owned()),
        gas: 0,
    };
    let Some(code) = entering.code.and_then(|code| around.codes.get(code)) else {
        return broken("there is no contract at this address");
    };
    let mut after = state.clone();
    if !after.transfer(entering.caller, entering.address, entering.value) {
        return broken("the caller has less than it sends");
    }
    let module = match Module::new(&code.wasm) {
        Ok(module) => module,
        Err(reason) => return broken(&reason),
    };
    let export = entering.export;
    let mut session = Session::new(around, &code.calls, after, entering, budget);
    let costs = &Rules::V1.costs;
    let count = Count {
        // Every instruction has a price: the code was prepared.
        cost: &|operator| operators::cost(operator, costs).map_or(u64::MAX, u64::from),
        local: u64::from(costs.local),
        page: u64::from(costs.page),
        pages: u64::from(Rules::V1.limits.memory_pages),
        budget,
        depth: MOST_DEPTH,
    };
    let mut machine = Machine::new(&module, count, &mut session);
    let ended = machine.run(export);
    let gas = machine.spent.saturating_add(session.inner_gas);
    let outcome = match (ended, session.output.take()) {
        (Err(Stop::Host), Some((0, output))) => {
            *state = session.state;
            Outcome::Done(output)
        }
        (Err(Stop::Host), Some((_, output))) => Outcome::Undone(output),
        (Err(Stop::Host), None) => Outcome::Broken(session.fault),
        (Err(Stop::Trap(kind)), _) => Outcome::Broken(format!("it trapped: {kind}")),
        (Err(Stop::Budget), _) => Outcome::Broken("it ran out of gas".to_owned()),
        (Err(Stop::Depth), _) => Outcome::Broken("it ran out of stack".to_owned()),
        (Ok(_), _) => Outcome::Broken("it ended without a result".to_owned()),
    };
    Receipt { outcome, gas }
}
