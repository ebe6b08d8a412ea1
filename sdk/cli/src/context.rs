//! Where a command works: data folder, passphrase, node, trust.

use std::{
    fs,
    io::{IsTerminal, Write, stderr, stdin},
    path::{Path, PathBuf},
    str::FromStr,
    time::SystemTime,
};

use parlance_client::{
    keys::parse_account,
    light::{Checkpoint, Head, Light, Trust},
    node::WsNode,
    primitives::{AccountId, Hash},
    store::{Error as StoreError, Options, Renewal},
    vault::{Vault, VaultError},
};
use zeroize::Zeroizing;

use crate::{
    arguments::{Directly, ExportPassphrase, Global, NewPassphrase},
    failure::{Failure, file},
    progress::Progress,
};

/// File of the vault in the data folder.
const VAULT: &str = "vault";
/// Shortest passphrase of a new vault or export.
const LEAST: usize = 8;

/// A passphrase; it wipes itself.
pub type Passphrase = Zeroizing<String>;

/// Node that is asked where none is given.
const NODE: &str = "ws://127.0.0.1:9944";

/// Where a command works.
pub struct Context {
    json: bool,
    passphrase_file: Option<PathBuf>,
    folder: PathBuf,
    node: String,
    direct: Option<Directly>,
    /// What was typed.
    trust: Option<String>,
    /// What stands in the variable, for the first time alone.
    first_trust: Option<String>,
}

impl Context {
    /// From the options.
    pub fn new(global: Global) -> Result<Self, Failure> {
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let folder = global
            .folder
            .or_else(|| variable("BIMP_FOLDER").map(PathBuf::from))
            .or_else(default_folder)
            .ok_or(Failure::NoFolder)?;
        Ok(Self {
            json: global.json,
            passphrase_file: global.passphrase_file,
            folder,
            node: global
                .node
                .or_else(|| variable("BIMP_NODE"))
                .unwrap_or_else(|| NODE.into()),
            direct: global.direct,
            trust: global.trust,
            first_trust: variable("BIMP_TRUST"),
        })
    }

    /// Whether programs read what is printed.
    pub fn json(&self) -> bool {
        self.json
    }

    /// How messages go between devices, if that was said.
    pub fn direct(&self) -> Option<Directly> {
        self.direct
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is a vault.
    pub fn has_vault(&self) -> bool {
        self.vault_path().exists()
    }

    /// Progress, unless a program reads.
    pub fn progress(&self) -> Progress {
        Progress::new(self.json)
    }

    /// Opens the vault.
    pub fn vault(&self) -> Result<Vault, Failure> {
        Ok(self.open()?.0)
    }

    /// Puts the vault under another passphrase and a new master key.
    pub fn change_passphrase(&self, given: &NewPassphrase) -> Result<(), Failure> {
        let (mut vault, old) = self.open()?;
        let new = new_passphrase(given)?;
        if new == old {
            return Err(Failure::SamePassphrase);
        }
        let mut progress = self.progress();
        let show = |now: Renewal| progress.show(&format!("encrypted anew: {} %", now.percent()));
        vault.change_passphrase(old.as_bytes(), new.as_bytes(), Options::default(), show)?;
        Ok(())
    }

    /// Makes a vault, or opens the one without an account that is there.
    pub fn new_vault(&self) -> Result<Vault, Failure> {
        if self.has_vault() {
            return self.vault();
        }
        let passphrase = self.passphrase(true)?;
        self.make_folder()?;
        let options = Options::default();
        Ok(Vault::create(
            &self.vault_path(),
            passphrase.as_bytes(),
            options,
        )?)
    }

    /// Restores an export as the vault.
    pub fn restore_vault(&self, export: &Path, given: &ExportPassphrase) -> Result<Vault, Failure> {
        let theirs = export_passphrase(given, false)?;
        let ours = self.passphrase(true)?;
        self.make_folder()?;
        Ok(Vault::restore(
            (export, theirs.as_bytes()),
            &self.vault_path(),
            ours.as_bytes(),
            Options::default(),
        )?)
    }

    /// A light client from what the vault trusts, or from `--trust` the first time and when what the vault
    /// trusts has become too old.
    pub async fn light(&self, vault: Option<&Vault>) -> Result<Light<WsNode>, Failure> {
        self.begin(self.trust(vault)?).await
    }

    /// Where trust begins now: see [`light`](Self::light).
    pub fn trust(&self, vault: Option<&Vault>) -> Result<Trust, Failure> {
        let kept = vault.map(Vault::checkpoint).transpose()?.flatten();
        let (typed, first) = (self.trust.as_deref(), self.first_trust.as_deref());
        choose(kept, typed, first, SystemTime::now())
    }

    /// The node that is asked.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// A light client that begins anew.
    pub async fn begin(&self, trust: Trust) -> Result<Light<WsNode>, Failure> {
        let node = WsNode::connect(&self.node)
            .await
            .map_err(parlance_client::light::LightError::from)?;
        Ok(Light::begin(node, trust).await?)
    }

    /// The newest head; what is trusted by then is kept.
    pub async fn head(
        &self,
        light: &mut Light<WsNode>,
        vault: Option<&Vault>,
    ) -> Result<Head, Failure> {
        let head = light.head(SystemTime::now()).await?;
        self.keep(light, vault)?;
        Ok(head)
    }

    /// Keeps what is trusted by now.
    pub fn keep(&self, light: &Light<WsNode>, vault: Option<&Vault>) -> Result<(), Failure> {
        if let Some(vault) = vault {
            vault.keep_checkpoint(light.checkpoint())?;
        }
        Ok(())
    }

    /// An account by address or by a contact's name.
    pub fn account(&self, vault: Option<&Vault>, text: &str) -> Result<AccountId, Failure> {
        let parsed = parse_account(text);
        if let (Err(_), Some(vault)) = (&parsed, vault)
            && let Ok(contact) = vault.contact(text)
        {
            return Ok(contact.account);
        }
        Ok(parsed?)
    }

    /// Asks the person, unless they agreed beforehand.
    pub fn agree(&self, question: &str, yes: bool) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if !stdin().is_terminal() {
            return Err(Failure::NotAgreed);
        }
        eprint!("{question} [y/N] ");
        stderr().flush().map_err(file("standard error"))?;
        let mut answer = String::new();
        stdin()
            .read_line(&mut answer)
            .map_err(file("standard input"))?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::NotAgreed),
        }
    }

    /// The vault, and the passphrase that opened it.
    fn open(&self) -> Result<(Vault, Passphrase), Failure> {
        if !self.has_vault() {
            return Err(VaultError::NoAccount.into());
        }
        let passphrase = self.passphrase(false)?;
        let vault = Vault::open(
            &self.vault_path(),
            passphrase.as_bytes(),
            Options::default(),
        );
        match vault {
            Err(VaultError::Store(StoreError::InUse { .. })) => Err(Failure::InUse),
            vault => Ok((vault?, passphrase)),
        }
    }

    fn vault_path(&self) -> PathBuf {
        self.folder.join(VAULT)
    }

    fn make_folder(&self) -> Result<(), Failure> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(file(&self.folder))
    }

    fn passphrase(&self, new: bool) -> Result<Passphrase, Failure> {
        let given = self.passphrase_file.as_deref();
        passphrase(given, "BIMP_PASSPHRASE", "Passphrase", new)
    }
}

/// The passphrase of an export.
pub fn export_passphrase(given: &ExportPassphrase, new: bool) -> Result<Passphrase, Failure> {
    let given = given.export_passphrase_file.as_deref();
    passphrase(
        given,
        "BIMP_EXPORT_PASSPHRASE",
        "Passphrase of the export",
        new,
    )
}

/// A new passphrase of the data folder.
fn new_passphrase(given: &NewPassphrase) -> Result<Passphrase, Failure> {
    let given = given.new_passphrase_file.as_deref();
    match passphrase(given, "BIMP_NEW_PASSPHRASE", "New passphrase", true) {
        Err(Failure::NoPassphrase) => Err(Failure::NoNewPassphrase),
        outcome => outcome,
    }
}

/// What somebody types, or has in a file or variable. `None` where nobody can be asked.
pub fn secret(
    given: Option<&Path>,
    variable: &str,
    prompt: &str,
) -> Result<Option<Passphrase>, Failure> {
    if let Some(path) = given {
        let text = fs::read_to_string(path).map_err(file(path))?;
        return Ok(Some(Zeroizing::new(text.trim_end_matches('\n').to_owned())));
    }
    if let Ok(text) = std::env::var(variable) {
        return Ok(Some(Zeroizing::new(text)));
    }
    if !stdin().is_terminal() {
        return Ok(None);
    }
    let text = rpassword::prompt_password(format!("{prompt}: ")).map_err(file("terminal"))?;
    Ok(Some(Zeroizing::new(text)))
}

/// What to begin from at `now`. A variable that was set once and forgotten does not renew trust that is too
/// old: that is for somebody who compares.
fn choose(
    kept: Option<Checkpoint>,
    typed: Option<&str>,
    variable: Option<&str>,
    now: SystemTime,
) -> Result<Trust, Failure> {
    match (kept, typed) {
        (Some(kept), Some(what)) if kept.check_age(now).is_err() => parse_trust(what),
        (Some(kept), _) => Ok(Trust::Checkpoint(kept)),
        (None, typed) => parse_trust(typed.or(variable).ok_or(Failure::NoTrust)?),
    }
}

/// Where trust begins.
pub fn parse_trust(what: &str) -> Result<Trust, Failure> {
    if what == "first-use" {
        return Ok(Trust::FirstUse);
    }
    if let Ok(hash) = Hash::from_str(what) {
        return Ok(Trust::Genesis(hash));
    }
    let path = Path::new(what);
    if !path.exists() {
        return Err(Failure::BadTrust { what: what.into() });
    }
    let text = fs::read_to_string(path).map_err(file(path))?;
    Ok(Trust::Checkpoint(Checkpoint::from_json(&text)?))
}

fn passphrase(
    given: Option<&Path>,
    variable: &str,
    prompt: &str,
    new: bool,
) -> Result<Passphrase, Failure> {
    let asked = given.is_none() && std::env::var_os(variable).is_none();
    let first = secret(given, variable, prompt)?.ok_or(Failure::NoPassphrase)?;
    if !new {
        return Ok(first);
    }
    let length = first.chars().count();
    if length < LEAST {
        let least = LEAST;
        return Err(Failure::ShortPassphrase { length, least });
    }
    if asked {
        let second = secret(None, variable, "The same again")?.ok_or(Failure::NoPassphrase)?;
        if second != first {
            return Err(Failure::PassphrasesDiffer);
        }
    }
    Ok(first)
}

fn default_folder() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Some(data?.join("bimp"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn trust_begins_with_a_hash_a_file_or_the_word() {
        assert!(matches!(parse_trust("first-use"), Ok(Trust::FirstUse)));
        let hash = format!("0x{}", "ab".repeat(32));
        assert!(matches!(
            parse_trust(&hash),
            Ok(Trust::Genesis(found)) if found == Hash::repeat_byte(0xab)
        ));
        assert!(matches!(
            parse_trust("no such file"),
            Err(Failure::BadTrust { .. })
        ));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("checkpoint");
        std::fs::write(&file, "{}").unwrap();
        assert!(matches!(
            parse_trust(&file.display().to_string()),
            Err(Failure::Checkpoint(_))
        ));
    }

    /// A checkpoint of 1,800,000,002 seconds after 1970.
    const CHECKPOINT: &str = r#"{
        "version": 1,
        "genesis": "0x0101010101010101010101010101010101010101010101010101010101010101",
        "number": 1,
        "header": {
            "parentHash": "0x0101010101010101010101010101010101010101010101010101010101010101",
            "number": "0x1",
            "stateRoot": "0x0202020202020202020202020202020202020202020202020202020202020202",
            "extrinsicsRoot": "0x0303030303030303030303030303030303030303030303030303030303030303",
            "digest": {"logs": ["0x06617572612001e9a43500000000"]}
        },
        "setId": 0,
        "authorities": [
            {"key": "0x0404040404040404040404040404040404040404040404040404040404040404", "weight": 1}
        ]
    }"#;

    #[test]
    fn trust_that_is_too_old_is_renewed_by_who_types_it_and_not_by_a_variable() {
        let kept = || Some(Checkpoint::from_json(CHECKPOINT).unwrap());
        let after = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_800_000_002 + seconds);
        let (week, word) = (7 * 24 * 3_600, Some("first-use"));
        assert_eq!(kept().unwrap().time(), Some(1_800_000_002_000));
        for (typed, variable, seconds) in [
            (None, None, 0),
            (word, word, 0),
            (word, None, week),
            (None, word, week + 1),
            (None, None, week + 1),
        ] {
            let chosen = choose(kept(), typed, variable, after(seconds));
            assert!(
                matches!(chosen, Ok(Trust::Checkpoint(_))),
                "{typed:?} {variable:?} {seconds}"
            );
        }
        for (kept, typed, variable) in
            [(kept(), word, None), (None, word, None), (None, None, word)]
        {
            let chosen = choose(kept, typed, variable, after(week + 1));
            assert!(matches!(chosen, Ok(Trust::FirstUse)));
        }
        let nothing = choose(None, None, None, after(0));
        assert!(matches!(nothing, Err(Failure::NoTrust)));
    }

    #[test]
    fn a_passphrase_comes_from_a_file_and_must_have_a_length() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passphrase");
        std::fs::write(&file, "correct horse\n").unwrap();
        let read = |new| passphrase(Some(&file), "BIMP_NO_SUCH_VARIABLE", "", new);
        assert_eq!(read(true).unwrap().as_str(), "correct horse");
        std::fs::write(&file, "short").unwrap();
        assert!(matches!(
            read(true),
            Err(Failure::ShortPassphrase { length: 5, .. })
        ));
        assert_eq!(read(false).unwrap().as_str(), "short");
    }
}
