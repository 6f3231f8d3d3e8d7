//! Commits that nobody hears of.

use futures::join;
use sqlx::{AssertSqlSafe, Executor as _};

use super::TestDatabase;

/// What the commits wait for: an advisory lock, which is the database's own.
const LOCK: i64 = 1;

impl TestDatabase {
    /// Does something that changes this table, and lets its commit end only when whoever began it has given up.
    pub async fn unheard<T>(
        &self,
        table: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let mut holder = self.connect().await?;
        let hold = format!(
            "create function public.wait_at_commit() returns trigger language plpgsql as
                 'begin perform pg_advisory_xact_lock_shared({LOCK}); return null; end';
             create constraint trigger wait_at_commit after insert or update or delete on {table}
                 deferrable initially deferred for each row execute function public.wait_at_commit();
             select pg_advisory_lock({LOCK})"
        );
        holder.execute(sqlx::raw_sql(AssertSqlSafe(hold))).await?;
        let (done, waited) = join!(work, self.await_waiting("advisory"));
        sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut holder).await?;
        waited?;
        done
    }
}
