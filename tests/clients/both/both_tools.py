"""Tools: calls side by side, whole and in pieces, and their results on the way back."""

from asked import handle, user
from cases import case, holds, same

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
CALLS = [
    ("call_paris", "weather", '{"city":"Paris"}'),
    ("call_oslo", "weather", '{"city":"Oslo","unit":"°C"}'),
]


def question(ensemble: str) -> dict:
    return {"model": handle(ensemble), "messages": user("Paris or Oslo?"), "tools": [WEATHER]}


def flat(calls) -> list[tuple]:
    return [(call.id, call.function.name, call.function.arguments) for call in calls]


@case("two tools are called at once", together=True)
def _(lab):
    client = lab.client()
    choice = client.wait(client.chat.create(**question("tools"))).choices[0]
    same("finish", choice.finish_reason, "tool_calls")
    same("calls", flat(choice.message.tool_calls), CALLS)
    drafts = [call["body"]["tool_choice"] for call in lab.calls("tools") if call["model"] != "tools-chief"]
    same("what the drafts may choose", drafts, ["none", "none"])


@case("two tools are called at once, in pieces", together=True)
def _(lab):
    client = lab.client()
    chunks = list(client.each(client.wait(client.chat.create(**question("tools-stream"), stream=True))))
    pieces = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or []]
    holds("the arguments came in pieces", len(pieces) > len(CALLS), pieces)
    built = []
    for index in range(len(CALLS)):
        mine = [piece for piece in pieces if piece.index == index]
        same("ids in the pieces of one call", sum(piece.id is not None for piece in mine), 1)
        arguments = "".join(piece.function.arguments or "" for piece in mine)
        built.append((mine[0].id, mine[0].function.name, arguments))
    same("calls", built, CALLS)
    same("finish", chunks[-1].choices[0].finish_reason, "tool_calls")


@case("two tools are called at once, in pieces, for the helper that builds the answer", together=True)
def _(lab):
    client = lab.client()
    stream = client.enter(client.chat.stream(**question("tools-stream")))
    done = [event.arguments for event in client.each(stream) if event.type == "tool_calls.function.arguments.done"]
    same("arguments", done, [arguments for _, _, arguments in CALLS])
    answer = client.wait(stream.get_final_completion())
    same("calls", flat(answer.choices[0].message.tool_calls), CALLS)


@case("the results of tools are told to every member", together=True)
def _(lab):
    client = lab.client()
    ask = question("tools-turns")
    message = client.wait(client.chat.create(**ask)).choices[0].message
    degrees = {"call_paris": "12", "call_oslo": "3"}
    ask["messages"] += [message, *({"role": "tool", "tool_call_id": call.id, "content": degrees[call.id]}
                                   for call in message.tool_calls)]
    same("answer", client.wait(client.chat.create(**ask)).choices[0].message.content, "Oslo is colder.")
    second = [call for call in lab.calls("tools-turns") if call["model"] == "tools-turns-one"][1]
    results = [(told["tool_call_id"], told["content"]) for told in second["body"]["messages"] if told["role"] == "tool"]
    same("results", results, list(degrees.items()))
