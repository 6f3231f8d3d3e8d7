//! What a reader saw in a place without a value for it. What it then reads may be put there only while the place is still the same:
//! every removal leaves a mark of its own.

use redis::Cmd;
use uuid::Uuid;

/// How long a removal's mark stays, in seconds: as long as a request that read before the change may take.
const REMOVED_FOR: u64 = 10;
/// Keeps a value in place of a certain mark.
const KEEP: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end \
     return redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])";

/// What was in the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Redis did not say.
    Unknown,
    /// Nothing.
    Nothing,
    /// The mark of a removal, or what an older or newer version wrote.
    Mark(Vec<u8>),
}

impl Seen {
    /// The name of the flight of those who saw the same: who saw a later mark does not join those who read before the change.
    pub(super) fn flight(&self, key: &str) -> String {
        match self {
            Self::Unknown => format!("{key}?"),
            Self::Nothing => key.to_owned(),
            Self::Mark(mark) => format!("{key}@{}", String::from_utf8_lossy(mark)),
        }
    }

    /// Puts a value there for so many seconds, if the place is still the same. There is no way to tell without having seen it.
    pub(super) fn keep(&self, key: &str, bytes: &[u8], seconds: u64) -> Option<Cmd> {
        match self {
            Self::Unknown => None,
            Self::Nothing => Some(set(key, bytes, seconds).arg("NX").clone()),
            Self::Mark(mark) => {
                let mut script = Cmd::new();
                script.arg("EVAL").arg(KEEP).arg(1).arg(key).arg(mark).arg(bytes).arg(seconds);
                Some(script)
            }
        }
    }
}

/// Puts a value there whatever it held.
pub(super) fn set(key: &str, bytes: &[u8], seconds: u64) -> Cmd {
    Cmd::new().arg("SET").arg(key).arg(bytes).arg("EX").arg(seconds).clone()
}

/// Puts a new mark there. It is no JSON, so it reads as a miss.
pub(super) fn remove(key: &str) -> Cmd {
    let mark = format!("removed:{}", Uuid::new_v4());
    set(key, mark.as_bytes(), REMOVED_FOR)
}
