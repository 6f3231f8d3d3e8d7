//! The same request many times: one charge, one answer.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;

use crate::helpers::TestApp;

#[tokio::test]
async fn sixty_four_at_once_under_one_key_are_one_charge() -> Result<()> {
    let app = TestApp::start().await?;
    for method in ["credit_card", "paypal"] {
        let customer = app.customer()?;
        let offer = customer.offer(method, "tok_1");
        let answers = try_join_all((0..64).map(|_| customer.pay(&offer, "k"))).await?;
        let paid: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(!paid.is_empty());
        assert!(paid.iter().all(|answer| answer.text == paid[0].text));
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (409, "1"));
        }
        assert_eq!(app.charges(customer.order_id).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_somebody_works_on_is_busy_and_says_when_to_ask_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let offer = customer.offer("credit_card", "tok_visa");
    customer.pay(&offer, "k").await?.expect(201)?;
    let running = "UPDATE payment_service.idempotency_keys SET status = NULL, body = NULL, locked_until = now() + interval '10 seconds'";
    app.execute(running).await?;
    let busy = customer.pay(&offer, "k").await?.expect_problem(409)?;
    assert!(busy.text.contains("idempotency-key-running"), "{}", busy.text);
    assert_eq!(busy.header("retry-after"), "1");
    assert_eq!(app.charges(customer.order_id).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_key_is_good_for_one_request_of_one_customer() -> Result<()> {
    let app = TestApp::start().await?;
    let (one, other) = (app.customer()?, app.customer()?);
    let offer = one.offer("credit_card", "tok_visa");
    one.pay(&offer, "k").await?.expect(201)?;
    let mut changed = offer.clone();
    changed["payment_token"] = json!("tok_other");
    one.pay(&changed, "k").await?.expect_problem(422)?;
    other.pay(&other.offer("credit_card", "tok_visa"), "k").await?.expect(201)?;
    for key in ["", "a\u{e4}", &"k".repeat(256)] {
        one.pay(&offer, key).await?.expect_problem(400)?;
    }
    let unkeyed = one.client.post("/api/payments", &offer).await?.expect_problem(400)?;
    assert!(unkeyed.text.contains("Idempotency-Key"), "{}", unkeyed.text);
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_refused_may_be_corrected_under_the_same_key() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut offer = customer.offer("credit_card", "tok_visa");
    offer["amount"] = json!("1.00");
    customer.pay(&offer, "k").await?.expect_problem(422)?;
    customer.pay_by_card().await?.expect(201)?;
    Ok(())
}
