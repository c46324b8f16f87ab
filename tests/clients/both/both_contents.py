"""What is more than one text: an answer by a schema, questions with images, several choices."""

import json

import pydantic

from asked import handle, user
from cases import case, holds, same

PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Invoice(pydantic.BaseModel):
    number: str
    total: float
    paid: bool
    lines: list[str]


@case("an answer is what a schema asks for, parsed", together=True)
def _(lab):
    client = lab.client()
    question = user("Invoice R-17: two chairs, one desk. Total 431.50, not paid yet.")
    answer = client.wait(client.chat.parse(model=handle("shape"), messages=question, response_format=Invoice))
    holds("it is an invoice", isinstance(answer.choices[0].message.parsed, Invoice), answer.choices[0].message)
    [chief] = [call for call in lab.calls("shape") if call["model"] == "shape-chief"]
    same("schema", chief["body"]["response_format"]["json_schema"]["name"], "Invoice")


@case("an answer is what a schema asks for, in pieces, for the helper that builds and parses it", together=True)
def _(lab):
    client = lab.client()
    question = user("Invoice R-17: two chairs, one desk. Total 431.50, not paid yet.")
    stream = client.enter(client.chat.stream(model=handle("shape-stream"), messages=question, response_format=Invoice))
    pieces = [event.delta for event in client.each(stream) if event.type == "content.delta"]
    holds("it came in pieces", len(pieces) > 1, pieces)
    message = client.wait(stream.get_final_completion()).choices[0].message
    same("parsed", message.parsed, Invoice.model_validate_json("".join(pieces)))
    [chief] = [call for call in lab.calls("shape-stream") if call["model"] == "shape-stream-chief"]
    same("schema", chief["body"]["response_format"]["json_schema"]["name"], "Invoice")
    same("streamed by the chief, too", chief["body"]["stream"], True)


@case("every call is shown the images, byte for byte", together=True)
def _(lab):
    client = lab.client()
    client.wait(client.chat.create(model=handle("images"), messages=user([
        {"type": "text", "text": "Which is larger – the “red” or the <blue>?\n\t\U0001f534\U0001f535"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXELS}", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/blue.png?a=1&b=%20"}},
    ])))
    sent = client.sent.requests[0][1].content.decode().split('"messages":[')[1]
    message, size = json.JSONDecoder().raw_decode(sent)
    same("parts that were sent", len(message["content"]), 3)
    ledger = lab.models.http.get("/sim/ledger").text
    same("models that were asked", sorted(call["model"] for call in lab.calls("images")),
         ["images-chief", "images-one", "images-two"])
    same("calls with the very bytes of the message", ledger.count(sent[:size]), 3)


@case("two choices are two answers over the same drafts", together=True)
def _(lab):
    client = lab.client()
    answer = client.wait(client.chat.create(model=handle("twice"), messages=user("hi"), n=2))
    same("texts", sorted(choice.message.content for choice in answer.choices), ["another", "one way"])
    same("places", [choice.index for choice in answer.choices], [0, 1])
    same("calls", sorted(call["model"] for call in lab.calls("twice")),
         ["twice-chief", "twice-chief", "twice-one", "twice-two"])
    same("answers in the receipt", answer.model_extra["ensc"]["choices"]["given"], 2)


@case("two choices come side by side in a stream", together=True)
def _(lab):
    client, texts, receipts = lab.client(), {0: "", 1: ""}, []
    for chunk in client.each(client.wait(client.chat.create(
            model=handle("twice-stream"), messages=user("hi"), n=2, stream=True))):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            receipts += [((choice.delta.model_extra or {}).get("provider_specific_fields") or {}).get("ensc")]
    same("texts", sorted(texts.values()), ["another", "one way"])
    same("answers in the receipt", [receipt["choices"]["given"] for receipt in receipts if receipt], [2])
