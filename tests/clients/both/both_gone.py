"""A client that leaves ends its run and every call of it, counted at the models."""

from asked import handle, user
from cases import case, holds, same


def question(ensemble: str) -> dict:
    return {"model": handle(ensemble), "messages": user("hi")}


@case("client gone, streamed, before the first token", together=True)
def _(lab):
    client = lab.client()
    stream = client.wait(client.chat.create(**question("gone-start"), stream=True))
    lab.wait_for_calls("gone-start", 2)
    same("heads", lab.heads("gone-start"), {"one": None, "two": None})
    client.wait(stream.close())
    same("ends", lab.ends("gone-start"), [("gone-start-one", "cancelled"), ("gone-start-two", "cancelled")])


@case("client gone, streamed, in the middle of the answer", together=True)
def _(lab):
    client, text = lab.client(), ""
    stream = client.wait(client.chat.create(**question("gone-middle"), stream=True))
    for chunk in client.each(stream):
        text += chunk.choices[0].delta.content or ""
        if text == "one two ":
            break
    client.wait(stream.close())
    holds("the chief was cut off", ("gone-middle-chief", "cancelled") in lab.ends("gone-middle"), lab.ends("gone-middle"))
    same("heads", lab.heads("gone-middle"), {"one": 200, "two": 200, "chief": 200})


@case("client gone, not streamed, before any head", together=True)
def _(lab):
    lab.client().leave(question("gone-whole"), when=lambda: lab.wait_for_calls("gone-whole", 2))
    same("ends", lab.ends("gone-whole"), [("gone-whole-one", "cancelled"), ("gone-whole-two", "cancelled")])
    same("heads", lab.heads("gone-whole"), {"one": None, "two": None})


@case("client gone, not streamed, in the middle of the chief's answer", together=True)
def _(lab):
    name = "gone-whole-middle"
    lab.client().leave(question(name), when=lambda: lab.wait_for_heads(name, "chief"))
    holds("the chief was cut off", (f"{name}-chief", "cancelled") in lab.ends(name), lab.ends(name))
    same("heads", lab.heads(name), {"one": 200, "two": 200, "chief": 200})
