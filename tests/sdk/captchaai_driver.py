"""Drives the official CaptchaAI SDK, unmodified but for its base URL."""

from importlib.metadata import version

import captchaai
from captchaai import client as module
from common import PAGE, SITE_KEY, drive, image


def connect(request, pauses):
    # the SDK's own pauses are kept, but made short
    module.time = pauses
    options = {name: request[name] for name in ("auto_retry", "thread_busy_timeout", "max_retries") if name in request}
    return captchaai.CaptchaAI(request["key"], base_url=request["base_url"], **options)


def result(solved):
    return {"task": str(solved.task_id), "answer": solved.solution}


def construct(request, pauses):
    connect(request, pauses).close()
    return "constructed"


def threads(request, pauses):
    return connect(request, pauses).threads_info()


def token(request, pauses):
    return result(connect(request, pauses).recaptcha_v2(SITE_KEY, PAGE))


def picture(request, pauses):
    return result(connect(request, pauses).normal(image()))


def submit(request, pauses):
    return {"task": str(connect(request, pauses).send("recaptcha_v2", **{"googlekey": SITE_KEY, "pageurl": PAGE} | request.get("params", {})))}


def poll(request, pauses):
    return result(connect(request, pauses).get_result("recaptcha_v2", request["task"]))


drive(
    f"captchaai {version('captchaai')}",
    {
        "construct": construct,
        "threads": threads,
        "token": token,
        "image": picture,
        "submit": submit,
        "poll": poll,
    },
)
