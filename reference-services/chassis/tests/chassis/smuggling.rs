//! Requests that two hops could read differently.

use anyhow::{Result, ensure};

use crate::{
    target::{GOOD, JSON, Target},
    wire::{Reply, Wire},
};

#[tokio::test]
async fn a_head_that_two_hops_could_read_differently_is_refused() -> Result<()> {
    let target = Target::start().await?;
    let mangled = [
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        "POST /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n",
        "POST /things HTTP/1.1\r\nhost: x\r\nx-a: b\r\n folded\r\n\r\n",
        "POST /things HTTP/1.1\r\nhost: x\r\nx-a\0: b\r\n\r\n",
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\n",
    ];
    for request in mangled {
        assert_eq!(target.send(request.as_bytes()).await?.status, 400, "{request}");
    }
    Ok(())
}

/// hyper takes away the length and reads the chunks before anybody sees the head, so this is no refusal: it is the end.
#[tokio::test]
async fn a_request_with_two_lengths_is_the_last_of_its_connection_and_what_hides_behind_it_is_never_served()
-> Result<()> {
    let target = Target::start().await?;
    let (length, chunks) = ("content-length: 4\r\n", "transfer-encoding: chunked\r\n");
    for lengths in [[length, chunks], [chunks, length]] {
        let smuggling = format!(
            "POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\nPOST /keyed HTTP/1.1\r\nhost: x\r\nidempotency-key: k\r\n\r\n",
            lengths.concat(),
            GOOD.len(),
            String::from_utf8_lossy(GOOD),
        );
        let mut wire = Wire::open(target.service.client.base()).await?;
        wire.write(smuggling.as_bytes()).await;
        let answers = wire.read_to_end().await?;
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
        let reply = Reply::parse(&answers)?;
        assert_eq!((reply.status, reply.body.as_str()), (200, "made"));
        ensure!(reply.head.contains("connection: close"), "{}", reply.head);
    }
    let metrics = target.ask("GET /actuator/prometheus", "").await?.body;
    ensure!(metrics.contains(r#"uri="/things""#) && !metrics.contains("/keyed"), "{metrics}");
    Ok(())
}
