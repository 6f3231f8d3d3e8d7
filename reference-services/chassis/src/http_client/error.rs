//! Why a call gave no usable answer.

use std::time::Duration;

use reqwest::StatusCode;

use super::BodyError;
use crate::breaker::Open;

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answered, or not in time: whether the call had an effect is unknown.
    #[error("{service} did not answer")]
    NoAnswer {
        /// Who was asked.
        service: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The answer was a refusal.
    #[error("{service} answered {status}")]
    Status {
        /// Who was asked.
        service: &'static str,
        /// What it said.
        status: StatusCode,
        /// The code of its problem document, if it is one of ours.
        problem: Option<String>,
    },
    /// The answer was not what was agreed.
    #[error("the answer of {service} is not what was agreed")]
    Body {
        /// Who was asked.
        service: &'static str,
        /// What is wrong with it.
        source: BodyError,
    },
    /// The path does not make an address.
    #[error("`{path}` is not a path of {service}")]
    Path {
        /// Who was to be asked.
        service: &'static str,
        /// The path.
        path: String,
        /// Why.
        source: url::ParseError,
    },
    /// Nobody was asked: the service did not answer the last calls.
    #[error(transparent)]
    Open(#[from] Open),
    /// Nobody was asked: the request this call belongs to has no time left.
    #[error("no time left to ask {service}")]
    NoTime {
        /// Who was to be asked.
        service: &'static str,
    },
}

impl ClientError {
    /// The status of a refusal.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::NoAnswer { .. }
            | Self::Body { .. }
            | Self::Path { .. }
            | Self::Open(_)
            | Self::NoTime { .. } => None,
        }
    }

    /// What a refusal is about, if one of our services wrote it: the code of its problem document. The status alone does not say
    /// who refused: anybody on the way may answer with any.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Status { problem, .. } => problem.as_deref(),
            Self::NoAnswer { .. }
            | Self::Body { .. }
            | Self::Path { .. }
            | Self::Open(_)
            | Self::NoTime { .. } => None,
        }
    }

    /// Whether nobody was asked, so that the call surely had no effect.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(self, Self::Path { .. } | Self::Open(_) | Self::NoTime { .. })
    }

    /// When asking again makes sense, if that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Open(open) => Some(open.retry_after),
            Self::NoAnswer { .. }
            | Self::Status { .. }
            | Self::Body { .. }
            | Self::Path { .. }
            | Self::NoTime { .. } => None,
        }
    }

    /// Whether asking again at once may help.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Status { status, .. } => {
                matches!(
                    *status,
                    StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                )
            }
            Self::Body { .. } | Self::Path { .. } | Self::Open(_) | Self::NoTime { .. } => false,
        }
    }
}
