//! How is a field written? A word or several; a number or the word that takes it away.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The word that takes away what is there.
pub(super) const NONE: &str = "none";

/// `"any"`, or `["10.0.0.0/8", "203.0.113.7"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(super) Vec<String>);

/// `10`, or `"none"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(super) Option<u32>);

impl Words {
    /// Whether they say that there are none.
    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty() || self.0 == [NONE]
    }

    /// The words; nothing for `none`.
    pub(super) fn list(self) -> Vec<String> {
        if self.are_none() { Vec::new() } else { self.0 }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Words;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a word or a list of words")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words(vec![word.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Count;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a whole number or `none`")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
                u32::try_from(number).map(|number| Count(Some(number))).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Count, E> {
                if word == NONE { Ok(Count(None)) } else { Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)) }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_is_a_list_of_one() {
        let words = |text: &str| serde_json::from_str::<Words>(text).map(|words| words.0).map_err(|error| error.to_string());
        assert_eq!(words(r#""any""#), words(r#"["any"]"#));
        assert!(words("25").unwrap_err().contains("expected a word or a list of words"));
        assert!(words(r#"["any", 25]"#).unwrap_err().contains("expected a string"));
    }

    #[test]
    fn a_count_is_a_whole_number_or_none() {
        let count = |text: &str| serde_json::from_str::<Count>(text).map(|count| count.0).map_err(|error| error.to_string());
        assert_eq!((count("10"), count(r#""none""#)), (Ok(Some(10)), Ok(None)));
        for wrong in ["-1", "1.5", "4294967296", r#""ten""#, "[]"] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }
}
