//! The roles in `users`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ecotrack_chassis::page::PageQuery;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Role;

/// A user as an admin sees them in a list.
#[derive(sqlx::FromRow)]
pub(crate) struct Summary {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
    pub(crate) roles: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A user's roles as of now. Until the transaction ends nobody changes them and nobody deletes the account: whoever takes a role
/// finds the session that is opened with it.
pub(crate) async fn of_user(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    sqlx::query_scalar("select roles from users where id = $1 for share")
        .bind(user_id)
        .fetch_optional(connection)
        .await
}

/// Those of some users who are there, and whether they have a role. Until the transaction ends nobody else changes their roles. Two
/// transactions lock them in one order, so that they do not wait for each other.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    users: &[Uuid],
    role: Role,
) -> Result<HashMap<Uuid, bool>, sqlx::Error> {
    let locked: Vec<(Uuid, bool)> = sqlx::query_as(
        "select id, $2 = any(roles) from users where id = any($1) order by id for no key update",
    )
    .bind(users)
    .bind(role.name())
    .fetch_all(connection)
    .await?;
    Ok(locked.into_iter().collect())
}

/// Gives a user a role. One who has it keeps it once.
pub(crate) async fn grant(
    connection: &mut PgConnection,
    user_id: Uuid,
    role: Role,
) -> Result<(), sqlx::Error> {
    sqlx::query("update users set roles = array_append(array_remove(roles, $2), $2) where id = $1")
        .bind(user_id)
        .bind(role.name())
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a role from a user.
pub(crate) async fn revoke(
    connection: &mut PgConnection,
    user_id: Uuid,
    role: Role,
) -> Result<(), sqlx::Error> {
    sqlx::query("update users set roles = array_remove(roles, $2) where id = $1")
        .bind(user_id)
        .bind(role.name())
        .execute(connection)
        .await
        .map(drop)
}

/// Makes admins of the users named, remembers that they are for this reason, and says of how many.
pub(crate) async fn name_admins(
    connection: &mut PgConnection,
    named: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let changed = sqlx::query(
        "update users set roles = array_append(array_remove(roles, $2), $2), named_admin = true \
         where id = any($1) and not (named_admin and $2 = any(roles))",
    )
    .bind(named)
    .bind(Role::Admin.name())
    .execute(connection)
    .await?;
    Ok(changed.rows_affected())
}

/// Takes the role from those who were named and are not any more, and says from whom.
pub(crate) async fn forget_admins(
    connection: &mut PgConnection,
    named: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "update users set roles = array_remove(roles, $2), named_admin = false \
         where named_admin and id <> all($1) returning id",
    )
    .bind(named)
    .bind(Role::Admin.name())
    .fetch_all(connection)
    .await
}

/// Users, newest first: ids are ordered by time.
pub(crate) async fn list(
    connection: &mut PgConnection,
    page: PageQuery,
) -> Result<Vec<Summary>, sqlx::Error> {
    sqlx::query_as(
        "select id as user_id, email, roles, created_at from users \
         where $1::uuid is null or id < $1 order by id desc limit $2",
    )
    .bind(page.after)
    .bind(page.limit.with_lookahead())
    .fetch_all(connection)
    .await
}
