//! What users want to be told, and how.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::known;
use crate::domain::category::Category;
use crate::domain::channel::Channel;
use crate::domain::phone::PhoneNumber;
use crate::domain::preferences::Preferences;

const TABLE: &str = "contact_preferences";

#[derive(sqlx::FromRow)]
struct Row {
    phone: Option<String>,
    email: Vec<String>,
    sms: Vec<String>,
}

/// What a user wants. Without a word: the default.
pub(crate) async fn find_preferences(
    conn: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Preferences> {
    let row: Option<Row> =
        sqlx::query_as("SELECT phone, email, sms FROM contact_preferences WHERE user_id = $1")
            .bind(user_id)
            .fetch_optional(conn)
            .await?;
    row.map_or_else(|| Ok(Preferences::default()), |row| preferences(user_id, row))
}

fn preferences(user_id: Uuid, row: Row) -> sqlx::Result<Preferences> {
    let phone =
        row.phone.map(|phone| known(TABLE, "phone", user_id, PhoneNumber::parse(&phone).ok()));
    let email = categories("email", user_id, &row.email)?;
    let sms = categories("sms", user_id, &row.sms)?;
    known(TABLE, "email", user_id, Preferences::parse(phone.transpose()?, email, sms).ok())
}

fn categories(
    column: &'static str,
    user_id: Uuid,
    names: &[String],
) -> sqlx::Result<BTreeSet<Category>> {
    names.iter().map(|name| known(TABLE, column, user_id, Category::from_name(name))).collect()
}

/// Writes what a user wants, under their lock. `false` if the user is erased: nothing about them is kept again.
pub(crate) async fn put_preferences(
    tx: &mut PgConnection,
    user_id: Uuid,
    preferences: &Preferences,
) -> sqlx::Result<bool> {
    let names = |channel: Channel| -> Vec<&str> {
        preferences.wanted(channel).iter().map(|category| category.name()).collect()
    };
    let done = sqlx::query(
        "INSERT INTO contact_preferences (user_id, phone, email, sms, updated_at)
         SELECT $1, $2, $3, $4, now() WHERE NOT EXISTS (SELECT FROM erased_users WHERE user_id = $1)
         ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone, email = excluded.email, sms = excluded.sms,
             updated_at = excluded.updated_at",
    )
    .bind(user_id)
    .bind(preferences.phone().map(PhoneNumber::as_str))
    .bind(names(Channel::Email))
    .bind(names(Channel::Sms))
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
