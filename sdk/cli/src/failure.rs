//! Errors and exit codes.

use std::{path::PathBuf, process::ExitCode};

use parlance_client::{
    chain::{amount::NoAmount, relays::NoAddress},
    chat::{ChatError, WireError, files::FileError},
    identity::{ChangeError, CodeError, LookError, RecordError, RegisterError},
    keys::KeyError,
    light::{CheckpointError, LightError},
    messenger::Error as EngineError,
    node::NodeError,
    submit::SubmitError,
    vault::VaultError,
    wallet::{
        WalletError, WatchError, offline::OfflineError, received::ClaimError, shared::SharedError,
    },
};
use serde_json::{Value, json};

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The data folder.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A key, an address or a phrase.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A node's answer.
    #[error(transparent)]
    Light(#[from] LightError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A registration.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A change of the identity.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A code.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// A contact's record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A look at a contact.
    #[error(transparent)]
    Look(#[from] LookError),
    /// A chat.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// A file that is sent or saved.
    #[error(transparent)]
    FileOfChat(#[from] FileError),
    /// A payment.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Somebody's payment.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A file of the cold wallet.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A shared account.
    #[error(transparent)]
    Shared(#[from] SharedError),
    /// A file.
    #[error("{path}: {cause}: check the path and its permissions")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// No place for the data folder.
    #[error("there is no place for the data folder: set HOME, or give --folder")]
    NoFolder,
    /// No passphrase.
    #[error(
        "there is no passphrase: set BIMP_PASSPHRASE, give --passphrase-file, or run in a terminal"
    )]
    NoPassphrase,
    /// No new passphrase.
    #[error(
        "there is no new passphrase: set BIMP_NEW_PASSPHRASE, give --new-passphrase-file, or run in a \
         terminal"
    )]
    NoNewPassphrase,
    /// The new passphrase is none.
    #[error("the new passphrase is the old one: choose another")]
    SamePassphrase,
    /// The memory could be written to a file.
    #[error(
        "core dumps cannot be forbidden ({0}), and one would hold your keys: run it where setrlimit and \
         prctl are allowed"
    )]
    CoreDumps(std::io::Error),
    /// Typed differently the second time.
    #[error("the two passphrases differ: type the same one twice")]
    PassphrasesDiffer,
    /// A passphrase that anybody guesses.
    #[error("the passphrase has {length} characters, it needs at least {least}")]
    ShortPassphrase {
        /// Its length.
        length: usize,
        /// The least.
        least: usize,
    },
    /// Nothing to begin from.
    #[error(
        "nothing is trusted of the chain yet: give --trust with its genesis hash or a checkpoint file of \
         somebody you trust, or --trust first-use to believe this node once"
    )]
    NoTrust,
    /// Not a way to begin.
    #[error("'{what}' is neither a genesis hash nor a file nor 'first-use'")]
    BadTrust {
        /// What was given.
        what: String,
    },
    /// Another safety number.
    #[error(
        "the safety number differs: somebody may sit between you, or one of you has changed devices; do \
         not trust this contact before you have found out"
    )]
    NumbersDiffer,
    /// Nobody said yes.
    #[error("not done, since you did not agree; --yes agrees beforehand")]
    NotAgreed,
    /// Several devices begin like that.
    #[error("{count} devices begin with '{prefix}': type more of the name")]
    Ambiguous {
        /// What was typed.
        prefix: String,
        /// How many.
        count: usize,
    },
    /// No key of a relay.
    #[error(
        "this is no key of a relay's endpoint: 64 hexadecimal digits, 'parlance relay-key' prints it"
    )]
    RelayKey,
    /// No address of a relay.
    #[error(transparent)]
    RelayAddress(#[from] NoAddress),
    /// Another program has the data folder.
    #[error(
        "another bimp has the data folder open, such as 'bimp chat' or 'bimp bot': say it there, or end it"
    )]
    InUse,
    /// What was written is none, or too long.
    #[error("this cannot be sent: {cause}")]
    BadText {
        /// Why.
        cause: String,
    },
    /// No command of a conversation.
    #[error(
        "'{command}' is no command, or lacks something: /help lists them, and // begins a text with a slash"
    )]
    BadCommand {
        /// What was typed.
        command: String,
    },
    /// Nothing was asked.
    #[error("there is no payment to agree to: /tip 5 or /red 5 asks for one first")]
    NothingAsked,
    /// One at a time.
    #[error("a payment is under way: wait until it is final")]
    StillPaying,
    /// No amount.
    #[error(transparent)]
    NoAmount(#[from] NoAmount),
    /// No life time.
    #[error("messages can live from 5s to 4w, such as 30s, 5m, 1h, 7d; 'off' lets them stay")]
    BadTimer,
    /// No such message.
    #[error("there is no message {number} in this conversation: 'bimp history' shows the numbers")]
    NoMessage {
        /// The number.
        number: u64,
    },
    /// No such group.
    #[error("there is no group '{name}' here: 'bimp group list' shows them, and invitations too")]
    NoGroup {
        /// What was typed.
        name: String,
    },
    /// Several groups have the name.
    #[error(
        "{count} groups are called '{name}': write '+' and the first digits of the id that 'bimp group list' shows"
    )]
    GroupUnclear {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// The name is somebody else's.
    #[error("a contact or a group of yours is called '{name}' already: choose another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// An invitation that does not work.
    #[error("the invitation cannot be used ({cause}): ask for another one")]
    BadInvitation {
        /// Why.
        cause: String,
    },
    /// Somebody without an identity.
    #[error(
        "{name} has no identity on this chain, so there is nobody to invite: invite them again when they have one"
    )]
    NobodyToInvite {
        /// Who.
        name: String,
    },
    /// Nobody says so in groups.
    #[error("members of a group do not tell what they have: leave --delivered out")]
    NoDelivery,
    /// No such file.
    #[error("no file begins with {id}: 'bimp file list' shows those that are known")]
    NoFile {
        /// What was typed.
        id: String,
    },
    /// Several files.
    #[error("several files begin with {id}: write more of its digits")]
    FileUnclear {
        /// What was typed.
        id: String,
    },
    /// A file that lacks something.
    #[error(
        "{held} of {of} pieces of the file are here; the next 'file get', 'chat' or 'bot' goes on: {cause}"
    )]
    NotHere {
        /// Pieces.
        held: u32,
        /// All.
        of: u32,
        /// Why.
        cause: String,
    },
    /// A group is nobody's account.
    #[error("a group has no account that could be paid: pay one of its members")]
    NoPayment,
    /// Somebody without an identity.
    #[error(
        "{name} has no identity on this chain, so there is nobody to encrypt for: what you wrote waits until there is"
    )]
    NobodyThere {
        /// Who.
        name: String,
    },
    /// A verification broke.
    #[error(
        "{name} has changed since you compared safety numbers, so nothing was sent: find out whether it is still them ('bimp \
         contact verify {name}'); what you wrote waits, and leaves with the next 'send', 'chat' or 'bot'"
    )]
    Changed {
        /// Who.
        name: String,
    },
    /// Messages wait.
    #[error(
        "not sent yet, it is kept and leaves with the next 'send', 'chat' or 'bot' ({waiting} wait): {cause}"
    )]
    Waits {
        /// How many.
        waiting: usize,
        /// Why.
        cause: String,
    },
    /// Somebody who is no contact.
    #[error(
        "{name} is no contact of yours, and looking for a stranger leaves a trace here: 'bimp contact add' first"
    )]
    NotContact {
        /// Who.
        name: String,
    },
    /// No other device gave or took a history.
    #[error("the history is not all there yet: {cause}")]
    NoHistory {
        /// Why.
        cause: String,
    },
    /// Whoever has the data folder open could not do it.
    #[error("{error}")]
    Handed {
        /// What it said.
        error: String,
        /// The exit code that it gave.
        code: u8,
    },
    /// Whoever has the data folder open was told, and did not answer.
    #[error(
        "the bimp that has the data folder open did not answer: look with 'bimp history' whether it has taken what you wrote \
         before you write it again"
    )]
    HandLost,
    /// No phrase.
    #[error("there is no backup phrase: set BIMP_PHRASE, give --phrase-file, or run in a terminal")]
    NoPhrase,
}

/// A file that cannot be read or written.
pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.into();
    |cause| Failure::File { path, cause }
}

/// Groups of failures: what a script can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Other,
    Folder,
    Silent,
    Unproven,
    Rejected,
    Input,
    State,
    Waiting,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Other,
        Self::Folder,
        Self::Silent,
        Self::Unproven,
        Self::Rejected,
        Self::Input,
        Self::State,
        Self::Waiting,
    ];

    fn of(code: u8) -> Self {
        let found = Self::ALL.into_iter().find(|kind| kind.code() == code);
        found.unwrap_or(Self::Other)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Folder => "folder",
            Self::Silent => "no-answer",
            Self::Unproven => "unproven",
            Self::Rejected => "rejected",
            Self::Input => "input",
            Self::State => "state",
            Self::Waiting => "waiting",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Other => 1,
            // 2 is the argument parser's.
            Self::Folder => 3,
            Self::Silent => 4,
            Self::Unproven => 5,
            Self::Rejected => 6,
            Self::Input => 7,
            Self::State => 8,
            Self::Waiting => 9,
        }
    }
}

impl Failure {
    /// Prints it on standard error.
    pub fn print(&self, json: bool) {
        if json {
            eprintln!("{}", self.object());
        } else {
            eprintln!("error: {self}");
        }
    }

    /// For programs.
    pub fn object(&self) -> Value {
        let kind = self.kind();
        json!({
            "error": self.to_string(),
            "kind": kind.name(),
            "code": kind.code(),
        })
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        self.number().into()
    }

    /// The same as a number.
    pub fn number(&self) -> u8 {
        self.kind().code()
    }

    /// Whether a chat cannot go on after it.
    pub fn is_last(&self) -> bool {
        let engine = match self {
            Self::Chat(ChatError::Engine(error)) => error,
            _ => return false,
        };
        matches!(
            engine,
            EngineError::Storage(_) | EngineError::Damaged { .. } | EngineError::Stopped
        )
    }

    /// Whether nobody has answered.
    pub fn is_silence(&self) -> bool {
        self.kind() == Kind::Silent
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Vault(error) => of_vault(error),
            Self::Key(KeyError::BadDevice) => Kind::Folder,
            Self::Key(KeyError::NoRandomness(_)) => Kind::Other,
            Self::Key(_) | Self::Code(_) | Self::BadTrust { .. } | Self::Ambiguous { .. } => {
                Kind::Input
            }
            Self::RelayKey | Self::RelayAddress(_) => Kind::Input,
            Self::Light(error) => of_light(error),
            Self::Checkpoint(error) => of_checkpoint(error),
            Self::Register(error) => of_register(error),
            Self::Wallet(error) => of_wallet(error),
            Self::Claim(ClaimError::Light(error)) => of_light(error),
            Self::Claim(_) => Kind::Unproven,
            Self::Chat(error) => of_chat(error),
            Self::Look(LookError::Light(error)) => of_light(error),
            Self::Look(_) => Kind::Unproven,
            Self::Record(RecordError::BadName { .. }) => Kind::Input,
            Self::Record(_) | Self::NumbersDiffer => Kind::Unproven,
            Self::Offline(OfflineError::OtherAccount { .. }) => Kind::State,
            Self::Offline(_) => Kind::Input,
            Self::Shared(SharedError::BadOwners { .. } | SharedError::BadThreshold { .. }) => {
                Kind::Input
            }
            Self::Change(_) | Self::Shared(_) | Self::NotAgreed | Self::NoTrust => Kind::State,
            Self::NothingAsked | Self::StillPaying => Kind::State,
            Self::NobodyThere { .. } | Self::Changed { .. } | Self::NotContact { .. } => {
                Kind::State
            }
            Self::BadInvitation { .. } | Self::NobodyToInvite { .. } => Kind::State,
            Self::BadText { .. }
            | Self::BadCommand { .. }
            | Self::BadTimer
            | Self::NoAmount(_)
            | Self::NoGroup { .. }
            | Self::GroupUnclear { .. }
            | Self::NameTaken { .. }
            | Self::NoDelivery
            | Self::NoPayment
            | Self::NoFile { .. }
            | Self::FileUnclear { .. }
            | Self::FileOfChat(FileError::NotAFile { .. } | FileError::TooLarge { .. })
            | Self::NoMessage { .. } => Kind::Input,
            Self::Waits { .. } | Self::NoHistory { .. } | Self::NotHere { .. } => Kind::Waiting,
            Self::Handed { code, .. } => Kind::of(*code),
            Self::HandLost => Kind::Other,
            Self::CoreDumps(_) => Kind::Other,
            Self::File { .. }
            | Self::FileOfChat(_)
            | Self::InUse
            | Self::NoFolder
            | Self::NoPassphrase
            | Self::NoNewPassphrase
            | Self::SamePassphrase
            | Self::PassphrasesDiffer
            | Self::ShortPassphrase { .. }
            | Self::NoPhrase => Kind::Folder,
        }
    }
}

fn of_chat(error: &ChatError) -> Kind {
    match error {
        ChatError::Vault(error) | ChatError::Wire(WireError::Vault(error)) => of_vault(error),
        ChatError::Wire(_) => Kind::Other,
        ChatError::Key(_) => Kind::Folder,
        ChatError::Engine(error) => match error {
            EngineError::Storage(_) | EngineError::Damaged { .. } | EngineError::Stopped => {
                Kind::Folder
            }
            EngineError::FileBroken => Kind::Unproven,
            EngineError::OutboxFull { .. }
            | EngineError::FilesFull { .. }
            | EngineError::NoSuchFile
            | EngineError::FileNotHere { .. }
            | EngineError::NobodyWithoutTrace
            | EngineError::Group(_)
            | EngineError::TooManyGroups { .. }
            | EngineError::TooManyWishes { .. } => Kind::State,
            _ => Kind::Input,
        },
        ChatError::Look(LookError::Light(error)) => of_light(error),
        ChatError::Look(_) => Kind::Unproven,
        _ => Kind::State,
    }
}

fn of_vault(error: &VaultError) -> Kind {
    match error {
        VaultError::NoAccount
        | VaultError::AccountExists
        | VaultError::NoAccountKey
        | VaultError::ContactExists { .. }
        | VaultError::NoContact { .. }
        | VaultError::TooManyContacts => Kind::State,
        VaultError::Key(KeyError::NoRandomness(_)) => Kind::Other,
        VaultError::Key(KeyError::BadDevice) => Kind::Folder,
        VaultError::Key(_) => Kind::Input,
        _ => Kind::Folder,
    }
}

fn of_node(error: &NodeError) -> Kind {
    match error {
        NodeError::Unreachable { .. } | NodeError::Silent { .. } => Kind::Silent,
        NodeError::Malformed { .. } => Kind::Unproven,
        _ => Kind::Other,
    }
}

fn of_light(error: &LightError) -> Kind {
    match error {
        LightError::Node(error) => of_node(error),
        LightError::Checkpoint(error) => of_checkpoint(error),
        LightError::ClockBehind { .. } => Kind::Other,
        _ => Kind::Unproven,
    }
}

fn of_checkpoint(error: &CheckpointError) -> Kind {
    match error {
        CheckpointError::OtherChain { .. } => Kind::Unproven,
        CheckpointError::NoGenesisState { .. } | CheckpointError::TooOld { .. } => Kind::State,
        _ => Kind::Input,
    }
}

fn of_submit(error: &SubmitError) -> Kind {
    match error {
        SubmitError::Node(error) => of_node(error),
        _ => Kind::Rejected,
    }
}

fn of_register(error: &RegisterError) -> Kind {
    match error {
        RegisterError::Light(error) => of_light(error),
        RegisterError::Submit(error) => of_submit(error),
        RegisterError::Expired => Kind::Rejected,
        _ => Kind::State,
    }
}

fn of_wallet(error: &WalletError) -> Kind {
    match error {
        WalletError::Light(error) | WalletError::Watch(WatchError::Light(error)) => of_light(error),
        WalletError::Submit(error) => of_submit(error),
        WalletError::Watch(WatchError::Unclear { .. }) => Kind::Other,
        WalletError::Watch(_) => Kind::Rejected,
        WalletError::BadLife { .. } => Kind::Input,
        _ => Kind::State,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_client::light::finality::FinalityError;

    #[test]
    fn a_lie_is_told_apart_from_silence_and_from_a_refusal() {
        let lie = LightError::Finality(FinalityError::Malformed);
        assert_eq!(Failure::from(lie).kind(), Kind::Unproven);
        let silence = LightError::Node(NodeError::Unreachable {
            url: "ws://nowhere".into(),
            cause: "refused".into(),
        });
        assert_eq!(Failure::from(silence).kind(), Kind::Silent);
        let refusal = WalletError::Submit(SubmitError::Rejected {
            reason: "bad signature".into(),
            remedy: "begin again",
        });
        assert_eq!(Failure::from(refusal).kind(), Kind::Rejected);
        let deep = WalletError::Watch(WatchError::Light(LightError::Stale { behind: 300 }));
        assert_eq!(Failure::from(deep).kind(), Kind::Unproven);
    }

    #[test]
    fn old_trust_is_a_matter_of_how_things_stand() {
        let old = || CheckpointError::TooOld { days: 9 };
        assert_eq!(Failure::from(old()).kind().code(), 8);
        let deep = LookError::Light(LightError::Checkpoint(old()));
        assert_eq!(Failure::from(deep).kind().code(), 8);
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        use clap::CommandFactory;
        let help = crate::arguments::Arguments::command()
            .render_help()
            .to_string();
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.code()), kind);
            assert!(help.contains(&format!("\n  {}  ", kind.code())), "{kind:?}");
        }
    }
}
