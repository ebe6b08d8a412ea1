//! What a host function says besides the step.

/// Why a host function did not do what it was asked for. All of it is the runtime's doing or the contract's, and the same
/// on every node; what is the machine's never comes this way (I2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(u32)]
pub enum Status {
    /// There is no such execution.
    #[error("there is no execution with this handle; it has ended, or its layer of storage has")]
    NoSession = 1,
    /// The answer has an output that the call has not, or of another length.
    #[error("the answer does not fit the system call; compare it with the table of calls")]
    Misfit = 2,
    /// As many executions are alive as there can be.
    #[error("contracts call one another too deep; nest fewer calls")]
    TooDeep = 3,
    /// No storage transaction is open.
    #[error("no layer of storage is open; start contracts within a transaction")]
    NoLayer = 4,
    /// There are no rules of this version.
    #[error("there are no rules of this version; upgrade the node")]
    UnknownRules = 5,
    /// There is nothing in storage under the code's key, or it has another hash.
    #[error("the code is not where the runtime says it is")]
    NoCode = 6,
    /// It is no contract by these rules.
    #[error("the code is no contract by these rules; its reason says what its author can do")]
    Refused = 7,
    /// The buffer is shorter than what belongs into it.
    #[error("the buffer is too short")]
    ShortBuffer = 8,
    /// An argument that is no one's.
    #[error("an argument of the host function is out of its range")]
    BadArgument = 9,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 9] = [
        Status::NoSession,
        Status::Misfit,
        Status::TooDeep,
        Status::NoLayer,
        Status::UnknownRules,
        Status::NoCode,
        Status::Refused,
        Status::ShortBuffer,
        Status::BadArgument,
    ];

    /// As it crosses the border: zero is success.
    pub fn number(result: Result<(), Status>) -> u32 {
        match result {
            Ok(()) => 0,
            Err(status) => status as u32,
        }
    }

    /// What a number means. One that is no one's comes from a host that is newer than the runtime.
    pub fn result(number: u32) -> Result<(), Status> {
        if number == 0 {
            return Ok(());
        }
        let known = Status::ALL
            .into_iter()
            .find(|status| *status as u32 == number);
        Err(known.unwrap_or(Status::BadArgument))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_comes_back_as_itself() {
        assert_eq!(Status::result(Status::number(Ok(()))), Ok(()));
        for (place, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status as usize, place + 1);
            assert_eq!(Status::result(Status::number(Err(status))), Err(status));
        }
        assert_eq!(Status::result(1000), Err(Status::BadArgument));
    }
}
