//! Which fields of a client's request may go upstream, and which names are ours alone.

/// The request fields of OpenAI's chat completions that make sense for one member call, and four that local
/// servers understand. Sorted, for the binary search in [`is_allowed`].
///
/// Not here: `model messages stream stream_options` (written by [`super::encode`]), `n` (back ends answer one
/// choice whatever it says), `store` and `metadata` (would keep the conversation at a provider, and book keeping
/// is ours), `functions function_call` (long deprecated), `web_search_options prompt_cache_key safety_identifier`
/// (providers other than OpenAI reject them).
pub const FIELDS_ALLOWED: &[&str] = &[
    "audio",
    "chat_template_kwargs",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "modalities",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "temperature",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
];

/// Names that steer LiteLLM or let tools run behind it, or that the encoder writes itself. Not even `pass_fields` may name
/// one: under our key, LiteLLM honours what it finds here. Sorted.
pub const FIELDS_RESERVED: &[&str] = &[
    "allowed_openai_params",
    "api_base",
    "api_key",
    "base_url",
    "cache",
    "custom_llm_provider",
    "disable_fallbacks",
    "drop_params",
    "extra_body",
    "extra_headers",
    "fallbacks",
    "guardrails",
    "headers",
    "litellm_metadata",
    "litellm_session_id",
    "litellm_trace_id",
    "max_retries",
    "mcp_servers",
    "messages",
    "metadata",
    "mock_delay",
    "mock_response",
    "mock_timeout",
    "model",
    "n",
    "num_retries",
    "plugins",
    "stream",
    "stream_options",
    "stream_timeout",
    "tags",
    "timeout",
    "web_search_options",
];

/// Whether a client's field of this name is sent on.
#[must_use]
pub fn is_allowed(name: &str) -> bool {
    FIELDS_ALLOWED.binary_search(&name).is_ok()
}

/// Whether the name is ours (or LiteLLM's) and can never be passed, whatever a configuration says.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    FIELDS_RESERVED.binary_search(&name).is_ok()
}
