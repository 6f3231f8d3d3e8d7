//! What became of something, asked by the customer's own ids.

use anyhow::Result;
use serde_json::json;

use crate::helpers::{Charge, TestApp};

#[tokio::test]
async fn a_charge_is_found_by_the_customers_own_id_whether_it_was_made_or_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let (made, refused) = (Charge::new(), Charge { token: "tok_declined", ..Charge::new() });
    app.charge(&made).await?.expect(200)?;
    app.charge(&refused).await?.expect(402)?;
    let found = app.search(&made.payment).await?.expect(200)?.json();
    assert_eq!(found["data"][0]["status"], "succeeded");
    let found = app.search(&refused.payment).await?.expect(200)?.json();
    assert_eq!(found["data"][0]["last_payment_error"]["code"], "card_declined");
    assert_eq!(app.search("p-unknown").await?.expect(200)?.json()["data"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_broken_provider_does_not_answer_questions_either() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.charge(&charge).await?.expect(200)?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 60})).await?.expect(200)?;
    app.search(&charge.payment).await?.expect(500)?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?.expect(200)?;
    assert!(app.search(&charge.payment).await.is_err());
    Ok(())
}

#[tokio::test]
async fn captures_and_refunds_of_a_wallet_payment_are_found_together() -> Result<()> {
    let app = TestApp::start().await?;
    let order = json!({
        "intent": "CAPTURE",
        "purchase_units": [{"reference_id": "o-1", "custom_id": "p-1", "amount": {"currency_code": "USD", "value": "19.99"}}],
        "payment_source": {"token": {"id": "tok_wallet", "type": "SETUP_TOKEN"}},
    });
    let made = app.client().post("/paypal/v2/checkout/orders", &order).await?.expect(201)?.json();
    let capture = &made["purchase_units"][0]["payments"]["captures"][0]["id"];
    let path =
        format!("/paypal/v2/payments/captures/{}/refund", capture.as_str().unwrap_or_default());
    let part = json!({"amount": {"currency_code": "USD", "value": "5.00"}, "invoice_id": "r-1"});
    app.client().post(&path, &part).await?.expect(201)?;
    let found =
        app.client().get("/paypal/v1/reporting/transactions?custom_field=p-1").await?.json();
    let info = |at: usize| found["transaction_details"][at]["transaction_info"].clone();
    assert_eq!(
        (&info(0)["transaction_id"], info(1)["invoice_id"].as_str()),
        (capture, Some("r-1"))
    );
    Ok(())
}

#[tokio::test]
async fn a_text_message_is_delivered_and_another_is_unknown() -> Result<()> {
    let app = TestApp::start().await?;
    let messages = "/twilio/2010-04-01/Accounts/AC1/Messages";
    let form = [("To", "+15005550009"), ("From", "+2"), ("Body", "Hello")];
    let request = app.client().request(reqwest::Method::POST, &format!("{messages}.json"))?;
    let sent = app.client().send(request.form(&form)).await?.expect(201)?.json();
    let sid = sent["sid"].as_str().unwrap_or_default();
    let found = app.client().get(&format!("{messages}/{sid}.json")).await?.expect(200)?.json();
    assert_eq!(found["status"], "undelivered");
    app.client().get(&format!("{messages}/SM1.json")).await?.expect(404)?;
    Ok(())
}
