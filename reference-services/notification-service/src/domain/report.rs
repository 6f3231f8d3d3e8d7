//! What a provider reports, unasked, about a message it accepted.

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It reached its receiver.
    Delivered,
    /// It could not be delivered, or came back.
    Bounced,
}

impl Report {
    /// Reads SendGrid's name of an event. Other events do not say how it ends.
    #[must_use]
    pub fn of_sendgrid(event: &str) -> Option<Self> {
        match event {
            "delivered" => Some(Self::Delivered),
            "bounce" | "dropped" => Some(Self::Bounced),
            _ => None,
        }
    }

    /// Reads Twilio's name of a status. Other statuses do not say how it ends.
    #[must_use]
    pub fn of_twilio(status: &str) -> Option<Self> {
        match status {
            "delivered" => Some(Self::Delivered),
            "undelivered" | "failed" => Some(Self::Bounced),
            _ => None,
        }
    }
}
