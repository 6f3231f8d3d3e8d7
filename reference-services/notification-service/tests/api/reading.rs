//! A customer reads their own notifications and nobody else's.

use anyhow::Result;

use ecotrack_chassis::test_support::eventually;

use crate::helpers::TestApp;

#[tokio::test]
async fn what_is_shown_has_neither_address_nor_text() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    let notification = customer.await_notification("welcome", "delivered").await?.to_string();
    assert!(
        !notification.contains(&customer.email) && !notification.contains("Ann"),
        "{notification}"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_has_bounds() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    for limit in ["0", "101", "many"] {
        customer
            .client
            .get(&format!("/api/notifications?limit={limit}"))
            .await?
            .expect_problem(422)?;
    }
    customer.client.get("/api/notifications?cursor=nonsense").await?.expect_problem(400)?;
    Ok(())
}

#[tokio::test]
async fn pages_put_together_are_all_there_is() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    for _ in 0..4 {
        app.publish(&customer.order_cancelled()).await?;
    }
    eventually(|| async {
        let found = customer.notifications().await?.len();
        anyhow::ensure!(found == 5, "{found} notifications");
        Ok(())
    })
    .await?;
    let (mut seen, mut path) = (Vec::new(), "/api/notifications?limit=2".to_owned());
    loop {
        let page = customer.client.get(&path).await?.expect(200)?.json();
        let items = page["items"].as_array().cloned().unwrap_or_default();
        seen.extend(items.iter().map(|item| item["notification_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/notifications?limit=2&cursor={cursor}");
    }
    let all = customer.notifications().await?;
    let all: Vec<_> = all.iter().map(|item| item["notification_id"].clone()).collect();
    assert_eq!(seen, all);
    Ok(())
}
