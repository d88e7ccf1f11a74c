"""What the Python drivers share: one JSON request a line on stdin, one JSON answer a line on stdout."""

import base64
import json
import os
import struct
import sys
import time
import zlib

# A driver talks to loopback only; a proxy of the surroundings must not see it.
os.environ["NO_PROXY"] = "*"

SITE_KEY = "6LfD3PIbAAAAAJs_eEHvoOl75_83eXSqpPSRFJ_u"
PAGE = "https://example.com/login"

# The longest pause that a driver really makes. SDKs wait 5 to 15 seconds between polls; what they asked for is reported.
LONGEST_PAUSE = 0.02


class Pauses:
    """Stands in for `time` inside an SDK's module: adds up what the SDK wanted to wait, and waits less.

    `time.time` runs ahead by the pauses that were cut short, so that the SDK's own deadlines mean what they say.
    """

    def __init__(self):
        self.wanted = 0.0

    def sleep(self, seconds):
        self.wanted += seconds
        time.sleep(min(seconds, LONGEST_PAUSE))

    def time(self):
        return time.time() + self.wanted

    def __getattr__(self, name):
        return getattr(time, name)


class Unsupported(Exception):
    """The SDK has no call for this scenario."""


def image():
    """A PNG of 60 by 20 grey noise: over the 100 bytes below which providers refuse an image."""
    width, height = 60, 20
    rows = b"".join(b"\0" + bytes((x * 7 + y * 13) % 256 for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def image_base64():
    return base64.b64encode(image()).decode()


def drive(sdk, scenarios):
    """Answers each line: `{"scenario": …, "base_url": …, "key": …, …}` → `{"ok": true, "value": …}` or the exception."""
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(play(sdk, scenarios, json.loads(line))), flush=True)


def play(sdk, scenarios, request):
    pauses = Pauses()
    answer = {"sdk": sdk, "scenario": request["scenario"]}
    try:
        scenario = scenarios.get(request["scenario"])
        if scenario is None:
            raise Unsupported(f"{sdk} has no call for {request['scenario']}")
        answer |= {"ok": True, "value": scenario(request, pauses)}
    except Unsupported as no:
        answer |= {"ok": False, "unsupported": True, "message": str(no)}
    except Exception as raised:  # every class is an outcome that a test names
        answer |= {"ok": False, "exception": type(raised).__name__, "message": str(raised)}
    return answer | {"wanted_to_wait_seconds": round(pauses.wanted, 3)}
