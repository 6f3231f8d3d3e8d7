//! What the pods of a service say for themselves.

use super::{Checked, judge};
use crate::component::pods::PodAnswer;

/// The pod answered, and with this status.
pub fn pod_answers(status: u16) -> impl Fn(&PodAnswer) -> Checked {
    move |asked| {
        let expected = format!("status {status} of every pod");
        match &asked.answer {
            Ok(answer) => {
                judge(answer.status == status, expected, format!("{answer} of pod {}", asked.pod))
            }
            Err(cause) => {
                judge(false, expected, format!("no answer of pod {}: {cause}", asked.pod))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::each;
    use crate::services::Answer;

    fn asked(pod: &str, answer: Result<u16, &str>) -> PodAnswer {
        let answer = answer.map(|status| Answer { status, ..Answer::default() });
        PodAnswer { pod: pod.to_owned(), answer: answer.map_err(str::to_owned) }
    }

    #[test]
    fn one_pod_that_is_not_ready_or_silent_is_named() {
        let good = || asked("user-1", Ok(200));
        assert!(each(pod_answers(200))(&[good(), good()]).is_ok());
        for bad in [asked("user-2", Ok(503)), asked("user-2", Err("connection refused"))] {
            let mismatch = each(pod_answers(200))(&[good(), bad]).unwrap_err().to_string();
            assert!(mismatch.contains("pod user-2"), "{mismatch}");
        }
    }

    #[test]
    fn a_service_without_a_pod_has_not_answered() {
        assert!(each(pod_answers(200))(&[]).is_err());
    }
}
