use super::*;

fn said(message: &str) -> Said {
    Said { message: message.into(), ..Said::default() }
}

fn coded(kind: &str, code: &str) -> Said {
    Said { message: String::new(), kind: kind.into(), code: code.into() }
}

#[test]
fn a_status_and_its_words_name_the_fault() {
    use Fault::*;
    let table = [
        (429, said("litellm.RateLimitError: x"), Busy, Retry::Soon),
        (429, said(""), Busy, Retry::Soon),
        (500, said("litellm.InternalServerError: OpenAIException - Connection error."), Unwell, Retry::Soon),
        (500, said(""), Unwell, Retry::Soon),
        (502, said("Bad Gateway"), Unwell, Retry::Soon),
        (503, said(""), Unwell, Retry::Soon),
        (504, said(""), Unwell, Retry::Soon),
        (500, said("litellm.Timeout: x"), TimedOut, Retry::Never),
        (408, said("litellm.Timeout: x"), TimedOut, Retry::Never),
        (409, said(""), Rejected, Retry::Never),
        (400, said("litellm.BadRequestError: no"), Rejected, Retry::Never),
        (422, said(""), Rejected, Retry::Never),
        (413, said(""), Rejected, Retry::Never),
        (
            400,
            said("litellm.BadRequestError: litellm.ContextWindowExceededError: long"),
            ContextFull,
            Retry::Never,
        ),
        (400, coded("invalid_request_error", "context_length_exceeded"), ContextFull, Retry::Never),
        (400, said("This model's maximum context length is 8192 tokens"), ContextFull, Retry::Never),
        (400, said("litellm.ContentPolicyViolationError: no"), Filtered, Retry::Never),
        (400, coded("", "content_filter"), Filtered, Retry::Never),
        (401, said("litellm.AuthenticationError: no"), KeyRefused, Retry::Never),
        (403, said(""), KeyRefused, Retry::Never),
        (400, coded("no_db_connection", "400"), KeyRefused, Retry::Never),
        (500, said("Internal Server Error: No module named 'prisma'"), KeyRefused, Retry::Never),
        (404, said(""), UnknownModel, Retry::Never),
        (
            400,
            said("You passed in model=x. There are no healthy deployments for this model"),
            UnknownModel,
            Retry::Never,
        ),
        (
            400,
            said("/chat/completions: Invalid model name passed in model=x. Call `/v1/models` to view"),
            UnknownModel,
            Retry::Never,
        ),
        (302, said(""), Redirected, Retry::Never),
        (418, said(""), Rejected, Retry::Never),
        (500, said("litellm.APIErrorish litellm.APIConnectionError: x"), Unwell, Retry::Soon),
    ];
    for (status, said, fault, retry) in table {
        let error = of_status(status, &said, None);
        assert_eq!(
            (error.fault, error.retry, error.status),
            (fault, retry, Some(status)),
            "{status} {said:?}"
        );
    }
}

#[test]
fn who_says_when_to_come_back_is_heard_if_coming_back_helps() {
    let wait = Duration::from_secs(90);
    assert_eq!(of_status(429, &said(""), Some(wait)).retry, Retry::After(wait));
    assert_eq!(of_status(503, &said(""), Some(wait)).retry, Retry::After(wait));
    assert_eq!(of_status(400, &said(""), Some(wait)).retry, Retry::Never);
}

#[test]
fn an_error_under_200_is_told_by_its_code_or_words() {
    let unclear = Fault::BrokeOff;
    assert_eq!(of_message(&coded("", "429"), unclear).fault, Fault::Busy);
    assert_eq!(of_message(&coded("", "500"), unclear).fault, Fault::Unwell);
    assert_eq!(of_message(&coded("", "weird"), unclear).fault, Fault::BrokeOff);
    assert_eq!(of_message(&coded("", "200"), unclear).fault, Fault::BrokeOff);
    assert_eq!(of_message(&said("litellm.ContextWindowExceededError"), unclear).fault, Fault::ContextFull);
    assert_eq!(of_message(&said(""), unclear).status, Some(200));
}

#[test]
fn times_to_wait_are_seconds() {
    for (text, millis) in
        [("3", Some(3_000)), (" 0.25 ", Some(250)), ("0", Some(0)), ("1e9", Some(86_400_000))]
    {
        assert_eq!(retry_after(text).map(|wait| wait.as_millis()), millis, "{text}");
    }
    for text in ["", "-1", "NaN", "inf", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
        assert_eq!(retry_after(text), None, "{text}");
    }
}

#[test]
fn details_are_cut_between_characters() {
    let long = "é".repeat(DETAIL_SIZE_MAX);
    assert_eq!(clip(&long).len(), DETAIL_SIZE_MAX);
    assert_eq!(clip(&format!("x{long}")).len(), DETAIL_SIZE_MAX - 1);
    assert_eq!(of_status(500, &said("why"), None).detail, "why");
}

#[test]
fn a_bare_500_means_the_key_if_there_was_none() {
    let fault = |message: &str| without_key(of_status(500, &said(message), None)).fault;
    assert_eq!(fault("Internal Server Error"), Fault::KeyRefused);
    assert_eq!(fault("litellm.InternalServerError: x"), Fault::Unwell);
}
