use futures_util::stream;

use super::*;

async fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<String, (Fault, Retry)> {
    let find = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let head = Head::read(status, "mlx-a", find);
    let pieces: Vec<_> = body.as_bytes().chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    match read(head, true, stream::iter(pieces)).await {
        Ok(Incoming::Whole(answer)) => Ok(answer.text),
        Ok(Incoming::Stream(_)) => Ok("a stream".to_owned()),
        Err(error) => {
            assert_eq!(error.status, Some(status));
            Err((error.fault, error.retry))
        }
    }
}

const FINE: &str = r#"{"choices":[{"message":{"content":"fine"}}]}"#;

#[tokio::test]
async fn heads_decide_what_a_body_is() {
    let json = ("content-type", "application/json");
    let sse = ("content-type", "Text/Event-Stream; charset=utf-8");
    let ours = ("x-litellm-model-group", "mlx-a");
    let never = |fault| Err((fault, Retry::Never));
    type Row<'a> = (u16, Vec<(&'a str, &'a str)>, &'a str, Result<&'a str, (Fault, Retry)>);
    let table: Vec<Row<'_>> = vec![
        (200, vec![json], FINE, Ok("fine")),
        (200, vec![], FINE, Ok("fine")),
        (200, vec![json, ours, ("x-litellm-attempted-fallbacks", "0")], FINE, Ok("fine")),
        (200, vec![sse], "", Ok("a stream")),
        (200, vec![json, ("x-litellm-attempted-fallbacks", "1")], FINE, never(Fault::OtherModel)),
        (200, vec![sse, ("x-litellm-attempted-fallbacks", "2")], "", never(Fault::OtherModel)),
        (200, vec![json, ("x-litellm-model-group", "mlx-b")], FINE, never(Fault::OtherModel)),
        (200, vec![json], "", never(Fault::Garbage)),
        (204, vec![], "", never(Fault::Garbage)),
        (200, vec![json], r#"{"error":{"message":"x"}}"#, Err((Fault::Unwell, Retry::Soon))),
        (200, vec![json], r#"{"error":{"code":"429"}}"#, Err((Fault::Busy, Retry::Soon))),
        (
            200,
            vec![json],
            r#"{"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]}"#,
            never(Fault::Filtered),
        ),
        (
            200,
            vec![json],
            r#"{"choices":[{"message":{"content":"so far"},"finish_reason":"content_filter"}]}"#,
            Ok("so far"),
        ),
        (301, vec![("location", "http://evil.example/")], "", never(Fault::Redirected)),
        (429, vec![("retry-after", "2")], "", Err((Fault::Busy, Retry::After(Duration::from_secs(2))))),
        (
            429,
            vec![("llm_provider-retry-after", "0.5")],
            "",
            Err((Fault::Busy, Retry::After(Duration::from_millis(500)))),
        ),
        (429, vec![("retry-after", "tomorrow")], "", Err((Fault::Busy, Retry::Soon))),
        (503, vec![("retry-after", "90")], "", Err((Fault::Unwell, Retry::After(Duration::from_secs(90))))),
        (500, vec![sse], "data: no\n\n", Err((Fault::Unwell, Retry::Soon))),
        (500, vec![("x-litellm-attempted-fallbacks", "1")], "", Err((Fault::Unwell, Retry::Soon))),
    ];
    for (status, headers, body, expected) in table {
        assert_eq!(
            answer(status, &headers, body).await,
            expected.map(str::to_owned),
            "{status} {headers:?} {body}"
        );
    }
}

#[tokio::test]
async fn bodies_over_the_limit_are_not_read_to_their_end() {
    let too_long = Err((Fault::TooLong, Retry::Never));
    assert_eq!(answer(200, &[("content-length", "8388609")], "").await, too_long);
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let endless = stream::iter(std::iter::repeat_with(move || Ok(piece.clone())));
    let error = read(Head { status: 200, ..Head::default() }, false, endless).await.err().unwrap();
    assert_eq!(error.fault, Fault::TooLong);
    let error = read(
        Head { status: 503, ..Head::default() },
        false,
        stream::iter(std::iter::repeat_with(|| Ok(Bytes::from_static(b"long excuses ")))),
    )
    .await
    .err()
    .unwrap();
    assert_eq!(error.fault, Fault::Unwell);
}

#[tokio::test]
async fn a_body_that_breaks_is_what_the_connection_says() {
    let broken = || Err(CallError::new(Fault::Reset, Retry::Soon, "gone"));
    let body = stream::iter(vec![Ok(Bytes::from_static(b"{\"choi")), broken()]);
    let error = read(Head { status: 200, ..Head::default() }, false, body).await.err().unwrap();
    assert_eq!((error.fault, error.retry, error.status), (Fault::Reset, Retry::Soon, Some(200)));
    let error =
        read(Head { status: 401, ..Head::default() }, false, stream::iter(vec![broken()])).await.err();
    assert_eq!(error.unwrap().fault, Fault::KeyRefused, "the status stands without its body");
}
