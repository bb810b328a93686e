"""Reads an event stream by the lines of a library, as people do: readers.py LIBRARY URL KEY MEDIA COMMAND.

Prints the output that arrived, as JSON. A line that is none of the stream's ends it with an error.
"""

import asyncio
import json
import sys


class Stream:
    """Puts the output together, line by line."""

    def __init__(self, media):
        self.media = media
        self.output = []
        self.last = None
        self.event = None

    def line(self, text):
        if self.media == "application/x-ndjson":
            if text != "":
                line = json.loads(text)
                self.take(line["event"], line["data"])
        elif text.startswith("event: "):
            self.event = text[7:]
        elif text.startswith("data: "):
            self.take(self.event, json.loads(text[6:]))
        elif text != "" and not text.startswith(("id: ", ":")):
            raise ValueError(f"no line of the stream: {text!r}")

    def take(self, event, data):
        self.last = event
        if event == "OutputEvent":
            self.output.append(data["data"])


def by_requests(url, headers, body, take):
    import requests

    with requests.post(url, json=body, headers=headers, stream=True, timeout=60) as response:
        response.raise_for_status()
        for line in response.iter_lines(decode_unicode=True):
            take(line)


def by_httpx(url, headers, body, take):
    import httpx

    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            take(line)


def by_aiohttp(url, headers, body, take):
    import aiohttp

    async def read():
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
            response.raise_for_status()
            async for line in response.content:
                take(line.decode(response.get_encoding()).removesuffix("\n"))

    asyncio.run(read())


library, url, key, media, command = sys.argv[1:]
stream = Stream(media)
headers = {"x-api-key": key, "accept": media}
{"requests": by_requests, "httpx": by_httpx, "aiohttp": by_aiohttp}[library](url, headers, {"command": command}, stream.line)
if stream.last != "CompletedEvent":
    raise ValueError(f"the stream ended with {stream.last}")
print(json.dumps("".join(stream.output)))
