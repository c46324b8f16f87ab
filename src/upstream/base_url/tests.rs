use super::*;

#[test]
fn loopback_addresses_that_end_in_v1_are_taken() {
    let table = [
        ("http://127.0.0.1:4000/v1", "http://127.0.0.1:4000/v1/chat/completions"),
        ("http://127.0.0.1:4000/v1/", "http://127.0.0.1:4000/v1/chat/completions"),
        ("http://localhost:4000/v1", "http://127.0.0.1:4000/v1/chat/completions"),
        ("http://127.9.9.9/v1", "http://127.9.9.9:80/v1/chat/completions"),
        ("http://[::1]:4000/v1", "http://[::1]:4000/v1/chat/completions"),
        ("http://127.0.0.1:4000/llm/v1", "http://127.0.0.1:4000/llm/v1/chat/completions"),
    ];
    for (text, completions) in table {
        assert_eq!(BaseUrl::parse(text, Some(4020)).unwrap().completions(), completions, "{text}");
    }
    let url = BaseUrl::parse("http://localhost:4000/v1", None).unwrap();
    assert_eq!(url.models(), "http://127.0.0.1:4000/v1/models");
    assert_eq!(url.liveliness(), "http://127.0.0.1:4000/health/liveliness");
    assert_eq!(url.to_string(), "http://127.0.0.1:4000/v1");
}

#[test]
fn every_other_address_is_refused_with_its_reason() {
    let table = [
        ("https://127.0.0.1:4000/v1", "no TLS on loopback"),
        ("127.0.0.1:4000/v1", "begin with `http://`"),
        ("http://127.0.0.1:4000", "end in `/v1`"),
        ("http://127.0.0.1:4000/v1/chat", "end in `/v1`"),
        ("http://user:hunter2@127.0.0.1:4000/v1", "user or password"),
        ("http://127.0.0.1@evil.example/v1", "user or password"),
        ("http://127.0.0.1:4000/v1?key=1/v1", "plain path"),
        ("http://127.0.0.1:4000/%2e/v1", "plain path"),
        ("http://10.0.0.5:4000/v1", "loopback"),
        ("http://0.0.0.0:4000/v1", "loopback"),
        ("http://0x7f.1:4000/v1", "loopback"),
        ("http://localhost.example:4000/v1", "loopback"),
        ("http://[fe80::1]:4000/v1", "loopback"),
        ("http://127.0.0.1:0/v1", "port"),
        ("http://127.0.0.1:99999/v1", "port"),
        ("http://127.0.0.1:/v1", "port"),
        ("http:///v1", "loopback"),
        ("http://127.0.0.1:4020/v1", "our own port 4020"),
    ];
    for (text, part) in table {
        let error = BaseUrl::parse(text, Some(4020)).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
