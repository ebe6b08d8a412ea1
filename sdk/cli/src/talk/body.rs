//! What can be said, from what was typed.

use parlance_client::e2ee::{
    Body, Error, Text,
    content::{Delete, Edit, Reaction, Reply, Timer, WrittenText},
};
use parlance_client::messenger::ContentId;

use crate::failure::Failure;

/// Shortest and longest life of messages that disappear, seconds: what people have a use for.
const LIVES: std::ops::RangeInclusive<u32> = 5..=4 * 7 * 86_400;

fn bounded<const N: usize>(text: &str) -> Result<Text<N>, Failure> {
    Text::new(text).map_err(|cause: Error| Failure::BadText {
        cause: cause.to_string(),
    })
}

fn written<const N: usize>(words: &str) -> Result<Text<N>, Failure> {
    match words.trim().is_empty() {
        true => Err(Failure::BadText {
            cause: "there is nothing in it".into(),
        }),
        false => bounded(words),
    }
}

/// A text.
pub fn text(words: &str) -> Result<Body, Failure> {
    let text = written(words)?;
    Ok(Body::Text(WrittenText { text }))
}

/// An answer to a message.
pub fn reply(to: ContentId, words: &str) -> Result<Body, Failure> {
    let text = written(words)?;
    Ok(Body::Reply(Reply { to, text }))
}

/// A reaction; an empty one takes it back.
pub fn react(to: ContentId, emoji: &str) -> Result<Body, Failure> {
    let emoji = bounded(emoji)?;
    Ok(Body::Reaction(Reaction { to, emoji }))
}

/// A new text for a message.
pub fn edit(of: ContentId, words: &str) -> Result<Body, Failure> {
    let text = written(words)?;
    Ok(Body::Edit(Edit { of, text }))
}

/// Takes a message back.
pub fn delete(of: ContentId) -> Body {
    Body::Delete(Delete { of })
}

/// Lets later messages disappear so many seconds after they were read; none: they stay.
pub fn timer(lifetime: Option<u32>) -> Result<Body, Failure> {
    match lifetime {
        Some(seconds) if !LIVES.contains(&seconds) => Err(Failure::BadTimer),
        lifetime => Ok(Body::Timer(Timer { lifetime })),
    }
}

/// A life time as people write it, such as 30s, 5m, 1h, 7d, 4w; 'off' is none.
pub fn lifetime(text: &str) -> Result<Option<u32>, Failure> {
    if text == "off" {
        return Ok(None);
    }
    let (unit, seconds) = [
        ('s', 1),
        ('m', 60),
        ('h', 3_600),
        ('d', 86_400),
        ('w', 604_800),
    ]
    .into_iter()
    .find(|(unit, _)| text.ends_with(*unit))
    .ok_or(Failure::BadTimer)?;
    let number: Option<u32> = text.strip_suffix(unit).and_then(|it| it.parse().ok());
    let seconds = number.and_then(|number| number.checked_mul(seconds));
    match seconds {
        Some(seconds) if LIVES.contains(&seconds) => Ok(Some(seconds)),
        _ => Err(Failure::BadTimer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn life_times_are_read_and_senseless_ones_refused() {
        assert_eq!(lifetime("off").unwrap(), None);
        for (text, seconds) in [
            ("5s", 5),
            ("5m", 300),
            ("1h", 3_600),
            ("7d", 604_800),
            ("4w", 2_419_200),
        ] {
            assert_eq!(lifetime(text).unwrap(), Some(seconds));
            assert!(timer(Some(seconds)).is_ok());
        }
        for text in [
            "",
            "h",
            "1",
            "1x",
            "0s",
            "4s",
            "5w",
            "-1h",
            "99999999999w",
            "1 h",
            "ü",
        ] {
            assert!(lifetime(text).is_err(), "{text}");
        }
        assert!(timer(Some(0)).is_err() && timer(None).is_ok());
    }

    #[test]
    fn a_text_has_something_in_it_and_is_not_too_long() {
        assert!(text("hello").is_ok());
        assert!(text(" \n").is_err());
        assert!(text(&"a".repeat(48 * 1_024)).is_ok());
        let error = text(&"a".repeat(48 * 1_024 + 1)).unwrap_err();
        assert!(matches!(error, Failure::BadText { .. }));
        assert!(react([1; 16], "").is_ok());
        assert!(react([1; 16], &"👍".repeat(17)).is_err());
    }
}
