"""Drives the official CapSolver SDK, unmodified but for its base: it shows its key in the header and in the body."""

import base64
from importlib.metadata import version

import capsolver
from capsolver import capsolver as module
from common import PAGE, SITE_KEY, drive, image

RECAPTCHA = {"type": "ReCaptchaV2TaskProxyLess", "websiteURL": PAGE, "websiteKey": SITE_KEY}


def connect(request, pauses):
    # the SDK's own pauses are kept, but made short
    module.time = pauses
    capsolver.api_base, capsolver.api_key = request["base_url"], request["key"]
    return capsolver.Capsolver


def or_raised(answer):
    """Some of its calls give their error instead of raising it."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def balance(request, pauses):
    return or_raised(connect(request, pauses).balance())["balance"]


def token(request, pauses):
    return {"answer": connect(request, pauses).solve(RECAPTCHA)["gRecaptchaResponse"]}


def picture(request, pauses):
    body = base64.b64encode(image()).decode()
    return {"answer": connect(request, pauses).solve({"type": "ImageToTextTask", "body": body})["text"]}


def submit(request, pauses):
    return {"task": or_raised(connect(request, pauses).postTask(RECAPTCHA | request.get("params", {})))["taskId"]}


def poll(request, pauses):
    return {"task": request["task"], "answer": connect(request, pauses).getTask(taskId=request["task"])["solution"]}


drive(
    f"capsolver {version('capsolver')}",
    {
        "balance": balance,
        "token": token,
        "image": picture,
        "submit": submit,
        "poll": poll,
    },
)
