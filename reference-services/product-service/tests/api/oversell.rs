//! Many buyers, few pieces. This is also what finds the planted bug `planted-read-modify-write-stock`.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::TestApp;

const ROUNDS: usize = 5;
const BUYERS: usize = 200;
const PIECES: u32 = 10;
/// Requests at once that all find a connection in time, on a slow machine too; more than there are connections.
const SIDE_BY_SIDE: usize = 16;

#[tokio::test]
async fn of_200_buyers_at_once_exactly_as_many_are_served_as_there_are_pieces() -> Result<()> {
    let app = TestApp::start().await?;
    for round in 0..ROUNDS {
        let product = app.product_with_stock(PIECES).await?;
        let buyers = (0..BUYERS).map(|_| app.reserve(Uuid::new_v4(), &product, 1));
        let answers = try_join_all(buyers).await?;
        let count =
            |status: u16| answers.iter().filter(|answer| answer.status.as_u16() == status).count();
        // On a slow machine some wait too long for the database: they are told to come again, and are sold nothing.
        assert_eq!((count(201), count(409) + count(503)), (10, BUYERS - 10), "round {round}");
        assert_eq!(app.available(&product).await?, 0, "round {round}");
        app.assert_books_balance().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_same_order_asked_for_at_once_is_held_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(10).await?, Uuid::new_v4());
    let answers = try_join_all((0..16).map(|_| app.reserve(order, &product, 1))).await?;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 15);
    assert_eq!(app.available(&product).await?, 9);
    Ok(())
}

#[tokio::test]
async fn orders_that_take_and_give_back_the_same_products_crosswise_never_block_each_other()
-> Result<()> {
    let app = TestApp::start().await?;
    let (a, b) = (app.product_with_stock(30).await?, app.product_with_stock(30).await?);
    let line = |product: &str| json!({"product_id": product, "quantity": 1});
    let orders = (0..80).map(|number| {
        let mut items = vec![line(&a), line(&b)];
        if number % 2 == 0 {
            items.reverse();
        }
        let app = &app;
        async move {
            let order = Uuid::new_v4();
            let reserved = app.reserve_all(order, json!(items)).await?.status.as_u16();
            let released =
                if number % 3 == 0 { 204 } else { app.release(order).await?.status.as_u16() };
            anyhow::Ok((reserved, released))
        }
    });
    let outcomes: Vec<_> =
        stream::iter(orders).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    for (reserved, released) in outcomes {
        assert!([201, 409].contains(&reserved), "{reserved}");
        assert_eq!(released, 204);
    }
    assert_eq!(app.available(&a).await?, app.available(&b).await?);
    app.assert_books_balance().await
}
