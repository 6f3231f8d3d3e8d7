//! What a commit changes of what is cached.

use std::{future::IntoFuture, mem};

use futures::future::BoxFuture;

use super::{change::Change, sender::Sender};

/// Changes of what is cached, made before the commit that makes them true, and awaited after it. That goes on when the caller hangs
/// up, and when Redis is away it hears of it as soon as it is back.
///
/// Who is cut off during the commit, or is not told how it ended, drops this: what was cached is ended a moment later, for the
/// commit may well have happened, and again when it can no longer be under way.
#[must_use = "what was cached is ended late unless this is awaited"]
pub struct Invalidation {
    sender: Sender,
    changes: Vec<Change>,
}

impl Invalidation {
    pub(super) const fn new(sender: Sender, changes: Vec<Change>) -> Self {
        Self { sender, changes }
    }

    /// Both, side by side.
    pub fn and(mut self, mut other: Self) -> Self {
        self.changes.append(&mut other.changes);
        self
    }
}

impl IntoFuture for Invalidation {
    type Output = ();
    type IntoFuture = BoxFuture<'static, ()>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let changes = mem::take(&mut self.changes);
            self.sender.send(changes).await;
        })
    }
}

impl Drop for Invalidation {
    fn drop(&mut self) {
        self.sender.send_later(mem::take(&mut self.changes));
    }
}
