//! A body that does not come in time is given up.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Longest a client may take to send a body, all of it.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(8);

/// The body did not come in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the body did not come in time")]
pub(crate) struct SlowBody;

impl SlowBody {
    /// Whether this is why a body could not be read.
    pub(crate) fn is_cause_of(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .any(<dyn std::error::Error>::is::<Self>)
    }
}

/// A body with an end to its time.
pub(super) struct Patient {
    body: Body,
    end: Pin<Box<Sleep>>,
}

impl Patient {
    /// Gives a body its time. One that is empty needs none.
    pub(super) fn wrap(body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, end: Box::pin(sleep(BODY_TIMEOUT)) })
    }
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => self.end.as_mut().poll(context).map(|()| Some(Err(SlowBody.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
