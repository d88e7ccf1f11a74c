"""Drives the official 2Captcha SDK for Python, unmodified but for its server.

The SDK puts `https://` before the server by itself: `base_url` must be an https one, and the gate's CA must stand in
REQUESTS_CA_BUNDLE.
"""

import os
import tempfile
from importlib.metadata import version

import twocaptcha
from common import PAGE, SITE_KEY, drive, image, image_base64
from twocaptcha import solver as module


def connect(request, pauses):
    # the SDK's own pauses are kept, but made short
    module.time = pauses
    scheme, _, server = request["base_url"].partition("://")
    if scheme != "https":
        raise ValueError(f"2captcha-python speaks https only, not {scheme}")
    return twocaptcha.TwoCaptcha(request["key"], server=server.rstrip("/"), pollingInterval=5, callback=request.get("callback"))


def result(solved):
    return {"task": solved["captchaId"], "answer": solved.get("code")}


def balance(request, pauses):
    return connect(request, pauses).balance()


def token(request, pauses):
    return result(connect(request, pauses).recaptcha(SITE_KEY, PAGE))


def picture(request, pauses):
    return result(connect(request, pauses).normal(image_base64()))


def picture_file(request, pauses):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "captcha.png")
        with open(path, "wb") as out:
            out.write(image())
        return result(connect(request, pauses).normal(path))


def submit(request, pauses):
    return {"task": connect(request, pauses).send(**{"method": "userrecaptcha", "googlekey": SITE_KEY, "pageurl": PAGE} | request.get("params", {}))}


def poll(request, pauses):
    return {"task": request["task"], "answer": connect(request, pauses).wait_result(request["task"], 120, 5)}


def report(correct):
    return lambda request, pauses: connect(request, pauses).report(request["task"], correct)


drive(
    f"2captcha-python {version('2captcha-python')}",
    {
        "balance": balance,
        "token": token,
        "image": picture,
        "image_file": picture_file,
        "submit": submit,
        "poll": poll,
        "report_good": report(True),
        "report_bad": report(False),
    },
)
