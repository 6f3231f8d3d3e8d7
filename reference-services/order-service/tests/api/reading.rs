//! A customer reads their own orders and nobody else's.

use anyhow::Result;

use crate::helpers::TestApp;

#[tokio::test]
async fn pages_lead_from_the_newest_order_to_the_oldest() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.insert(0, customer.placed(product).await?);
    }
    let first = customer.client.get("/api/orders?limit=2").await?.expect(200)?.json();
    let cursor = first["next_cursor"].as_str().unwrap_or_default();
    let second = customer
        .client
        .get(&format!("/api/orders?limit=2&cursor={cursor}"))
        .await?
        .expect(200)?
        .json();
    let ids = [&first, &second]
        .map(|page| page["items"].as_array().cloned().unwrap_or_default())
        .concat();
    assert_eq!(
        ids.iter().filter_map(|order| order["order_id"].as_str()).collect::<Vec<_>>(),
        placed
    );
    assert!(second["next_cursor"].is_null());
    Ok(())
}

#[tokio::test]
async fn a_page_has_bounds() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    for limit in ["0", "-1", "101", "1000000000", "many"] {
        customer.client.get(&format!("/api/orders?limit={limit}")).await?.expect_problem(422)?;
    }
    customer.client.get("/api/orders?cursor=nonsense").await?.expect_problem(400)?;
    customer.client.get("/api/orders/nonsense").await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn the_interface_is_described_by_the_service_itself() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.anonymous().get("/openapi.json").await?.expect(200)?.json();
    assert_eq!(
        (&document["openapi"], &document["info"]["title"]),
        (&"3.1.0".into(), &"order-service".into())
    );
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert!(document["paths"]["/api/orders/{order_id}/payment"]["post"].is_object());
    Ok(())
}
