"""What the official client gets when all is well."""

from asked import handle, user
from cases import case, holds, same


@case("it lists the handles, and finds one")
def _(lab):
    client = lab.client()
    listed = [model.id for model in client.wait(client.openai.models.list()).data]
    holds("the handle is listed", handle("plain") in listed, listed)
    model = client.wait(client.openai.models.retrieve(handle("plain")))
    same("id", model.id, handle("plain"))
    holds("it tells how much it takes", model.model_extra["context_length"] > 0, model)


@case("an answer has text, usage and the receipt")
def _(lab):
    client = lab.client()
    raw = client.wait(client.chat.with_raw_response.create(model=handle("plain"), messages=user("hi")))
    answer = raw.parse()
    receipt = answer.model_extra["ensc"]
    same("text", answer.choices[0].message.content, "one two three")
    same("finish", answer.choices[0].finish_reason, "stop")
    same("model", answer.model, handle("plain"))
    same("calls in the receipt", receipt["totals"]["calls"], 3)
    same("degraded", receipt["degraded"], False)
    same("usage", answer.usage.completion_tokens, receipt["totals"]["completion_tokens"])
    same("run in the head", raw.headers["x-ensc-run"], receipt["run"])
    same("request id of the library", answer._request_id, receipt["run"])
    calls = [call for call in lab.calls("plain") if call["headers"]["x-litellm-trace-id"] == receipt["run"]]
    same("calls at the models", len(calls), 3)


@case("a header of one's own in another case of letters is sent beside the library's, and does no harm")
def _(lab):
    client = lab.client()
    answer = client.wait(client.chat.create(
        model=handle("plain"), messages=user("hi"), extra_headers={"content-type": "application/json"}))
    sent = client.sent.requests[0][1].headers.get_list("content-type")
    same("content types that were sent", sent, ["application/json", "application/json"])
    same("text", answer.choices[0].message.content, "one two three")


@case("a stream has text, then the receipt, then the finish with usage")
def _(lab):
    client = lab.client()
    stream = client.wait(client.chat.create(model=handle("plain"), messages=user("hi"), stream=True))
    chunks = list(client.each(stream))
    same("role", chunks[0].choices[0].delta.role, "assistant")
    same("text", "".join(chunk.choices[0].delta.content or "" for chunk in chunks), "one two three")
    last, finish = chunks[-2:]
    receipt = last.choices[0].delta.model_extra["provider_specific_fields"]["ensc"]
    same("receipt on top", last.model_extra["ensc"], receipt)
    same("handle", receipt["handle"], handle("plain"))
    same("finish", finish.choices[0].finish_reason, "stop")
    same("usage", finish.usage.completion_tokens, receipt["totals"]["completion_tokens"])


@case("a stream has usage on a chunk of its own if asked")
def _(lab):
    client = lab.client()
    stream = client.wait(client.chat.create(
        model=handle("plain"), messages=user("hi"), stream=True, stream_options={"include_usage": True}))
    last = list(client.each(stream))[-1]
    same("choices", last.choices, [])
    holds("usage is there", last.usage.total_tokens > 0, last)


@case("the helper builds the whole answer of a stream")
def _(lab):
    client = lab.client()
    stream = client.enter(client.chat.stream(model=handle("plain"), messages=user("hi")))
    deltas = [event.delta for event in client.each(stream) if event.type == "content.delta"]
    same("deltas", "".join(deltas), "one two three")
    answer = client.wait(stream.get_final_completion())
    same("text", answer.choices[0].message.content, "one two three")
    same("finish", answer.choices[0].finish_reason, "stop")
