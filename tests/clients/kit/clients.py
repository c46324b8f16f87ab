"""The two clients of the library behind one face, so that each test is written once and runs with both."""

import asyncio
import threading
import time

import httpx
import openai


class Sent:
    """What the library really sends, and when."""

    def __init__(self):
        self.requests: list[tuple[float, httpx.Request]] = []

    def keep(self, request: httpx.Request):
        self.requests.append((time.monotonic(), request))

    async def keep_async(self, request: httpx.Request):
        self.keep(request)


class Synchronous:
    """`openai.OpenAI`."""

    def __init__(self, **options):
        self.sent = Sent()
        http = openai.DefaultHttpxClient(event_hooks={"request": [self.sent.keep]})
        self.openai = openai.OpenAI(http_client=http, **options)
        self.chat = self.openai.chat.completions

    def wait(self, value):
        return value

    def each(self, stream):
        return stream

    def enter(self, manager):
        return manager.__enter__()

    def leave(self, question: dict, when):
        """Asks, and is gone as soon as `when` returns: nobody can call this client back, so its read timeout ends it."""
        untold = {"x-stainless-read-timeout": "600"}  # or the daemon would end the run by itself
        asking = threading.Thread(target=self._give_up, args=[question, untold], daemon=True)
        asking.start()
        when()
        asking.join()

    def _give_up(self, question: dict, headers: dict):
        try:
            self.openai.with_options(timeout=5, max_retries=0).chat.completions.create(**question, extra_headers=headers)
        except openai.APITimeoutError:
            pass


class Asynchronous:
    """`openai.AsyncOpenAI`, on a loop that has a thread of its own."""

    def __init__(self, **options):
        self.sent = Sent()
        http = openai.DefaultAsyncHttpxClient(event_hooks={"request": [self.sent.keep_async]})
        self.openai = openai.AsyncOpenAI(http_client=http, **options)
        self.chat = self.openai.chat.completions
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def wait(self, value):
        return self._start(value).result()

    def each(self, stream):
        while True:
            try:
                item = self.wait(anext(stream))
            except StopAsyncIteration:
                return
            yield item

    def enter(self, manager):
        return self.wait(manager.__aenter__())

    def leave(self, question: dict, when):
        """Asks, and is cancelled as soon as `when` returns."""
        asking = self._start(self.chat.create(**question))
        when()
        asking.cancel()

    def _start(self, value):
        async def until_done():
            return await value

        return asyncio.run_coroutine_threadsafe(until_done(), self.loop)
