//! What a person types.

use parlance_client::{chain::amount::Amount, e2ee::content::PaymentKind};

use crate::{failure::Failure, talk::body::lifetime};

/// Names of the commands.
pub const NAMES: [&str; 17] = [
    "reply", "react", "edit", "delete", "timer", "search", "history", "open", "file", "get", "tip",
    "red", "yes", "receipts", "status", "help", "quit",
];

/// The commands, for people.
pub const HELP: &[&str] = &[
    "/reply NUMBER TEXT     answers a message",
    "/react NUMBER EMOJI    reacts to a message; without an emoji it takes the reaction back",
    "/edit NUMBER TEXT      gives a message of yours another text",
    "/delete NUMBER         takes a message of yours back",
    "/timer 1h              lets later messages disappear an hour after they were read; 'off' lets them stay",
    "/search WORDS          shows messages with these words",
    "/history [COUNT]       shows the last messages, and how far yours are",
    "/open NAME             shows the conversation with somebody else",
    "/file PATH             sends a file",
    "/get NUMBER            takes the file of a message, or saves it once more",
    "/tip 5 [NOTE]          pays five tokens; /yes agrees",
    "/red 5 [GREETING]      pays them as a present, in a red envelope",
    "/receipts on|off       whether others are told what you have read",
    "/status                what waits, and where this device listens",
    "/quit                  ends; so do Ctrl-D, and Ctrl-C on an empty line",
    "the tab key            completes commands, and names of contacts",
    "//TEXT                 says /TEXT",
];

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Nothing.
    Nothing,
    /// A text.
    Say(String),
    /// An answer.
    Reply(u64, String),
    /// A reaction.
    React(u64, String),
    /// Another text.
    Edit(u64, String),
    /// To be taken back.
    Delete(u64),
    /// Life of later messages.
    Timer(Option<u32>),
    /// Words to be found.
    Search(String),
    /// So many of the last messages.
    History(u16),
    /// The conversation with somebody else.
    Open(String),
    /// A file to be sent.
    File(String),
    /// The message whose file is taken.
    Get(u64),
    /// Tokens, with a note.
    Pay(PaymentKind, Amount, String),
    /// Agrees to a payment.
    Yes,
    /// Whether others are told what was read.
    Receipts(bool),
    /// How things stand.
    Status,
    /// The commands.
    Help,
    /// The end.
    Quit,
}

/// Reads a line.
pub fn read(line: &str) -> Result<Typed, Failure> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Typed::Nothing);
    }
    let Some(command) = line.strip_prefix('/') else {
        return Ok(Typed::Say(line.into()));
    };
    if command.starts_with('/') {
        return Ok(Typed::Say(command.into()));
    }
    let (name, rest) = split(command);
    let wrong = || Failure::BadCommand {
        command: format!("/{name}"),
    };
    let numbered = || {
        let (number, text) = split(rest);
        let number = number.parse::<u64>().map_err(|_| wrong())?;
        Ok::<_, Failure>((number, text.to_owned()))
    };
    let with_text = || match numbered()? {
        (_, text) if text.is_empty() => Err(wrong()),
        found => Ok(found),
    };
    match (name, rest) {
        ("reply", _) => with_text().map(|(number, text)| Typed::Reply(number, text)),
        ("edit", _) => with_text().map(|(number, text)| Typed::Edit(number, text)),
        ("react", _) => numbered().map(|(number, emoji)| Typed::React(number, emoji)),
        ("delete", _) => match numbered()? {
            (number, text) if text.is_empty() => Ok(Typed::Delete(number)),
            _ => Err(wrong()),
        },
        ("timer", _) => lifetime(rest).map(Typed::Timer),
        ("search", words) if !words.is_empty() => Ok(Typed::Search(words.into())),
        ("history", "") => Ok(Typed::History(20)),
        ("history", count) => match count.parse() {
            Ok(count) if count > 0 => Ok(Typed::History(count)),
            _ => Err(wrong()),
        },
        ("open", name) if !name.is_empty() => Ok(Typed::Open(name.into())),
        ("file", path) if !path.is_empty() => Ok(Typed::File(path.into())),
        ("get", _) => match numbered()? {
            (number, text) if text.is_empty() => Ok(Typed::Get(number)),
            _ => Err(wrong()),
        },
        ("tip" | "red", what) if !what.is_empty() => {
            let (amount, note) = split(what);
            let kind = match name {
                "tip" => PaymentKind::Tip,
                _ => PaymentKind::RedEnvelope,
            };
            Ok(Typed::Pay(kind, amount.parse()?, note.into()))
        }
        ("yes", "") => Ok(Typed::Yes),
        ("receipts", "on") => Ok(Typed::Receipts(true)),
        ("receipts", "off") => Ok(Typed::Receipts(false)),
        ("status", "") => Ok(Typed::Status),
        ("help", "") => Ok(Typed::Help),
        ("quit", "") => Ok(Typed::Quit),
        _ => Err(wrong()),
    }
}

/// The first word, and what follows.
fn split(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        read(line).unwrap()
    }

    #[test]
    fn lines_are_texts_or_commands() {
        let text = |text: &str| String::from(text);
        assert_eq!(typed("  "), Typed::Nothing);
        assert_eq!(
            typed("coffee at four? "),
            Typed::Say(text("coffee at four?"))
        );
        assert_eq!(typed("//etc is full"), Typed::Say(text("/etc is full")));
        assert_eq!(typed("/reply 12  yes"), Typed::Reply(12, text("yes")));
        assert_eq!(typed("/edit 3 a b"), Typed::Edit(3, text("a b")));
        assert_eq!(typed("/react 3 👍"), Typed::React(3, text("👍")));
        assert_eq!(typed("/react 3"), Typed::React(3, text("")));
        assert_eq!(typed("/delete 3"), Typed::Delete(3));
        assert_eq!(typed("/timer 1h"), Typed::Timer(Some(3_600)));
        assert_eq!(typed("/timer off"), Typed::Timer(None));
        assert_eq!(typed("/search a b"), Typed::Search(text("a b")));
        assert_eq!(typed("/history"), Typed::History(20));
        assert_eq!(typed("/history 5"), Typed::History(5));
        assert_eq!(typed("/receipts off"), Typed::Receipts(false));
        assert_eq!(typed("/open berta"), Typed::Open(text("berta")));
        assert_eq!(typed("/file a b.txt"), Typed::File(text("a b.txt")));
        assert_eq!(typed("/get 7"), Typed::Get(7));
        let amount = "1.5".parse().unwrap();
        assert_eq!(
            typed("/tip 1.5"),
            Typed::Pay(PaymentKind::Tip, amount, text(""))
        );
        assert_eq!(
            typed("/red 1.5 good  luck"),
            Typed::Pay(PaymentKind::RedEnvelope, amount, text("good  luck"))
        );
        assert_eq!(typed("/yes"), Typed::Yes);
        let rest = [typed("/status"), typed("/help"), typed("/quit")];
        assert_eq!(rest, [Typed::Status, Typed::Help, Typed::Quit]);
    }

    #[test]
    fn a_command_that_lacks_something_is_not_said_to_anybody() {
        for line in [
            "/",
            "/nothing",
            "/ reply",
            "/reply",
            "/reply 1",
            "/reply x y",
            "/edit 1 ",
            "/delete",
            "/delete 1 2",
            "/delete -1",
            "/react",
            "/search",
            "/history 0",
            "/history x",
            "/receipts",
            "/open",
            "/file",
            "/get",
            "/get 1 2",
            "/tip",
            "/yes please",
            "/quit now",
        ] {
            let error = read(line).unwrap_err();
            assert!(matches!(error, Failure::BadCommand { .. }), "{line}");
        }
        assert!(matches!(read("/tip five"), Err(Failure::NoAmount(_))));
        assert!(matches!(read("/red -1"), Err(Failure::NoAmount(_))));
        assert!(matches!(read("/timer"), Err(Failure::BadTimer)));
        assert!(matches!(read("/timer 1"), Err(Failure::BadTimer)));
    }

    #[test]
    fn the_help_names_every_command() {
        let help = HELP.join("\n");
        for name in NAMES.iter().filter(|name| **name != "help") {
            assert!(help.contains(&format!("/{name}")), "{name}");
        }
    }
}
