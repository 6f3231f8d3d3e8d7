//! What administrators do to products, and nobody else.

use anyhow::Result;
use ecotrack_chassis::test_support::{Client, Issuer};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, new_product, text, with};

/// Every route that changes the catalogue, with a request that an administrator may make.
fn writes(product: &str) -> Vec<(Method, String, Value)> {
    let category = "/api/products/categories";
    vec![
        (Method::POST, "/api/products".to_owned(), new_product()),
        (Method::PATCH, format!("/api/products/{product}"), json!({"name": "Mug"})),
        (Method::POST, category.to_owned(), json!({"slug": "mugs", "name": "Mugs"})),
        (
            Method::PATCH,
            format!("{category}/01900000-0000-7000-8000-0000000000c2"),
            json!({"name": "Cooking"}),
        ),
        (Method::DELETE, format!("/api/products/{product}"), Value::Null),
    ]
}

async fn write(client: &Client, (method, path, body): &(Method, String, Value)) -> Result<u16> {
    let mut request = client.request(method.clone(), path)?.header("if-match", "*");
    if !body.is_null() {
        request = request.json(body);
    }
    Ok(client.send(request).await?.status.as_u16())
}

#[tokio::test]
async fn only_administrators_change_the_catalogue() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let (before, tree) = (app.search("").await?, app.get("/api/products/categories").await?);
    for request in writes(&product) {
        assert_eq!(write(app.client(), &request).await?, 401, "{request:?}");
        assert_eq!(write(&app.customer()?, &request).await?, 403, "{request:?}");
    }
    assert_eq!(app.search("").await?, before);
    assert_eq!(app.get("/api/products/categories").await?, tree);
    for request in writes(&product) {
        assert!(write(&app.admin()?, &request).await? < 300, "{request:?}");
    }
    Ok(())
}

#[tokio::test]
async fn whoever_may_not_change_the_catalogue_is_told_so_before_anything_else() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    for (method, path, _) in writes(&product) {
        let customer = app.customer()?;
        let nowhere = path.replace(&product, "no-id");
        // No precondition, no body, a body of another kind, one of another shape, an id that is none.
        let requests = [
            customer.request(method.clone(), &path)?,
            customer.request(method.clone(), &path)?.body("x"),
            customer.request(method.clone(), &path)?.json(&json!({"unknown": 1})),
            customer.request(method.clone(), &nowhere)?,
        ];
        for request in requests {
            customer.send(request).await?.expect_problem(403)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_product_that_is_added_is_where_the_answer_says() -> Result<()> {
    let app = TestApp::start().await?;
    let added = app.admin()?.post("/api/products", &new_product()).await?.expect(201)?;
    let read = app.client().get(added.header("location")).await?.expect(200)?;
    assert_eq!(read.json(), added.json());
    assert_eq!(read.header("etag"), added.header("etag"));
    assert_eq!(read.json()["price"], "12.50");
    assert_eq!(read.json()["images"][0]["alt_text"], "A cup");
    Ok(())
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_leaves_the_rest() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let path = format!("/api/products/{product}");
    let read = app.client().get(&path).await?.expect(200)?;
    app.search("query=mug").await?;
    let change = json!({"name": "Mug", "price": "9.90", "currency": "GBP", "stock_change": -2});
    let changed = app.patch(&product, read.header("etag"), &change).await?.expect(200)?;
    let again = app.client().get(&path).await?.expect(200)?;
    assert_eq!(again.json(), changed.json());
    assert_eq!(again.header("etag"), changed.header("etag"));
    let expected =
        json!({"name": "Mug", "price": "9.90", "currency": "GBP", "available": 3, "version": 2});
    assert_eq!(again.json(), with(read.json(), expected));
    assert_eq!(app.search("query=mug").await?.len(), 1);
    app.assert_books_balance().await
}

#[tokio::test]
async fn of_two_who_change_the_same_version_one_is_told_to_read_again() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let tag = app.client().get(&format!("/api/products/{product}")).await?;
    let changes: Vec<_> = (0..8).map(|number| json!({"name": format!("Cup {number}")})).collect();
    let answers =
        try_join_all(changes.iter().map(|change| app.patch(&product, tag.header("etag"), change)))
            .await?;
    let count =
        |status: u16| answers.iter().filter(|answer| answer.status.as_u16() == status).count();
    assert_eq!((count(200), count(412)), (1, 7));
    Ok(())
}

#[tokio::test]
async fn a_change_says_which_version_it_means() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let (admin, path) = (app.admin()?, format!("/api/products/{product}"));
    let bare = admin.request(Method::PATCH, &path)?.json(&json!({"name": "Mug"}));
    admin.send(bare).await?.expect_problem(428)?;
    for tag in ["\"0\"", "W/\"1\"", "1", ""] {
        app.patch(&product, tag, &json!({"name": "Mug"})).await?.expect_problem(412)?;
    }
    assert_eq!(app.get(&path).await?["name"], "Reusable cup");
    app.patch(&Uuid::new_v4().to_string(), "*", &json!({})).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn orders_do_not_take_the_version_from_an_administrator() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let tag = app.client().get(&format!("/api/products/{product}")).await?;
    app.reserve(Uuid::new_v4(), &product, 2).await?.expect(201)?;
    let change = json!({"stock_change": 10});
    let changed = app.patch(&product, tag.header("etag"), &change).await?.expect(200)?;
    assert_eq!(changed.json()["available"], 13);
    app.assert_books_balance().await
}

#[tokio::test]
async fn no_more_is_taken_away_than_there_is() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    app.patch(&product, "*", &json!({"stock_change": -6})).await?.expect_problem(409)?;
    app.patch(&product, "*", &json!({"stock_change": -5})).await?.expect(200)?;
    assert_eq!(app.available(&product).await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_is_archived_is_gone_for_customers_and_kept_for_its_orders() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    let held = app.reserve(order, &product, 2).await?.expect(201)?.json();
    let (admin, path) = (app.admin()?, format!("/api/products/{product}"));
    app.get(&path).await?;
    let old = admin.request(Method::DELETE, &path)?.header("if-match", "\"7\"");
    admin.send(old).await?.expect_problem(412)?;
    admin.delete(&path).await?.expect(204)?;
    app.client().get(&path).await?.expect_problem(404)?;
    assert!(app.search("query=reusable").await?.is_empty());
    app.patch(&product, "*", &json!({})).await?.expect_problem(404)?;
    app.reserve(Uuid::new_v4(), &product, 1).await?.expect_problem(422)?;
    assert_eq!(app.reserve(order, &product, 2).await?.expect(200)?.json(), held);
    app.release(order).await?.expect(204)?;
    app.assert_books_balance().await
}

#[tokio::test]
async fn what_a_client_may_not_set_it_may_not_send() -> Result<()> {
    let app = TestApp::start().await?;
    let product = text(&app.add(json!({})).await?, "product_id")?;
    let path = format!("/api/products/{product}");
    let before = app.get(&path).await?;
    let forbidden = [
        "product_id",
        "id",
        "version",
        "available",
        "supplied",
        "archived_at",
        "created_at",
        "role",
        "roles",
        "user_id",
        "search_text",
        "status",
    ];
    for field in forbidden {
        let added = with(new_product(), json!({field: 7}));
        let answer = app.admin()?.post("/api/products", &added).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{field}"), "{field}");
        app.patch(&product, "*", &json!({field: 7})).await?.expect_problem(422)?;
    }
    app.patch(&product, "*", &json!({"stock": 1_000_000})).await?.expect_problem(422)?;
    assert_eq!(app.get(&path).await?, before);
    assert_eq!(app.search("query=reusable").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn pictures_that_point_anywhere_but_to_the_public_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(1).await?;
    for url in [
        "http://img.example.com/cup.webp",
        "https://169.254.169.254/latest/meta-data/",
        "https://metadata.google.internal/",
        "https://10.0.0.1/x",
        "https://2130706433/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost/x",
        "https://postgres.data.svc.cluster.local/x",
        "https://user:secret@img.example.com/x",
        "javascript:alert(1)",
    ] {
        let images = json!({"images": [{"image_url": url, "alt_text": "x"}]});
        let request = with(new_product(), images.clone());
        let answer = app.admin()?.post("/api/products", &request).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], "/images/0/image_url", "{url}");
        app.patch(&product, "*", &images).await?.expect_problem(422)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_product_of_no_category_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(1).await?;
    let nowhere = json!({"category_id": Uuid::new_v4()});
    let request = with(new_product(), nowhere.clone());
    let answer = app.admin()?.post("/api/products", &request).await?.expect_problem(422)?;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/category_id");
    app.patch(&product, "*", &nowhere).await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn tokens_that_are_not_valid_are_refused_whatever_is_wrong_with_them() -> Result<()> {
    let app = TestApp::start().await?;
    let valid = app.issuer.claims(Uuid::new_v4(), &["admin"]);
    let mut bad = [valid.clone(), valid.clone(), valid.clone(), valid.clone()];
    bad[0].exp -= 1000;
    bad[1].nbf += 1000;
    bad[2].iss = "https://elsewhere.example".to_owned();
    bad[3].aud = "somebody-else".to_owned();
    let mut tokens =
        bad.iter().map(|claims| app.issuer.sign(claims)).collect::<Result<Vec<_>>>()?;
    tokens.push(Issuer::start().await?.token(Uuid::new_v4(), &["admin"])?);
    for token in tokens {
        let client = app.client().with_token(&token);
        client.post("/api/products", &new_product()).await?.expect_problem(401)?;
    }
    Ok(())
}

#[tokio::test]
async fn whole_numbers_may_be_written_with_a_point() -> Result<()> {
    let app = TestApp::start().await?;
    let added = app.add(json!({"stock": 7.0, "sustainability_score": 84.0})).await?;
    assert_eq!((&added["available"], &added["sustainability_score"]), (&json!(7), &json!(84)));
    let parts = json!({"materials": 90.0, "production": 80.0, "end_of_life": 100, "transport": 60, "packaging": 70});
    let change = json!({"stock_change": 2.0, "sustainability": parts});
    let product = text(&added, "product_id")?;
    let changed = app.patch(&product, "*", &change).await?.expect(200)?.json();
    assert_eq!((&changed["available"], &changed["sustainability_score"]), (&json!(9), &json!(83)));
    for wrong in [json!({"stock_change": 0.5}), json!({"sustainability_score": 1e30})] {
        app.patch(&product, "*", &wrong).await?.expect_problem(422)?;
    }
    Ok(())
}
