//! The backup phrase: BIP-39 words for the account key.
//!
//! The words are those of BIP-39 in English. The key is made from them as wallets for polkadot-sdk chains
//! make it (`substrate-bip39`: PBKDF2 over the entropy), which differs from BIP-39's own seed; so a phrase
//! works here and there.

use std::fmt;

use bip39::{Language, Mnemonic};
use zeroize::{Zeroize, Zeroizing};

use super::{KeyError, random};

/// How many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Twelve: 128 bits.
    Twelve,
    /// Twenty-four: 256 bits.
    TwentyFour,
}

/// A backup phrase. It wipes itself.
#[derive(Clone)]
pub struct Phrase(Zeroizing<String>);

impl Phrase {
    /// A new one.
    pub fn generate(words: Words) -> Result<Self, KeyError> {
        let entropy = random::<32>()?;
        let bytes = match words {
            Words::Twelve => &entropy[..16],
            Words::TwentyFour => &entropy[..],
        };
        Self::from_entropy(bytes)
    }

    /// From words that somebody typed: any case and spacing.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lower = Zeroizing::new(text.to_lowercase());
        let words = Zeroizing::new(lower.split_whitespace().collect::<Vec<_>>().join(" "));
        lower.zeroize();
        let count = words.split(' ').count();
        if count != 12 && count != 24 {
            return Err(KeyError::BadLength { count });
        }
        Mnemonic::parse_in_normalized(Language::English, &words).map_err(|error| {
            // The library's message gives the place of a wrong word, which is no secret.
            KeyError::BadPhrase {
                cause: error.to_string(),
            }
        })?;
        Ok(Self(words))
    }

    /// The words, to be written down.
    pub fn words(&self) -> &str {
        &self.0
    }

    fn from_entropy(entropy: &[u8]) -> Result<Self, KeyError> {
        let mnemonic = Mnemonic::from_entropy_in(Language::English, entropy).map_err(|error| {
            KeyError::BadPhrase {
                cause: error.to_string(),
            }
        })?;
        Ok(Self(Zeroizing::new(mnemonic.to_string())))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_bip39() {
        // https://github.com/trezor/python-mnemonic/blob/master/vectors.json
        let vectors = [
            (
                "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
                "legal winner thank year wave sausage worth useful legal winner thank yellow",
            ),
            (
                "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
                "hamster diagram private dutch cause delay private meat slide toddler razor book \
                 happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
            ),
        ];
        for (entropy, words) in vectors {
            let phrase = Phrase::from_entropy(&hex::decode(entropy).unwrap()).unwrap();
            assert_eq!(phrase.words(), words);
            assert_eq!(Phrase::parse(words).unwrap().words(), words);
        }
    }

    #[test]
    fn new_phrases_differ_and_have_their_length() {
        for (words, count) in [(Words::Twelve, 12), (Words::TwentyFour, 24)] {
            let (one, other) = (Phrase::generate(words), Phrase::generate(words));
            let (one, other) = (one.unwrap(), other.unwrap());
            assert_eq!(one.words().split(' ').count(), count);
            assert_ne!(one.words(), other.words());
            assert!(Phrase::parse(one.words()).is_ok());
        }
    }

    #[test]
    fn typing_is_forgiven_and_wrong_words_are_not() {
        let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let typed = format!("  {}\n", words.to_uppercase().replace(' ', "   "));
        assert_eq!(Phrase::parse(&typed).unwrap().words(), words);
        let swapped = words.replace("legal winner thank yellow", "winner legal thank yellow");
        assert!(matches!(
            Phrase::parse(&swapped),
            Err(KeyError::BadPhrase { .. })
        ));
        let unknown = words.replace("sausage", "tofu");
        assert!(matches!(
            Phrase::parse(&unknown),
            Err(KeyError::BadPhrase { .. })
        ));
        assert!(matches!(
            Phrase::parse("legal winner"),
            Err(KeyError::BadLength { count: 2 })
        ));
        assert!(Phrase::parse("").is_err());
    }

    #[test]
    fn it_does_not_show_itself() {
        let phrase = Phrase::generate(Words::Twelve).unwrap();
        assert_eq!(format!("{phrase:?}"), "Phrase");
    }
}
