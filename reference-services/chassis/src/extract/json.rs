//! What no JSON body of ours has, found before anything is read into types.

/// Deepest nesting of a body. Ours have three levels.
const MAX_DEPTH: usize = 32;

/// Why a body is refused unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    /// PostgreSQL has no NUL in text; refusing it here spares every field its own check.
    Nul,
    /// Nested deeper than anything of ours.
    Deep,
}

/// Looks through a text once. What is not JSON at all is left to the parser.
pub(super) fn find_odd(body: &[u8]) -> Option<Odd> {
    let (mut depth, mut in_text, mut at) = (0_usize, false, 0);
    while let Some(byte) = body.get(at) {
        match (in_text, byte) {
            (_, 0) => return Some(Odd::Nul),
            (true, b'\\') if body[at..].starts_with(br"\u0000") => return Some(Odd::Nul),
            // The escaped byte is no end of the text.
            (true, b'\\') => at += 1,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(Odd::Deep);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_nul_is_found_whether_raw_or_escaped() {
        for body in [&b"{\"a\":\"\x00\"}"[..], br#"{"a":"\u0000"}"#, br#"{"\u0000":1}"#] {
            assert_eq!(find_odd(body), Some(Odd::Nul), "{body:?}");
        }
        assert_eq!(find_odd(br#"{"a":"\\u0000"}"#), None, "an escaped backslash and four zeros");
    }

    #[test]
    fn brackets_in_a_text_nest_nothing() {
        assert_eq!(find_odd(format!(r#"{{"a":"{}"}}"#, "[".repeat(100)).as_bytes()), None);
        assert_eq!(find_odd(br#"{"a":"\"[[[["}"#), None);
    }

    #[test]
    fn the_deepest_allowed_is_allowed_and_one_more_is_not() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(find_odd(nested(MAX_DEPTH).as_bytes()), None);
        assert_eq!(find_odd(nested(MAX_DEPTH + 1).as_bytes()), Some(Odd::Deep));
    }

    proptest! {
        #[test]
        fn a_text_without_nul_is_never_odd(text in "[^\u{0}]{0,64}") {
            let body = serde_json::to_vec(&[text]).unwrap();
            prop_assert_eq!(find_odd(&body), None);
        }

        #[test]
        fn any_bytes_can_be_looked_through(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            find_odd(&bytes);
        }
    }
}
