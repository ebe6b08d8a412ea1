//! Looking people up before a text is encrypted (R1, R2).

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parlance_e2ee::{DeviceAddress, device::Account};
use parlance_primitives::{BlockNumber, Moment};

use super::{EncryptionError, Sessions, number::account_of};
use crate::{
    identity::{Contact, Finding, LookError, look},
    light::{Head, Light, LightError, MAX_AGE, fresh},
    node::Node,
};

/// Records as they were just proven, and what changed. It leads to [`Recipients`] by [`Look::tell`] alone.
#[derive(Debug)]
#[must_use = "a look is there to be told; dropped, it changes nothing"]
pub struct Look {
    head: Head,
    own: (Contact, Vec<Finding>),
    people: Vec<(Contact, Vec<Finding>)>,
}

/// What is left of a look that was told.
#[derive(Debug)]
pub struct Told {
    /// The own account as it was seen. Keep it: it says what was told.
    pub own: Contact,
    /// Everybody else as they were seen. Keep them likewise.
    pub people: Vec<Contact>,
    /// Whom a text can be encrypted for now.
    pub recipients: Recipients,
}

impl Look {
    /// Looks the own account and other people up, all under the newest final block, which must be of the
    /// present at `now`. `own` and `people` are as they were kept after the last look; the own account among
    /// the people is left out.
    pub async fn at<N: Node>(
        light: &mut Light<N>,
        now: SystemTime,
        own: Contact,
        people: Vec<Contact>,
    ) -> Result<Self, LookError> {
        let head = light.head(now).await?;
        let own = one(light, &head, own).await?;
        let mut looked = Vec::with_capacity(people.len());
        for person in people {
            // The own account among the others would be told twice.
            if person.account != own.0.account {
                looked.push(one(light, &head, person).await?);
            }
        }
        Ok(Self {
            head,
            own,
            people: looked,
        })
    }

    /// The block under which everything was proven.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What will be told, the own account first.
    pub fn findings(&self) -> impl Iterator<Item = (&Contact, &Finding)> {
        self.seen()
            .flat_map(|(who, findings)| findings.iter().map(move |finding| (who, finding)))
    }

    /// Tells every change, then takes the records over into the sessions and says who the recipients are.
    ///
    /// # Errors
    ///
    /// [`EncryptionError::Revoked`], [`EncryptionError::SameNumber`], [`EncryptionError::Older`]. Everything was told then, and
    /// what is told again next time is what the caller did not keep.
    pub fn tell(
        self,
        sessions: &mut Sessions,
        mut told: impl FnMut(&Contact, &Finding),
    ) -> Result<Told, EncryptionError> {
        self.findings()
            .for_each(|(who, finding)| told(who, finding));
        let (time, block) = (self.head.time, self.head.number);
        for (contact, _) in self.seen() {
            sessions.take_over(contact, time)?;
        }
        sessions.must_be_listed(&self.own.0)?;
        let mut once = BTreeSet::new();
        let accounts = self.seen().map(|(who, _)| account_of(&who.account));
        let recipients = Recipients {
            by: sessions.address(),
            // Somebody under two names gets one text.
            accounts: accounts.filter(|account| once.insert(*account)).collect(),
            time,
            block,
        };
        Ok(Told {
            recipients,
            own: self.own.0,
            people: self.people.into_iter().map(|(person, _)| person).collect(),
        })
    }

    fn seen(&self) -> impl Iterator<Item = &(Contact, Vec<Finding>)> {
        std::iter::once(&self.own).chain(&self.people)
    }
}

async fn one<N: Node>(
    light: &Light<N>,
    head: &Head,
    mut contact: Contact,
) -> Result<(Contact, Vec<Finding>), LookError> {
    let findings = look(light, head, &mut contact).await?;
    Ok((contact, findings))
}

/// Whom a text can be encrypted for: proven, told, and for as long as the proof is of the present (R1).
///
/// There is no way to make one but to look: its fields are private, so that this fails for no other reason,
///
/// ```compile_fail
/// use parlance_client::encryption::Recipients;
/// fn made_from(other: Recipients) -> Recipients {
///     Recipients { ..other }
/// }
/// ```
///
/// and none to keep one for later:
///
/// ```compile_fail
/// use parlance_client::encryption::Recipients;
/// fn copy(recipients: &Recipients) -> Recipients {
///     recipients.clone()
/// }
/// ```
#[derive(Debug)]
pub struct Recipients {
    by: DeviceAddress,
    /// The own account first.
    accounts: Vec<Account>,
    time: Moment,
    block: BlockNumber,
}

impl Recipients {
    /// The accounts, the own one first.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The block under which their devices were proven.
    pub fn block(&self) -> BlockNumber {
        self.block
    }

    /// From when on they are not of the present any more.
    pub fn expires(&self) -> SystemTime {
        UNIX_EPOCH
            .checked_add(Duration::from_millis(self.time))
            .and_then(|time| time.checked_add(MAX_AGE))
            .unwrap_or(UNIX_EPOCH)
    }

    /// Whether `device` may encrypt for them at `now` (R1, R8).
    pub(super) fn check(
        &self,
        device: DeviceAddress,
        now: SystemTime,
    ) -> Result<(), EncryptionError> {
        if self.by != device {
            return Err(EncryptionError::OtherDevice);
        }
        present(self.time, now)
    }
}

/// Whether a block of that time is of the present.
pub(super) fn present(time: Moment, now: SystemTime) -> Result<(), EncryptionError> {
    match fresh(time, now) {
        Ok(()) => Ok(()),
        Err(LightError::ClockBehind { ahead }) => Err(EncryptionError::ClockBehind { ahead }),
        Err(LightError::Stale { behind }) => Err(EncryptionError::Expired { age: behind }),
        // The light client knows no third way to be of another time.
        Err(_) => Err(EncryptionError::Expired { age: u64::MAX }),
    }
}
