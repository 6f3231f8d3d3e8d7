//! Input that means to be more than input.

use anyhow::Result;
use serde_json::json;

use crate::helpers::{TestApp, text};

/// Texts that are something else in SQL, in a pattern, in a log line, in a header, in a key of the cache.
const HOSTILE: [&str; 12] = [
    "'; drop table products; --",
    "' or '1'='1",
    "\") or 1=1 --",
    "$1",
    "%_\\",
    "& | ! <-> :* ()",
    "\"unclosed",
    "-",
    "x\r\nSet-Cookie: a=b",
    "{\"level\":\"ERROR\"}\n",
    "../../product:version",
    "ecotrack:cache:product:*",
];

#[tokio::test]
async fn hostile_words_find_nothing_and_break_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let before = app.search("").await?;
    for words in HOSTILE {
        for parameter in ["query", "category"] {
            let mut path = url::Url::parse("http://x/api/products")?;
            path.query_pairs_mut().append_pair(parameter, words);
            let query = path.query().unwrap_or_default().to_owned();
            let answer = app.client().get(&format!("/api/products?{query}")).await?.expect(200)?;
            assert_eq!(answer.json()["items"], json!([]), "{parameter} {words}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
    assert_eq!(app.search("").await?, before);
    Ok(())
}

#[tokio::test]
async fn hostile_text_is_kept_as_it_is_or_refused() -> Result<()> {
    let app = TestApp::start().await?;
    for words in HOSTILE {
        let added = app
            .add(json!({"description": words, "images": [{
                "image_url": "https://img.example.com/x", "alt_text": words,
            }]}))
            .await?;
        let read = app.get(&format!("/api/products/{}", text(&added, "product_id")?)).await?;
        assert_eq!(read["description"], words);
        assert_eq!(read["images"][0]["alt_text"], words);
        app.patch(&text(&added, "product_id")?, words.lines().next().unwrap_or("x"), &json!({}))
            .await?
            .expect_problem(412)?;
    }
    let request = crate::helpers::with(crate::helpers::new_product(), json!({"name": "a\r\nb"}));
    app.admin()?.post("/api/products", &request).await?.expect_problem(422)?;
    Ok(())
}
