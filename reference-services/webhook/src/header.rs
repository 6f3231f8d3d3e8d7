//! The header as it is written: a time and at least one signature, in any order, unknown schemes passed over.

/// Most signatures that are looked at: a secret is replaced by one other, and each comparison costs a hash of the body.
const MOST_SIGNATURES: usize = 8;
/// Longest header that is looked at, in bytes.
const LONGEST: usize = 1024;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Unix seconds.
    pub(crate) signed_at: i64,
    /// What the sender claims to have computed.
    pub(crate) signatures: Vec<Vec<u8>>,
}

impl Header {
    /// Reads the header; `None` unless it holds one time and one to eight signatures, each of them hexadecimal.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (mut times, mut signatures) = (Vec::new(), Vec::new());
        for part in text.split(',') {
            match part.split_once('=')? {
                ("t", time) => times.push(seconds(time)?),
                ("v1", signature) => signatures.push(hex::decode(signature).ok()?),
                // A scheme of another age.
                _ => {}
            }
        }
        let [signed_at] = times[..] else { return None };
        let is_readable = (1..=MOST_SIGNATURES).contains(&signatures.len());
        is_readable.then_some(Self { signed_at, signatures })
    }
}

/// Digits only: one time has one spelling, the one that was signed.
fn seconds(text: &str) -> Option<i64> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}
