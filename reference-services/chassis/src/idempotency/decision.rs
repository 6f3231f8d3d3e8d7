//! What to do with a key that was seen before: pure.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Answer, Fingerprint};

/// How long a key is remembered. Afterwards it is a new one.
pub const LIFE: TimeDelta = TimeDelta::hours(24);

/// What is remembered of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// Id of what the request makes, chosen when the key was first seen.
    pub subject_id: Uuid,
    /// Until when the work is somebody's; an end in the past says that they died or gave up.
    pub locked_until: DateTime<Utc>,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// When the key was first seen.
    pub created_at: DateTime<Utc>,
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The key has aged out: begin anew.
    Restart,
    /// The one who worked on it is gone: go on where they stopped, under the same id.
    Resume,
    /// Answer as before.
    Replay(Answer),
    /// Somebody is working on it.
    Running,
    /// The key was used for another request.
    Mismatch,
}

/// Decides about a key that was seen before.
#[must_use]
pub fn decide(record: &Record, asked: Fingerprint, now: DateTime<Utc>) -> Decision {
    if now - record.created_at >= LIFE {
        return Decision::Restart;
    }
    if record.fingerprint != asked {
        return Decision::Mismatch;
    }
    match &record.answer {
        Some(answer) => Decision::Replay(answer.clone()),
        None if record.locked_until > now => Decision::Running,
        None => Decision::Resume,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn record(answered: bool, locked_for: i64, age: TimeDelta, now: DateTime<Utc>) -> Record {
        Record {
            fingerprint: Fingerprint::of(&"asked").unwrap(),
            subject_id: Uuid::now_v7(),
            locked_until: now + TimeDelta::seconds(locked_for),
            answer: answered.then(|| Answer::new(StatusCode::CREATED, "{}".to_owned())),
            created_at: now - age,
        }
    }

    fn decided(answered: bool, locked_for: i64, age: TimeDelta, asked: &str) -> Decision {
        let now = Utc::now();
        decide(&record(answered, locked_for, age, now), Fingerprint::of(&asked).unwrap(), now)
    }

    #[test]
    fn the_same_request_gets_the_first_answer() {
        let first = Answer::new(StatusCode::CREATED, "{}".to_owned());
        assert_eq!(decided(true, -1, TimeDelta::zero(), "asked"), Decision::Replay(first));
    }

    #[test]
    fn another_request_under_the_same_key_is_a_mistake_whether_or_not_the_first_is_done() {
        for answered in [false, true] {
            assert_eq!(decided(answered, 1, TimeDelta::zero(), "other"), Decision::Mismatch);
        }
    }

    #[test]
    fn work_belongs_to_one_until_they_are_gone() {
        assert_eq!(decided(false, 1, TimeDelta::zero(), "asked"), Decision::Running);
        assert_eq!(decided(false, 0, TimeDelta::zero(), "asked"), Decision::Resume);
    }

    #[test]
    fn a_key_is_forgotten_after_a_day_and_not_before() {
        for asked in ["asked", "other"] {
            assert_eq!(decided(true, -1, LIFE, asked), Decision::Restart);
        }
        let almost = LIFE - TimeDelta::milliseconds(1);
        assert!(matches!(decided(true, -1, almost, "asked"), Decision::Replay(_)));
    }
}
