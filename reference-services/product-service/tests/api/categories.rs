//! The tree of categories.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use ecotrack_chassis::test_support::Answer;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, text};

const PATH: &str = "/api/products/categories";

async fn add(app: &TestApp, slug: &str, parent: Option<&str>) -> Result<String> {
    let request = json!({"slug": slug, "name": slug.to_uppercase(), "parent_id": parent});
    text(&app.admin()?.post(PATH, &request).await?.expect(201)?.json(), "category_id")
}

async fn change(app: &TestApp, id: &str, change: &Value) -> Result<Answer> {
    let admin = app.admin()?;
    admin.send(admin.request(Method::PATCH, &format!("{PATH}/{id}"))?.json(change)).await
}

fn count(categories: &Value) -> usize {
    let all = categories.as_array().into_iter().flatten();
    all.map(|category| 1 + count(&category["children"])).sum()
}

#[tokio::test]
async fn categories_are_a_tree() -> Result<()> {
    let app = TestApp::start().await?;
    let tree = app.get(PATH).await?;
    let roots = tree["items"].as_array().context("no items")?;
    let home = roots.iter().find(|category| category["slug"] == "home").context("no home")?;
    assert_eq!(home["children"].as_array().map(Vec::len), Some(2));
    let one = app.get(&format!("{PATH}/{}", text(home, "category_id")?)).await?;
    assert_eq!(one, *home);
    app.client().get(&format!("{PATH}/{}", Uuid::new_v4())).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn a_category_that_is_added_renamed_and_moved_is_so_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    app.get(PATH).await?;
    let garden = "01900000-0000-7000-8000-0000000000c5";
    let tools = add(&app, "tools", Some(garden)).await?;
    app.add(json!({"name": "Spade", "category_id": tools})).await?;
    assert_eq!(app.search("category=garden&query=spade").await?.len(), 1);
    let moved = json!({"name": "Tools for all", "parent_id": null});
    let moved = change(&app, &tools, &moved).await?.expect(200)?.json();
    assert_eq!((&moved["name"], &moved["slug"]), (&json!("Tools for all"), &json!("tools")));
    let tree = app.get(PATH).await?;
    assert!(tree["items"].as_array().context("no items")?.contains(&moved));
    assert!(app.search("category=garden&query=spade").await?.is_empty());
    assert_eq!(app.search("category=tools").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_was_just_written_is_in_the_answer_whoever_reads_meanwhile() -> Result<()> {
    let (app, done) = (TestApp::start().await?, AtomicBool::new(false));
    let read = || async {
        while !done.load(Ordering::Relaxed) {
            app.get(PATH).await?;
        }
        anyhow::Ok(())
    };
    let write = async {
        for number in 0..40 {
            let id = add(&app, &format!("c{number}"), None).await?;
            let renamed = change(&app, &id, &json!({"name": "Renamed"})).await?.expect(200)?;
            assert_eq!(renamed.json()["name"], "Renamed");
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    tokio::try_join!(read(), read(), read(), read(), write).map(drop)
}

#[tokio::test]
async fn a_category_never_stands_below_itself() -> Result<()> {
    let app = TestApp::start().await?;
    let a = add(&app, "a", None).await?;
    let b = add(&app, "b", Some(&a)).await?;
    let c = add(&app, "c", Some(&b)).await?;
    for below in [&a, &b, &c] {
        let answer = change(&app, &a, &json!({"parent_id": below})).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], "/parent_id");
    }
    change(&app, &c, &json!({"parent_id": a})).await?.expect(200)?;
    assert_eq!(count(&app.get(PATH).await?["items"]), 8);
    Ok(())
}

#[tokio::test]
async fn moves_at_once_make_no_circle_either() -> Result<()> {
    let app = TestApp::start().await?;
    let mut ids = Vec::new();
    for slug in ["a", "b", "c", "d"] {
        ids.push(add(&app, slug, None).await?);
    }
    for _ in 0..5 {
        let pairs = ids.iter().flat_map(|id| ids.iter().map(move |below| (id, below)));
        let moves = pairs.map(|(id, below)| {
            let below = json!({"parent_id": below});
            let app = &app;
            async move { change(app, id, &below).await }
        });
        for answer in try_join_all(moves).await? {
            assert!([200, 422].contains(&answer.status.as_u16()), "{answer:?}");
        }
        assert_eq!(count(&app.get(PATH).await?["items"]), 9);
    }
    Ok(())
}

#[tokio::test]
async fn a_tree_has_an_end_and_a_slug_is_taken_once() -> Result<()> {
    let app = TestApp::start().await?;
    let mut parent = add(&app, "level-1", None).await?;
    for level in 2..=8 {
        parent = add(&app, &format!("level-{level}"), Some(&parent)).await?;
    }
    let admin = app.admin()?;
    let deeper = json!({"slug": "level-9", "name": "x", "parent_id": parent});
    admin.post(PATH, &deeper).await?.expect_problem(422)?;
    admin.post(PATH, &json!({"slug": "home", "name": "x"})).await?.expect_problem(409)?;
    let orphan = json!({"slug": "orphan", "name": "x", "parent_id": Uuid::new_v4()});
    admin.post(PATH, &orphan).await?.expect_problem(422)?;
    change(&app, &Uuid::new_v4().to_string(), &json!({})).await?.expect_problem(404)?;
    Ok(())
}
