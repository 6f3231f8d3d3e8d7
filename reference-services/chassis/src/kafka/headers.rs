//! Headers of a message, whoever wrote it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rdkafka::message::{Header, Headers as Raw};

use super::Headers;

/// Names that are not text before the rest is left unread: each of them costs a panic and its line in the log.
const MOST_UNREADABLE: usize = 8;

/// The headers that are text. Others are left behind, and so is what follows too many whose names are not.
pub(super) fn text_of(headers: &impl Raw) -> Headers {
    let mut unreadable = 0;
    (0..headers.count())
        .map(|index| read(headers, index))
        .take_while(|header| {
            unreadable += usize::from(header.is_none());
            unreadable < MOST_UNREADABLE
        })
        .flatten()
        .filter_map(|header| Some((header.key.to_owned(), text(header.value?)?)))
        .collect()
}

/// One header. rdkafka panics where a name is not text, and knows no other way to read one: the record of whoever writes such a
/// name must not end the consumer, again with each delivery.
fn read(headers: &impl Raw, index: usize) -> Option<Header<'_, &[u8]>> {
    catch_unwind(AssertUnwindSafe(|| headers.try_get(index))).ok().flatten()
}

/// Bytes as text, if they are.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of whose names the first ones are not text.
    struct Written {
        unreadable: usize,
    }

    impl Raw for Written {
        fn count(&self) -> usize {
            self.unreadable + 1
        }

        fn try_get(&self, index: usize) -> Option<Header<'_, &[u8]>> {
            assert!(index >= self.unreadable, "as rdkafka does");
            Some(Header { key: "ce_id", value: Some(b"1") })
        }
    }

    #[test]
    fn a_few_names_that_are_not_text_hide_no_others_and_many_are_not_all_read() {
        let read = |unreadable| text_of(&Written { unreadable }).len();
        assert_eq!([read(0), read(MOST_UNREADABLE - 1), read(MOST_UNREADABLE)], [1, 1, 0]);
    }
}
