//! Hashing passwords: slow on purpose, so never on an async thread and never too many at once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use anyhow::Context as _;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use ecotrack_chassis::ApiError;
use tokio::sync::oneshot;

use crate::domain::Password;

/// Passwords being hashed at once at most. Each takes a core and 19 MiB; a login storm must not take either from other routes.
///
/// The threads are these and no others: allocators keep memory per thread, and with a pool of many threads each of
/// them would in time keep a hash's 19 MiB.
const MOST_THREADS: usize = 2;
/// How far its threads stand back behind all others when the processor is short.
const NICENESS: i32 = 10;
/// Passwords that may wait for their turn; more are refused at once.
const MAX_WAITING: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and checks passwords with Argon2id. Its threads end with its last clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    jobs: SyncSender<Job>,
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(MAX_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads() {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name("passwords".to_owned());
            thread
                .spawn(move || work_off(&waiting))
                .context("cannot start a thread for passwords")?;
        }
        let decoy = hash(b"nobody's password").context("cannot hash passwords")?.into();
        Ok(Self { jobs, decoy })
    }

    /// The hash to store.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, ApiError> {
        self.work(move || hash(password.expose())).await?.map_err(ApiError::internal)
    }

    /// Whether the password is the hash's. Without a hash (no such user) the work is the same and the answer is no.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let matches = self.work(move || verify(password.expose(), &stored)).await?;
        Ok(matches.map_err(ApiError::internal)? && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (done, outcome) = oneshot::channel();
        let job = Box::new(move || {
            // Whoever asked may have hung up while the job waited, or while it was done.
            if !done.is_closed() {
                done.send(work()).ok();
            }
        });
        if self.jobs.try_send(job).is_err() {
            return Err(ApiError::unavailable(anyhow::anyhow!(
                "too many passwords to check at once"
            )));
        }
        outcome.await.map_err(ApiError::internal)
    }
}

/// As many as leave half of the cores to others.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, MOST_THREADS)
}

fn work_off(waiting: &Mutex<Receiver<Job>>) {
    // On Linux that is the thread's own matter, not the process's.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "passwords are hashed at the priority of everything else");
    }
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // With its last thread the service would refuse every login from then on. Whoever asked gets an error: the way to tell them
        // is dropped.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

fn hash(password: &[u8]) -> anyhow::Result<String> {
    let hash =
        Argon2::default().hash_password(password).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(hash.to_string())
}

fn verify(password: &[u8], stored: &str) -> anyhow::Result<bool> {
    let stored = PasswordHash::new(stored)
        .map_err(|error| anyhow::anyhow!("a stored hash is malformed: {error}"))?;
    Ok(Argon2::default().verify_password(password, &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn password(text: &str) -> Password {
        Password::attempt(SecretString::from(text)).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.verify(password("correct horse"), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(password("wrong horse"), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_anybodys_does() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        let (stored, decoy) =
            (PasswordHash::new(&stored).unwrap(), PasswordHash::new(&passwords.decoy).unwrap());
        assert_eq!(
            (decoy.algorithm, decoy.version, &decoy.params),
            (stored.algorithm, stored.version, &stored.params)
        );
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_no_thread() {
        let passwords = Passwords::new().unwrap();
        for _ in 0..MOST_THREADS {
            let outcome =
                passwords.work(|| std::panic::resume_unwind(Box::new("on purpose"))).await;
            let outcome: Result<(), ApiError> = outcome;
            assert_eq!(outcome.unwrap_err().status(), 500);
        }
        assert_eq!(passwords.work(|| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn without_a_user_no_password_matches() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.verify(password("nobody's password"), None).await.unwrap());
    }
}
