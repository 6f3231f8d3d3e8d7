//! The cache and the limits, on a real Redis and on none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use ecotrack_chassis::{
    ApiError,
    cache::{Cache, CacheSettings, LoadFailed},
    rate_limit::{FailMode, RateLimit, RateLimiter, Refused},
    test_support::Fixture,
};
use futures::future::join_all;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use uuid::Uuid;

const TTL: Duration = Duration::from_mins(1);

async fn cache() -> Result<Cache> {
    let settings = Fixture::new().await?.settings("test-service")?;
    Cache::new(&CacheSettings::load(&settings)?, &mut Registry::default())
}

/// A cache without a Redis: nobody listens there.
fn nowhere() -> Result<Cache> {
    let (url, patience) = ("redis://127.0.0.1:1".to_owned(), Duration::from_secs(2));
    let settings = CacheSettings { url, secrets: None, ca_file: None, patience };
    Cache::new(&settings, &mut Registry::default())
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

/// Asks a hundred times at once and counts the loads.
async fn storm(cache: Cache) -> Result<usize> {
    let (numbers, id, loads) = (cache.of::<u32>("storm", TTL), id(), AtomicUsize::new(0));
    let ask = || {
        numbers.get_or_load(&id, || async {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, LoadFailed>(Some(7))
        })
    };
    for answer in join_all((0..100).map(|_| ask())).await {
        assert_eq!(answer?, Some(7));
    }
    Ok(loads.into_inner())
}

#[tokio::test]
async fn of_a_hundred_misses_at_once_one_loads() -> Result<()> {
    assert_eq!(storm(cache().await?).await?, 1);
    Ok(())
}

#[tokio::test]
async fn without_redis_a_storm_is_still_no_storm_on_the_database() -> Result<()> {
    let loads = storm(nowhere()?).await?;
    assert!(loads <= 2, "{loads} loads");
    Ok(())
}

#[tokio::test]
async fn what_was_loaded_is_kept() -> Result<()> {
    let (numbers, id) = (cache().await?.of::<u32>("kept", TTL), id());
    numbers.get_or_load(&id, || async { Ok::<_, LoadFailed>(Some(1)) }).await?;
    let again = numbers.get_or_load(&id, || async { Ok::<_, LoadFailed>(Some(2)) }).await?;
    assert_eq!(again, Some(1));
    Ok(())
}

#[tokio::test]
async fn a_load_that_fails_fails_for_all_who_waited_and_for_nobody_later() -> Result<()> {
    let (numbers, id) = (cache().await?.of::<u32>("failing", TTL), id());
    let fail = || async {
        tokio::task::yield_now().await;
        Err::<Option<u32>, _>(ApiError::not_found())
    };
    let answers = join_all((0..10).map(|_| numbers.get_or_load(&id, fail))).await;
    assert!(answers.iter().all(Result::is_err));
    let later = numbers.get_or_load(&id, || async { Ok::<_, ApiError>(Some(1)) }).await;
    assert_eq!(later.ok().flatten(), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_slow_reader_does_not_put_back_what_was_changed_meanwhile() -> Result<()> {
    let (numbers, id) = (cache().await?.of::<u32>("changed", TTL), id());
    let (has_read, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = numbers.get_or_load(&id, || async {
        has_read.notify_one();
        go_on.notified().await;
        Ok::<_, LoadFailed>(Some(1))
    });
    let change = async {
        has_read.notified().await;
        numbers.remove(&id).await;
        let later = numbers.get_or_load(&id, || async { Ok::<_, LoadFailed>(Some(2)) });
        let later = tokio::time::timeout(Duration::from_secs(5), later).await;
        go_on.notify_one();
        later
    };
    let (old, new) = tokio::join!(slow, change);
    assert_eq!(old?, Some(1), "who asked before the change may see what was before");
    assert_eq!(new??, Some(2), "who asks after the change sees what is now");
    assert_eq!(numbers.get(&id).await, Some(2));
    Ok(())
}

#[tokio::test]
async fn a_slow_reader_keeps_nothing_when_nobody_has_read_since_the_change() -> Result<()> {
    let (numbers, id) = (cache().await?.of::<u32>("changed", TTL), id());
    for _ in 0..2 {
        let slow = numbers.get_or_load(&id, || async {
            numbers.remove(&id).await;
            Ok::<_, LoadFailed>(Some(1))
        });
        assert_eq!(slow.await?, Some(1));
        assert_eq!(numbers.get(&id).await, None);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_read_after_a_change_is_kept_at_once() -> Result<()> {
    let (numbers, id) = (cache().await?.of::<u32>("changed", TTL), id());
    for change in 1..=3 {
        numbers.remove(&id).await;
        numbers.get_or_load(&id, || async { Ok::<_, LoadFailed>(Some(change)) }).await?;
        assert_eq!(numbers.get(&id).await, Some(change));
    }
    Ok(())
}

#[tokio::test]
async fn a_value_nobody_can_read_is_a_miss() -> Result<()> {
    let (cache, id) = (cache().await?, id());
    cache.of::<String>("kind", TTL).put(&id, &"text".to_owned()).await;
    assert_eq!(cache.of::<u32>("kind", TTL).get(&id).await, None);
    Ok(())
}

fn limit(without_redis: FailMode) -> RateLimit {
    RateLimit { name: "test", tries: 3, window: Duration::from_mins(1), without_redis }
}

#[tokio::test]
async fn a_window_has_so_many_tries_and_says_when_it_ends() -> Result<()> {
    let (limiter, key) = (RateLimiter::new(&cache().await?, limit(FailMode::Refuse)), id());
    for _ in 0..3 {
        drop(limiter.take(&key).await?);
    }
    let Err(Refused::Limited { retry_after }) = limiter.take(&key).await else {
        anyhow::bail!("a fourth try was granted");
    };
    assert!(
        retry_after > Duration::ZERO && retry_after <= Duration::from_mins(1),
        "{retry_after:?}"
    );
    drop(limiter.take(&id()).await?);
    Ok(())
}

#[tokio::test]
async fn of_parallel_tries_no_more_than_the_limit_get_through() -> Result<()> {
    let (limiter, key) = (RateLimiter::new(&cache().await?, limit(FailMode::Refuse)), id());
    let tries = join_all((0..50).map(|_| limiter.take(&key))).await;
    assert_eq!(tries.iter().filter(|granted| granted.is_ok()).count(), 3);
    Ok(())
}

#[tokio::test]
async fn a_try_that_is_given_back_does_not_count() -> Result<()> {
    let (limiter, key) = (RateLimiter::new(&cache().await?, limit(FailMode::Refuse)), id());
    for _ in 0..10 {
        limiter.take(&key).await?.give_back().await;
    }
    Ok(())
}

#[tokio::test]
async fn without_redis_a_limit_fails_as_it_was_told_to() -> Result<()> {
    let cache = nowhere()?;
    assert!(RateLimiter::new(&cache, limit(FailMode::Allow)).take("k").await.is_ok());
    let refused = RateLimiter::new(&cache, limit(FailMode::Refuse)).take("k").await.map(drop);
    assert_eq!(refused, Err(Refused::Uncounted));
    Ok(())
}
