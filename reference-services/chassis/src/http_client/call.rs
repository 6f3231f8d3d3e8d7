//! How a call went, for the breaker in front of it. The head of an answer says only that it was begun; a callee that hangs in the
//! body did not answer.

use std::sync::Arc;

use reqwest::Response;

use super::ClientError;
use crate::breaker::Permit;

/// A call whose end the breaker waits for. One that is dropped counts neither way.
pub(super) struct Call {
    permit: Permit,
    /// Whether the callee had as long as usual.
    has_full_time: bool,
}

/// Where a call waits until the body of its answer is read. Extensions must be cloneable, though nobody clones them.
#[derive(Clone)]
struct Waiting(Arc<Unread>);

/// A call with an answer that nobody has read. If nobody ever does, the head was all that was wanted of it.
struct Unread(Option<Call>);

impl Drop for Unread {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call.ended(true);
        }
    }
}

impl Call {
    pub(super) const fn new(permit: Permit, has_full_time: bool) -> Self {
        Self { permit, has_full_time }
    }

    /// The call of an answer whose body is about to be read.
    pub(super) fn of(response: &mut Response) -> Option<Self> {
        let Waiting(unread) = response.extensions_mut().remove()?;
        Arc::into_inner(unread)?.0.take()
    }

    /// There is a head, or none will come. A good one is kept until its body has come too.
    pub(super) fn answered(self, answer: &mut Result<Response, ClientError>) {
        match answer {
            Ok(response) if !response.status().is_server_error() => {
                response.extensions_mut().insert(Waiting(Arc::new(Unread(Some(self)))));
            }
            Ok(_) | Err(_) => self.ended(false),
        }
    }

    /// Tells the breaker. A callee that was given less time than usual did not fail if it did not make it: else one caller in a
    /// hurry would close the way for all.
    pub(super) fn ended(self, is_well: bool) {
        if is_well {
            self.permit.succeeded();
        } else if self.has_full_time {
            self.permit.failed();
        }
    }
}
