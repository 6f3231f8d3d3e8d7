//! Work that goes on when nobody waits for it any more: so much at once, and no more.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};
use tracing::Instrument as _;

/// Places for such work.
#[derive(Clone)]
pub(super) struct Apart(Arc<Semaphore>);

impl Apart {
    /// So many at once.
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// What the work comes to, if there is a place for it and it is done in time. Once begun it goes on to its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.0).try_acquire_owned().ok()?;
        let working = async move {
            let done = work.await;
            drop(place);
            done
        };
        timeout(patience, tokio::spawn(working.in_current_span())).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::sync::oneshot;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_place_is_not_begun() {
        let apart = Apart::new(1);
        assert_eq!(apart.run(PATIENCE, pending::<()>()).await, None);
        assert_eq!(apart.run(PATIENCE, ready(2)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_took_too_long_goes_on_and_its_place_is_free_at_its_end() {
        let apart = Apart::new(1);
        let ((go, gone), (tell, told)) = (oneshot::channel::<()>(), oneshot::channel());
        let slow = async move {
            gone.await.unwrap();
            tell.send(()).unwrap();
        };
        assert_eq!(apart.run(PATIENCE, slow).await, None);
        go.send(()).unwrap();
        told.await.unwrap();
        assert_eq!(apart.run(PATIENCE, ready(2)).await, Some(2));
    }
}
