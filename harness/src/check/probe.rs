//! What a probe inside the cluster should have met.

use conformance_probe::{Attempt, ConnectAnswer, RefusalKind};

use super::{Checked, judge};

/// The connection was cut without an answer, as a proxy does that wants mTLS; a silent or absent server is something else.
pub fn cut_off(attempt: &Attempt) -> Checked {
    let kind = attempt.error.as_ref().map(|refusal| refusal.kind);
    judge(
        matches!(kind, Some(RefusalKind::Reset | RefusalKind::Closed)),
        "the connection reset or closed by the peer",
        told(attempt),
    )
}

/// The peer took the connection and said something that contains `text`.
pub fn said(text: &str) -> impl Fn(&ConnectAnswer) -> Checked + '_ {
    move |answer| {
        judge(answer.received.contains(text), format!("an answer with `{text}`"), summary(answer))
    }
}

/// The peer took the connection but gave no answer to what was sent in plain text.
pub fn silent_to_plaintext(answer: &ConnectAnswer) -> Checked {
    let cut = answer
        .error
        .as_ref()
        .is_some_and(|refusal| matches!(refusal.kind, RefusalKind::Reset | RefusalKind::Closed));
    judge(
        answer.connected && answer.received.is_empty() && cut,
        "a connection that is cut when it speaks plain text",
        summary(answer),
    )
}

/// TLS was agreed.
pub fn spoke_tls(answer: &ConnectAnswer) -> Checked {
    judge(
        answer.tls_version.is_some(),
        "TLS with a certificate of the platform's authority",
        summary(answer),
    )
}

/// The peer proved who it is, and refused whoever called with this alert of RFC 8446, without a word of what it serves.
pub fn alerted(alert: String) -> impl Fn(&ConnectAnswer) -> Checked {
    move |answer| {
        judge(
            answer.tls_version.is_some()
                && answer.alert.as_ref() == Some(&alert)
                && answer.received.is_empty(),
            format!("a TLS handshake that ends with the alert {alert}"),
            summary(answer),
        )
    }
}

fn told(attempt: &Attempt) -> String {
    match (&attempt.status, &attempt.error) {
        (Some(status), _) => {
            format!("status {status}: {}", attempt.body.chars().take(200).collect::<String>())
        }
        (None, Some(refusal)) => {
            format!("{:?} after {} ms: {}", refusal.kind, attempt.millis, refusal.message)
        }
        (None, None) => "neither an answer nor an error".to_owned(),
    }
}

fn summary(answer: &ConnectAnswer) -> String {
    let error = answer
        .error
        .as_ref()
        .map_or_else(String::new, |refusal| format!(", {:?}: {}", refusal.kind, refusal.message));
    format!(
        "connected: {}, TLS: {}, answer: {:?}{error}",
        answer.connected,
        answer.tls_version.as_deref().unwrap_or("none"),
        answer.received
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use conformance_probe::Refusal;

    fn failed(kind: RefusalKind) -> Attempt {
        let error = Some(Refusal { kind, message: "x".to_owned() });
        Attempt {
            status: None,
            headers: std::collections::BTreeMap::default(),
            body: String::new(),
            error,
            millis: 3,
        }
    }

    #[test]
    fn a_reset_is_a_refusal_but_a_dead_or_slow_server_is_not() {
        assert!(cut_off(&failed(RefusalKind::Reset)).is_ok());
        for kind in
            [RefusalKind::Refused, RefusalKind::Timeout, RefusalKind::Name, RefusalKind::Other]
        {
            assert!(cut_off(&failed(kind)).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn an_answer_in_plain_text_is_a_mismatch() {
        let answered = Attempt { status: Some(200), error: None, ..failed(RefusalKind::Other) };
        assert!(cut_off(&answered).unwrap_err().to_string().contains("status 200"));
    }

    #[test]
    fn a_server_that_was_not_reached_does_not_count_as_silent() {
        let unreached =
            ConnectAnswer { error: failed(RefusalKind::Refused).error, ..ConnectAnswer::default() };
        let cut = ConnectAnswer {
            connected: true,
            error: failed(RefusalKind::Closed).error,
            ..unreached.clone()
        };
        assert!(silent_to_plaintext(&unreached).is_err());
        assert!(silent_to_plaintext(&cut).is_ok());
    }

    #[test]
    fn only_the_alert_itself_from_a_peer_that_proved_its_identity_is_a_refusal_by_name() {
        let refused = ConnectAnswer {
            connected: true,
            tls_version: Some("TLSv1_3".to_owned()),
            alert: Some("UnknownCA".to_owned()),
            ..ConnectAnswer::default()
        };
        let judged = alerted("UnknownCA".to_owned());
        assert!(judged(&refused).is_ok());
        for other in [
            ConnectAnswer { alert: Some("CertificateRequired".to_owned()), ..refused.clone() },
            ConnectAnswer { alert: None, ..refused.clone() },
            ConnectAnswer { tls_version: None, ..refused.clone() },
            ConnectAnswer { received: "HTTP/1.1 200 OK".to_owned(), ..refused.clone() },
        ] {
            assert!(judged(&other).is_err(), "{other:?}");
        }
    }
}
