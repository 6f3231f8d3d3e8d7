//! What services ask of the database, as the server logs it.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context as _, ensure};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::Mutex;

use crate::{patience::eventually, stack::Stack};

/// Begins an entry: who, and in which session. Lines that go on with an entry begin with a tab.
const PREFIX: &str = "~%a~%p~";
const RELOAD: &str = "select pg_reload_conf()";
const DEADLINE: Duration = Duration::from_secs(10);

/// A statement that was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who asked, by the name they gave the server.
    pub application: String,
    /// In which session.
    pub session: String,
    /// Its text, with `$1` and so on for its parameters.
    pub text: String,
    /// Its parameters.
    pub parameters: Vec<Option<String>>,
}

/// Does work and says every statement the server executed meanwhile.
pub async fn during<T>(
    stack: &Stack,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, Vec<Statement>)> {
    let path = stack.folder().join("log/postgres.log");
    let read = || fs::read_to_string(&path).with_context(|| format!("no {}", path.display()));
    let mut connection = stack.postgres().connect("postgres").await?;
    configure(&mut connection, "log_line_prefix", PREFIX).await?;
    configure(&mut connection, "log_statement", "all").await?;
    let before = read()?.len();
    let done = work.await;
    let log = read()?;
    for setting in ["log_statement", "log_line_prefix"] {
        tell(&mut connection, format!("alter system reset {setting}")).await?;
    }
    tell(&mut connection, RELOAD.to_owned()).await?;
    Ok((done?, parse(log.get(before..).unwrap_or_default())))
}

/// Changes a setting of the server and waits until it counts. Every session hears of it before its next statement.
async fn configure(
    connection: &mut PgConnection,
    setting: &str,
    value: &str,
) -> anyhow::Result<()> {
    tell(connection, format!("alter system set {setting} = '{value}'")).await?;
    tell(connection, RELOAD.to_owned()).await?;
    let connection = Mutex::new(connection);
    eventually(DEADLINE, || async {
        let mut connection = connection.lock().await;
        let now: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut **connection)
            .await?;
        ensure!(now == value, "{setting} is still {now:?}");
        Ok(())
    })
    .await
}

async fn tell(connection: &mut PgConnection, command: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(command)).execute(connection).await?;
    Ok(())
}

/// Reads a log.
#[must_use]
pub fn parse(log: &str) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    for entry in entries(log) {
        let mut parts = entry.strip_prefix('~').unwrap_or(&entry).splitn(3, '~');
        let (Some(application), Some(session), Some(message)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if let Some(text) = message.strip_prefix("LOG:  ").and_then(statement) {
            found.push(Statement {
                application: application.to_owned(),
                session: session.to_owned(),
                text: text.to_owned(),
                parameters: Vec::new(),
            });
        } else if let Some(list) = parameters(message)
            && let Some(last) = found.iter_mut().rfind(|last| last.session == session)
        {
            last.parameters = values(list);
        }
    }
    found
}

/// Statements as they belong together: by transaction, each in the order in which it began.
#[must_use]
pub fn transactions(statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let mut begun: Vec<Vec<Statement>> = Vec::new();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for statement in statements {
        let begins = is_begin(&statement.text);
        let index = match open.get(&statement.session) {
            Some(index) if !begins => *index,
            _ => {
                begun.push(Vec::new());
                begun.len() - 1
            }
        };
        if begins {
            open.insert(statement.session.clone(), index);
        } else if is_end(&statement.text) {
            open.remove(&statement.session);
        }
        if let Some(group) = begun.get_mut(index) {
            group.push(statement);
        }
    }
    begun
}

fn is_begin(text: &str) -> bool {
    text.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("begin"))
}

fn is_end(text: &str) -> bool {
    // `ROLLBACK TO` and `RELEASE` are within.
    ["COMMIT", "ROLLBACK"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn entries(log: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        if line.starts_with('~') {
            entries.push(line.to_owned());
        } else if let (Some(more), Some(last)) = (line.strip_prefix('\t'), entries.last_mut()) {
            last.push('\n');
            last.push_str(more);
        }
    }
    entries
}

/// Simple statements and executions of prepared ones; parsing one is not executing it.
fn statement(message: &str) -> Option<&str> {
    let executed = || message.strip_prefix("execute ")?.split_once(": ").map(|(_, text)| text);
    message.strip_prefix("statement: ").or_else(executed).map(str::trim)
}

fn parameters(message: &str) -> Option<&str> {
    let detail = message.strip_prefix("DETAIL:  ")?;
    detail.strip_prefix("Parameters: ").or_else(|| detail.strip_prefix("parameters: "))
}

/// `$1 = 'it''s', $2 = NULL`
fn values(list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = list;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(quoted) = value.strip_prefix('\'') {
            let (text, after) = unquote(quoted);
            values.push(Some(text));
            rest = after;
        } else {
            values.push(None);
            rest = value.strip_prefix("NULL").unwrap_or_default();
        }
    }
    values
}

/// The text up to its closing quote, and what comes after.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = quoted;
    while let Some((part, after)) = rest.split_once('\'') {
        text.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return (text, after),
        }
    }
    (text + rest, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
        ~order-service~7~LOG:  statement: BEGIN\n\
        ~user-service~8~LOG:  execute sqlx_s_2: select 1 from users\n\twhere id = $1\n\
        ~user-service~8~DETAIL:  Parameters: $1 = 'u'\n\
        ~order-service~7~LOG:  execute sqlx_s_1: INSERT INTO t VALUES ($1, $2, $3)\n\
        ~order-service~7~DETAIL:  Parameters: $1 = 'it''s = $9', $2 = NULL, $3 = ''\n\
        ~order-service~7~LOG:  statement: SAVEPOINT a\n\
        ~order-service~7~LOG:  statement: ROLLBACK TO SAVEPOINT a\n\
        ~order-service~7~LOG:  statement: COMMIT\n\
        ~order-service~7~LOG:  execute sqlx_s_3: select 2\n";

    #[test]
    fn statements_are_read_with_their_parameters() {
        let read = parse(LOG);
        let texts: Vec<_> = read.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts[1], "select 1 from users\nwhere id = $1");
        assert_eq!(read[1].application, "user-service");
        assert_eq!(read[1].parameters, [Some("u".to_owned())]);
        let expected = [Some("it's = $9".to_owned()), None, Some(String::new())];
        assert_eq!(read[2].parameters, expected);
        assert!(read[0].parameters.is_empty());
    }

    #[test]
    fn transactions_are_kept_together_and_in_order() {
        let groups = transactions(parse(LOG));
        let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [5, 1, 1]);
        assert_eq!(groups[1][0].application, "user-service");
        assert_eq!(groups[2][0].text, "select 2");
    }
}
