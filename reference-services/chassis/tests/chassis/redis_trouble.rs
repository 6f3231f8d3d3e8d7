//! The cache while Redis is slow, lost or refuses: each test has a Redis of its own to trouble.

use std::{path::PathBuf, time::Duration};

use ::redis::{Client, Cmd, FromRedisValue, aio::MultiplexedConnection};
use anyhow::{Result, ensure};
use ecotrack_chassis::{
    cache::{Cache, CacheSettings, LoadFailed, TypedCache, VersionedCache},
    config::Secrets,
    rate_limit::{FailMode, RateLimit, RateLimiter, Refused},
    test_support::eventually,
};
use ecotrack_servers::{Access, Certificates, Redis, RunFolder};
use futures::FutureExt as _;
use prometheus_client::registry::Registry;

const TTL: Duration = Duration::from_mins(1);
/// As long as the server lets a statement run.
const LONGEST_COMMIT: Duration = Duration::from_secs(10);

/// A Redis, and somebody who looks into it without the cache.
struct Own {
    server: Redis,
    admin: MultiplexedConnection,
    ca_file: PathBuf,
    run: RunFolder,
}

impl Own {
    async fn start() -> Result<Self> {
        let run = RunFolder::create()?;
        let certificates = Certificates::make(&run.folder("certificates")?)?;
        let server = Redis::start(&run, &certificates, Access::Open).await?;
        let client = Client::open(server.plain())?;
        let admin = client.get_multiplexed_async_connection().await?;
        Ok(Self { server, admin, ca_file: certificates.ca, run })
    }

    /// A replica's cache.
    fn cache(&self) -> Result<Cache> {
        let patience = Duration::from_millis(250);
        let url = self.server.plain();
        let settings = CacheSettings { url, secrets: None, ca_file: None, patience };
        Cache::new(&settings, &mut Registry::default())
    }

    async fn ask<T: FromRedisValue>(&self, command: &str) -> Result<T> {
        let words: Vec<&str> = command.split_whitespace().collect();
        Ok(Cmd::new().arg(words).query_async(&mut self.admin.clone()).await?)
    }

    /// Lets nobody in but with another password, and shows everybody the door.
    async fn lock_out(&self, password: &str) -> Result<()> {
        self.ask::<()>(&format!("CONFIG SET requirepass {password}")).await?;
        self.ask::<::redis::Value>("CLIENT KILL TYPE normal").await?;
        Ok(())
    }

    /// Waits until logins were refused: the first one and its repetition.
    async fn expect_refusals(&self) -> Result<()> {
        eventually(|| async {
            let errors: String = self.ask("INFO errorstats").await?;
            let counted = errors.split_once("errorstat_WRONGPASS:count=").map(|(_, count)| count);
            let counted = counted.and_then(|count| count.split_whitespace().next());
            let refused = counted.and_then(|count| count.parse::<u32>().ok()).unwrap_or_default();
            ensure!(refused >= 2, "{refused} logins were refused");
            Ok(())
        })
        .await
    }

    /// Answers nobody for a moment, so that this replica goes without it.
    async fn pause_for(&self, cache: &Cache) -> Result<()> {
        cache.of::<u32>("warm", TTL).get("connected").await;
        self.ask::<()>("CLIENT PAUSE 600 ALL").await?;
        cache.of::<u32>("warm", TTL).get("too slow").await;
        Ok(())
    }

    /// The number as it is held.
    async fn held(&self) -> Result<Option<String>> {
        self.ask("GET ecotrack:cache:numbers:id").await
    }

    /// Waits until the number is no longer the first one.
    async fn expect_forgotten(&self) -> Result<()> {
        eventually(|| async {
            ensure!(self.held().await?.as_deref() != Some("1"), "the old value is still there");
            Ok(())
        })
        .await
    }
}

/// What a reader of another replica finds: what is cached, or what is in the database by now.
async fn read(cache: &Cache, database: u32) -> Result<Option<u32>> {
    let load = || async { Ok::<_, LoadFailed>(Some(database)) };
    Ok(cache.of::<u32>("numbers", TTL).get_or_load("id", load).await?)
}

/// The same of a list.
async fn read_list(lists: &VersionedCache<u32>, database: u32) -> Result<Option<u32>> {
    let load = || async { Ok::<_, LoadFailed>(Some(database)) };
    Ok(lists.get_or_load("id", load).await?)
}

#[tokio::test]
async fn what_is_removed_while_redis_is_left_alone_is_not_served_by_others_afterwards() -> Result<()>
{
    let own = Own::start().await?;
    let (cache, other) = (own.cache()?, own.cache()?);
    let numbers = cache.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    own.pause_for(&cache).await?;
    numbers.remove("id").await;
    own.expect_forgotten().await?;
    assert_eq!(read(&other, 2).await?, Some(2));
    Ok(())
}

#[tokio::test]
async fn what_is_overwritten_while_redis_is_left_alone_is_not_served_by_others_afterwards()
-> Result<()> {
    let own = Own::start().await?;
    let cache = own.cache()?;
    let numbers = cache.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    own.pause_for(&cache).await?;
    numbers.put("id", &2).await;
    own.expect_forgotten().await
}

#[tokio::test]
async fn values_that_are_ended_while_redis_is_left_alone_are_not_served_by_others_afterwards()
-> Result<()> {
    let own = Own::start().await?;
    let cache = own.cache()?;
    let lists = cache.versioned::<u32>("lists", TTL);
    own.pause_for(&cache).await?;
    lists.bump().await;
    eventually(|| async {
        let version: Option<i64> = own.ask("GET ecotrack:cache:lists-version").await?;
        ensure!(version.is_some(), "the version is the old one");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_redis_did_not_take_is_sent_again_when_it_is_back() -> Result<()> {
    let own = Own::start().await?;
    let cache = own.cache()?;
    let numbers = cache.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    // It refuses what is written, and takes it again later.
    own.ask::<()>("CONFIG SET maxmemory 1").await?;
    numbers.remove("id").await;
    ensure!(own.held().await?.as_deref() == Some("1"), "it was taken");
    own.ask::<()>("CONFIG SET maxmemory 0").await?;
    own.expect_forgotten().await
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_keep_a_value_from_being_removed() -> Result<()> {
    let own = Own::start().await?;
    own.cache()?.of::<u32>("numbers", TTL).put("id", &1).await;
    let numbers = own.cache()?.of::<u32>("numbers", TTL);
    let removed = numbers.remove("id").into_future().now_or_never();
    ensure!(removed.is_none(), "there was nothing to hang up on");
    own.expect_forgotten().await
}

#[tokio::test]
async fn what_a_commit_may_have_changed_is_forgotten_when_nobody_hears_of_the_commit() -> Result<()>
{
    let own = Own::start().await?;
    let numbers = own.cache()?.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    drop(numbers.put("id", &2));
    own.expect_forgotten().await?;
    ensure!(numbers.get("id").await.is_none(), "it is cached as if the commit had happened");
    Ok(())
}

#[tokio::test]
async fn what_was_cached_before_the_longest_commit_ends_too_when_nobody_hears_of_it() -> Result<()>
{
    let own = Own::start().await?;
    let cache = own.cache()?;
    let (numbers, lists) = (cache.of::<u32>("numbers", TTL), cache.versioned::<u32>("lists", TTL));
    drop(numbers.put("id", &2).and(lists.bump()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Somebody reads while the commit still waits.
    numbers.put("id", &1).await;
    assert_eq!(read_list(&lists, 1).await?, Some(1));
    tokio::time::sleep(LONGEST_COMMIT).await;
    own.expect_forgotten().await?;
    eventually(|| async {
        ensure!(read_list(&lists, 2).await? == Some(2), "the old list is still there");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_value_outlives_the_loss_of_the_version_it_was_read_under() -> Result<()> {
    let own = Own::start().await?;
    let lists = own.cache()?.versioned::<u32>("lists", TTL);
    for version in [1, 2, 3] {
        assert_eq!(read_list(&lists, version).await?, Some(version));
        assert_eq!(read_list(&lists, 0).await?, Some(version), "it is not cached");
        lists.bump().await;
        own.ask::<()>("DEL ecotrack:cache:lists-version").await?;
    }
    assert_eq!(read_list(&lists, 4).await?, Some(4));
    own.ask::<()>("DEL ecotrack:cache:lists-version").await?;
    lists.bump().await;
    assert_eq!(read_list(&lists, 5).await?, Some(5));
    Ok(())
}

#[tokio::test]
async fn tries_that_are_given_back_in_a_later_window_lock_nobody_out() -> Result<()> {
    let own = Own::start().await?;
    let (window, without_redis) = (Duration::from_mins(1), FailMode::Refuse);
    let limit = RateLimit { name: "test", tries: 3, window, without_redis };
    let limiter = RateLimiter::new(&own.cache()?, limit);
    let earlier = [limiter.take("key").await?, limiter.take("key").await?];
    // The window is over.
    own.ask::<()>("FLUSHALL").await?;
    limiter.take("key").await?.give_back().await;
    for permit in earlier {
        permit.give_back().await;
    }
    drop(limiter.take("key").await?);
    Ok(())
}

#[tokio::test]
async fn a_counter_that_redis_forgot_gives_nobody_more_tries() -> Result<()> {
    let own = Own::start().await?;
    let (window, without_redis) = (Duration::from_mins(1), FailMode::Refuse);
    let limiter = RateLimiter::new(
        &own.cache()?,
        RateLimit { name: "test", tries: 3, window, without_redis },
    );
    for _ in 0..3 {
        drop(limiter.take("key").await?);
        // As when it runs short of memory.
        own.ask::<()>("FLUSHALL").await?;
    }
    let refused = limiter.take("key").await.map(drop);
    ensure!(matches!(refused, Err(Refused::Limited { .. })), "{refused:?}");
    drop(limiter.take("another").await?);
    Ok(())
}

#[tokio::test]
async fn redis_is_used_again_after_it_refused_a_login() -> Result<()> {
    let own = Own::start().await?;
    let numbers = own.cache()?.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    own.lock_out("other").await?;
    numbers.get("id").await;
    own.expect_refusals().await?;
    own.ask::<()>(&format!("CONFIG SET requirepass {}", own.server.password())).await?;
    expect_hit(&numbers).await
}

#[tokio::test]
async fn a_password_that_was_changed_is_read_from_its_file() -> Result<()> {
    let own = Own::start().await?;
    let folder = own.run.folder("secrets")?;
    std::fs::write(folder.join("redis-password"), own.server.password())?;
    let secrets = Some(Secrets::in_dir(folder.clone()));
    let (url, ca_file) = (own.server.url(), Some(own.ca_file.clone()));
    let settings = CacheSettings { url, secrets, ca_file, patience: Duration::from_secs(2) };
    let numbers = Cache::new(&settings, &mut Registry::default())?.of::<u32>("numbers", TTL);
    numbers.put("id", &1).await;
    own.lock_out("other").await?;
    std::fs::write(folder.join("redis-password"), "other")?;
    expect_hit(&numbers).await
}

/// Waits until the number is found.
async fn expect_hit(numbers: &TypedCache<u32>) -> Result<()> {
    eventually(|| async {
        ensure!(numbers.get("id").await == Some(1), "redis is not used");
        Ok(())
    })
    .await
}
