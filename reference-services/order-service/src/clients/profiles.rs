//! user-service: whether the customer still exists.

use std::time::Duration;

use axum::http::StatusCode;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::cache::{Cache, TypedCache};
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use ecotrack_chassis::{ApiError, ApiResult, context};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tracing::Instrument as _;
use uuid::Uuid;

use super::away;

/// How long a customer we asked about stands in for an answer of user-service that does not come.
const FALLBACK_LIFE: Duration = Duration::from_mins(5);
/// How long an order waits for user-service: what else it takes must fit into the request's time too.
const PATIENCE: Duration = Duration::from_secs(2);
/// Name of the cache, which begins its keys.
const CACHE: &str = "order:customer";

/// Asks user-service.
#[derive(Clone)]
pub(crate) struct Profiles {
    client: ServiceClient,
    seen: TypedCache<Customer>,
}

/// All we need of a profile is whose it is.
#[derive(Serialize, Deserialize)]
struct Customer {
    user_id: Uuid,
}

/// Where it is known from that a customer exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// user-service said so just now.
    Fresh,
    /// It said so in the last minutes and does not answer now.
    Cached,
}

impl Profiles {
    /// Asks through this client.
    #[must_use]
    pub(crate) fn new(client: ServiceClient, cache: &Cache) -> Self {
        Self { client, seen: cache.of(CACHE, FALLBACK_LIFE) }
    }

    /// Refuses a caller whose account is gone although the token still lives. When user-service is away, who was there
    /// minutes ago still is: the token says who it is, and an outage there need not be one here.
    pub(crate) async fn require(&self, caller: &Caller) -> ApiResult<Knowledge> {
        let id = caller.user_id.to_string();
        let error = match self.ask(&id, caller).await {
            Ok(customer) => {
                self.seen.put(&id, &customer).await;
                return Ok(Knowledge::Fresh);
            }
            Err(error) => error,
        };
        match error.verdict() {
            Some(Verdict::Gone) => {
                self.seen.remove(&id).await;
                Err(ApiError::forbidden().caused_by(error))
            }
            Some(Verdict::NotSignedIn) => Err(ApiError::unauthenticated().caused_by(error)),
            None => self.recall(caller, error).await,
        }
    }

    /// Asks in a task of its own, and does not wait for long. A service that hangs uses up the time of all its attempts: the
    /// breaker is told how they end, while the order goes on.
    async fn ask(&self, id: &str, caller: &Caller) -> Result<Customer, Silence> {
        let (client, token) = (self.client.clone(), caller.token.clone());
        let path = format!("/api/users/{id}");
        let call = async move { client.get(&path, Some(&token)).await }.in_current_span();
        let asking = match context::current() {
            Some(work) => tokio::spawn(context::scope(work, call)),
            None => tokio::spawn(call),
        };
        match timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => answer.map_err(Silence::Failed),
            Ok(Err(_)) | Err(_) => Err(Silence::Late),
        }
    }

    async fn recall(&self, caller: &Caller, error: Silence) -> ApiResult<Knowledge> {
        let seen = self.seen.get(&caller.user_id.to_string()).await;
        if seen.is_some_and(|customer| customer.user_id == caller.user_id) {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(error, "user-service is away, going by what it said before");
            Ok(Knowledge::Cached)
        } else {
            Err(error.refusal())
        }
    }
}

/// Why user-service did not say that a customer exists.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error(transparent)]
    Failed(#[from] ClientError),
    #[error("user-service did not answer within {PATIENCE:?}")]
    Late,
}

/// What user-service itself says of a caller it does not serve.
enum Verdict {
    /// There is no such account any more.
    Gone,
    /// The session has ended.
    NotSignedIn,
}

impl Silence {
    /// Anybody on the way may answer with these statuses. Only user-service says these words.
    fn verdict(&self) -> Option<Verdict> {
        let Self::Failed(error) = self else { return None };
        match (error.status()?, error.problem()?) {
            (StatusCode::NOT_FOUND, "not-found") => Some(Verdict::Gone),
            (StatusCode::UNAUTHORIZED, "unauthenticated") => Some(Verdict::NotSignedIn),
            _ => None,
        }
    }

    fn refusal(self) -> ApiError {
        match self {
            Self::Failed(error) => away(error),
            Self::Late => ApiError::unavailable(self),
        }
    }
}
