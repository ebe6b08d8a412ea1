//! Registration without tokens: by proof of work, or by an invitation.

use std::time::SystemTime;

use parlance_primitives::{
    AccountId, BlockNumber,
    accounts::{
        Guard, Identity, Registration, registration_statement, registration_transaction,
        work_challenge,
    },
    puzzle::{PUBLIC, Solver},
};
use sp_core::Pair;
use sp_runtime::MultiSignature;
use std::time::Duration;

use crate::{
    chain::{keys, state::Gate},
    keys::{AccountKey, DeviceSecrets},
    light::{Head, Light, LightError},
    node::Node,
    submit::{SubmitError, submit},
};

/// Hardest puzzle that is tried: at four solutions a second that is four hours of one core.
pub const MAX_DIFFICULTY: u32 = 1 << 16;
/// Blocks after its anchor up to which a registration is waited for. The chain takes it for ten minutes.
const PATIENCE: BlockNumber = 300;
/// Pause between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(400);

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// No proven answer.
    #[error(transparent)]
    Light(#[from] LightError),
    /// The node does not take it.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// There is an identity.
    #[error("the account has an identity already: add this device to it with 'device add'")]
    Registered,
    /// The chain has no accounts.
    #[error("this chain does not register identities: take a node of another chain")]
    NoGate,
    /// The puzzle is too hard for one computer.
    #[error(
        "a registration by work takes {difficulty} solutions now, more than the {MAX_DIFFICULTY} that are \
         tried: the network is flooded; ask somebody for an invitation, or try again later"
    )]
    TooHard {
        /// Difficulty now.
        difficulty: u32,
    },
    /// The user ended the search.
    #[error("the search was ended")]
    Cancelled,
    /// The puzzle needs memory.
    #[error("this program does not solve the chain's puzzle: update this program")]
    NoSolver,
    /// It did not enter the chain in time.
    #[error(
        "the registration did not enter the chain within {PATIENCE} blocks: the way is full; try again, or \
         ask somebody for an invitation"
    )]
    Expired,
}

/// A puzzle to solve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    challenge: [u8; 32],
    /// Solutions to be tried on average.
    pub difficulty: u32,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Solutions tried.
    pub tried: u64,
    /// Solutions to be tried on average.
    pub difficulty: u32,
}

impl Attempt {
    /// Chance that a search as long as this one has ended by now, in percent.
    pub fn percent(&self) -> u8 {
        let share = self.tried as f64 / f64::from(self.difficulty.max(1));
        let ended = (1.0 - (-share).exp()) * 100.0;
        // Within 0 to 100 by construction.
        ended as u8
    }
}

impl Work {
    /// Searches on this thread; `go_on` is told how far it is, and may end it. Takes 134 MiB meanwhile.
    pub fn solve(&self, mut go_on: impl FnMut(Attempt) -> bool) -> Result<Guard, RegisterError> {
        let mut solver = Solver::new(PUBLIC).ok_or(RegisterError::NoSolver)?;
        let difficulty = self.difficulty;
        let proof = solver
            .search(&self.challenge, difficulty, 0, |tried| {
                go_on(Attempt { tried, difficulty })
            })
            .ok_or(RegisterError::Cancelled)?;
        Ok(Guard::Work {
            nonce: proof.nonce,
            solution: proof
                .solution
                .try_into()
                .map_err(|_| RegisterError::NoSolver)?,
        })
    }
}

/// A registration on its way.
pub struct Registrar {
    anchor: Head,
    account: AccountId,
}

impl Registrar {
    /// Begins: the account must have no identity. Everything is bound to the newest final block.
    pub async fn begin<N: Node>(
        light: &mut Light<N>,
        account: AccountId,
        now: SystemTime,
    ) -> Result<Self, RegisterError> {
        let anchor = light.head(now).await?;
        let key = keys::identity(&account);
        let known: Option<Identity> = light.value(&anchor, &key, "the identity").await?;
        match known {
            Some(_) => Err(RegisterError::Registered),
            None => Ok(Self { anchor, account }),
        }
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The puzzle to solve, as hard as the chain proves it to be.
    pub async fn work<N: Node>(&self, light: &Light<N>) -> Result<Work, RegisterError> {
        let gate: Gate = light
            .value(&self.anchor, &keys::gate(), "the difficulty")
            .await?
            .ok_or(RegisterError::NoGate)?;
        let difficulty = gate.difficulty.max(1);
        if difficulty > MAX_DIFFICULTY {
            return Err(RegisterError::TooHard { difficulty });
        }
        let challenge = work_challenge(&light.genesis(), &self.anchor.hash, &self.account);
        Ok(Work {
            challenge,
            difficulty,
        })
    }

    /// The transaction, and the device's keys in it.
    pub fn transaction<N: Node>(
        &self,
        light: &Light<N>,
        key: &AccountKey,
        device: &DeviceSecrets,
        guard: &Guard,
    ) -> Vec<u8> {
        let (genesis, anchor) = (light.genesis(), &self.anchor);
        let keys = device.keys();
        let registration = Registration {
            account: self.account.clone(),
            keys,
            possession: device.possession(&genesis, &self.account, anchor.number),
            anchor: anchor.number,
        };
        let statement = registration_statement(&genesis, &anchor.hash, &self.account, &keys);
        let signature = MultiSignature::Sr25519(key.pair().sign(&statement));
        registration_transaction(&registration, guard, &signature)
    }

    /// Sends it and waits until the identity is final; `seen` is told each new height.
    pub async fn register<N: Node>(
        &self,
        light: &mut Light<N>,
        transaction: &[u8],
        mut seen: impl FnMut(BlockNumber),
    ) -> Result<Identity, RegisterError> {
        submit(light.node(), transaction).await?;
        let key = keys::identity(&self.account);
        let mut height = None;
        loop {
            let head = light.head(SystemTime::now()).await?;
            if height != Some(head.number) {
                height = Some(head.number);
                seen(head.number);
                if let Some(identity) = light.value(&head, &key, "the identity").await? {
                    return Ok(identity);
                }
                if head.number.saturating_sub(self.anchor.number) > PATIENCE {
                    return Err(RegisterError::Expired);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_puzzle_is_solved_and_the_chain_would_take_it() {
        let work = Work {
            challenge: [5; 32],
            difficulty: 2,
        };
        let mut asked = 0;
        let guard = work.solve(|_| {
            asked += 1;
            true
        });
        let Guard::Work { nonce, solution } = guard.unwrap() else {
            panic!("another guard");
        };
        assert!(asked > 0);
        let shown = parlance_primitives::puzzle::work(PUBLIC, &[5; 32], nonce, &solution);
        assert!(shown.unwrap() >= 2);
    }

    #[test]
    fn a_search_can_be_ended() {
        let work = Work {
            challenge: [5; 32],
            difficulty: 1 << 16,
        };
        assert!(matches!(
            work.solve(|_| false),
            Err(RegisterError::Cancelled)
        ));
    }

    #[test]
    fn progress_is_a_chance_and_no_promise() {
        let at = |tried| Attempt {
            tried,
            difficulty: 32,
        };
        assert_eq!(at(0).percent(), 0);
        assert_eq!(at(32).percent(), 63);
        assert!(at(10_000).percent() <= 100);
    }
}
