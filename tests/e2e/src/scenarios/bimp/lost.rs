//! A lost device, seen by a contact: the records on their way from the light client to the encryption core.

use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use parlance_client::{
    e2ee::{DeviceAddress, DeviceIdentity, Mode, PreKeyStore, device::Outgoing},
    encryption::{EncryptionError, Look, Recipients, Sessions},
    identity::{Contact, Finding},
    light::{Light, Trust},
    node::WsNode,
    primitives::{AccountId, accounts::DeviceId},
};
use parlance_e2e::{
    bimp::{Person, text},
    wait::seconds,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::{Town, changes, only_contact};

/// What is written.
const TEXT: &[u8] = b"see you at eight";

/// What somebody's device encrypts with: the keys in its folder, and a light client of its own.
struct Writer {
    sessions: Sessions,
    light: Light<WsNode>,
    own: Contact,
    people: Vec<Contact>,
    rng: ChaCha20Rng,
}

impl Writer {
    async fn of(town: &Town, person: &Person, other: &AccountId) -> Result<Self> {
        let (account, secrets) = {
            let vault = person.vault()?;
            (vault.account()?, vault.device()?)
        };
        let node = WsNode::connect(&town.node.url()).await?;
        let trust = Trust::Genesis(town.genesis.parse()?);
        let mut rng = ChaCha20Rng::seed_from_u64(secrets.id().0[0].into());
        Ok(Self {
            sessions: Sessions::new(&account, &secrets, SystemTime::now(), &mut rng),
            light: Light::begin(node, trust).await?,
            own: Contact::new("me", account)?,
            people: vec![Contact::new("them", other.clone())?],
            rng,
        })
    }

    /// Looks, and hears what changed before there are recipients.
    async fn look(&mut self) -> Result<(Result<Recipients, EncryptionError>, Vec<Finding>)> {
        let (own, people) = (self.own.clone(), self.people.clone());
        let look = Look::at(&mut self.light, SystemTime::now(), own, people).await?;
        let mut heard = Vec::new();
        let told = look.tell(&mut self.sessions, |who, finding| {
            if who.account != self.own.account {
                heard.push(finding.clone());
            }
        });
        let recipients = told.map(|told| {
            (self.own, self.people) = (told.own, told.people);
            told.recipients
        });
        Ok((recipients, heard))
    }

    /// Encrypts for all devices, after it began sessions by these bundles.
    fn write(
        &mut self,
        to: &Recipients,
        bundles: &[(DeviceAddress, Vec<u8>)],
    ) -> Result<Vec<Outgoing>> {
        let now = SystemTime::now();
        for (device, bundle) in bundles {
            self.sessions
                .start((to, *device), bundle, now, &mut self.rng)?;
        }
        let sent = self.sessions.encrypt(to, TEXT, now, &mut self.rng)?;
        ensure!(sent.missing.is_empty(), "no session: {:?}", sent.missing);
        Ok(sent.messages)
    }

    fn bundle(&self) -> (DeviceAddress, Vec<u8>) {
        let bundle = self.sessions.publish().bundle(0).to_bytes();
        (self.sessions.address(), bundle)
    }
}

/// A device of Anna's joins by a code, which Anna takes for hers.
async fn join(anna: &Person, device: &Person) -> Result<String> {
    let own = text(&anna.succeed(&["status"]).await?, "account")?;
    let asked = device.succeed(&["device", "request", &own]).await?;
    let code = text(&asked, "code")?;
    anna.succeed(&["device", "add", &code, "--yes"]).await?;
    text(&asked, "device")
}

pub(super) async fn lost(town: &Town, anna: &Person) -> Result<()> {
    let (bert, tablet) = (town.person("bert")?, town.person("tablet")?);
    let name = join(anna, &tablet).await?;
    let (hers, his) = (anna.vault()?.account()?, bert.vault()?.account()?);
    let mut writer = Writer::of(town, &bert, &hers).await?;
    let (desktop, mut carried) = (
        Writer::of(town, anna, &his).await?,
        Writer::of(town, &tablet, &his).await?,
    );
    let (to, _) = writer.look().await?;
    let to = to?;

    // Prekeys of somebody who poses as the tablet begin nothing.
    let (address, honest) = carried.bundle();
    let impostor = DeviceIdentity::generate(&mut writer.rng);
    let prekeys = PreKeyStore::new(Mode::Hybrid, 1, &mut writer.rng);
    let forged = prekeys.publish(&impostor).bundle(0).to_bytes();
    let refused = writer.write(&to, &[(address, forged)]).err();
    let refused = refused.context("forged prekeys were taken")?.to_string();
    ensure!(refused.contains("not the one on record"), "{refused}");

    let sent = writer.write(&to, &[desktop.bundle(), (address, honest)])?;
    ensure!(sent.len() == 2, "{} messages for two devices", sent.len());
    let (known, _) = carried.look().await?;
    known?;
    let message = sent.iter().find(|one| one.to == address);
    let message = &message.context("nothing for the tablet")?.message;
    let read = carried
        .sessions
        .decrypt(&writer.sessions.sender(), message)?;
    ensure!(*read.plaintext == TEXT, "another text");

    // The tablet is lost; Anna revokes it from the desktop.
    anna.succeed(&["device", "remove", &name[..8]]).await?;
    let late = SystemTime::now() + seconds(121);
    let stale = writer.sessions.encrypt(&to, TEXT, late, &mut writer.rng);
    ensure!(
        matches!(stale, Err(EncryptionError::Expired { .. })),
        "{stale:?}"
    );
    let (to, heard) = writer.look().await?;
    let gone = |id: &DeviceId| subxt::utils::to_hex(id.0) == format!("0x{name}");
    ensure!(
        matches!(heard.as_slice(), [Finding::Revoked(id)] if gone(id)),
        "{heard:?}"
    );
    let sent = writer.write(&to?, &[])?;
    ensure!(
        sent.len() == 1 && sent[0].to == desktop.sessions.address(),
        "{sent:?}"
    );
    let (own, _) = carried.look().await?;
    ensure!(matches!(own, Err(EncryptionError::Revoked)), "{own:?}");

    // Another one comes and goes while nobody looks.
    let brief = join(anna, &town.person("brief")?).await?;
    anna.succeed(&["device", "remove", &brief[..8]]).await?;
    let (to, heard) = writer.look().await?;
    ensure!(
        matches!(heard.as_slice(), [Finding::CameAndWent(_)]),
        "{heard:?}"
    );
    ensure!(writer.write(&to?, &[])?.len() == 1, "somebody else reads");
    // The command looks for the first time since before the tablet.
    let seen = only_contact(&bert.succeed(&["contact", "list"]).await?)?;
    for device in [&name, &brief] {
        let told = format!("had a device {device} for a time");
        ensure!(changes(&seen).contains(&told), "{told}: {seen}");
    }
    let again = only_contact(&bert.succeed(&["contact", "list"]).await?)?;
    ensure!(changes(&again).is_empty(), "told twice: {again}");
    Ok(())
}
