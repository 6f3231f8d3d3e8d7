//! What is done now and then.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;

use crate::helpers::TestApp;

#[tokio::test]
async fn admins_that_cannot_be_made_keep_nothing_from_being_tidied_up() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    for statement in [
        "create function user_service.refuse() returns trigger language plpgsql as \
             $$ begin raise exception 'not now'; end $$",
        "create trigger refuse before update of named_admin on user_service.users \
             for each row execute function user_service.refuse()",
        "update user_service.user_sessions set expires_at = now() - interval '2 days'",
    ] {
        sqlx::query(statement).execute(&mut app.database().await?).await?;
    }
    let app = app.restarted_with("ECOTRACK_ADMIN_USER_IDS", &session.user_id).await?;
    eventually(|| async {
        let left: i64 = sqlx::query_scalar("select count(*) from user_service.user_sessions")
            .fetch_one(&mut app.database().await?)
            .await?;
        ensure!(left == 0, "{left} sessions that are long over are kept");
        Ok(())
    })
    .await
}
