"""Drives the official Anti-Captcha SDK, unmodified: its host is written into it, so its session is sent elsewhere."""

from importlib.metadata import version

from anticaptchaofficial import antinetworking, imagecaptcha, recaptchav2proxyless
from common import PAGE, SITE_KEY, drive, image

HOST = "https://api.anti-captcha.com/"
POST = antinetworking.session.post


class Refused(Exception):
    """What the SDK keeps in `err_string` and gives no exception for."""


def connect(kind, request, pauses):
    def post(url, **more):
        if not url.startswith(HOST):
            raise ValueError(f"the SDK asks {url}")
        return POST(request["base_url"] + "/" + url.removeprefix(HOST), **more)

    antinetworking.session.post = post
    # the SDK's own pauses are kept, but made short
    for module in (antinetworking, imagecaptcha, recaptchav2proxyless):
        module.time = pauses
    solver = kind()
    solver.set_key(request["key"])
    return solver


def or_refused(solver, value):
    if value == 0:
        raise Refused(solver.err_string)
    return value


def recaptcha(request, pauses):
    solver = connect(recaptchav2proxyless.recaptchaV2Proxyless, request, pauses)
    solver.set_website_url(PAGE)
    solver.set_website_key(SITE_KEY)
    return solver


def balance(request, pauses):
    return recaptcha(request, pauses).get_balance()


def token(request, pauses):
    solver = recaptcha(request, pauses)
    answer = or_refused(solver, solver.solve_and_return_solution())
    return {"task": solver.task_id, "answer": answer}


def picture(request, pauses):
    solver = connect(imagecaptcha.imagecaptcha, request, pauses)
    answer = or_refused(solver, solver.solve_and_return_solution(None, body=image()))
    return {"task": solver.task_id, "answer": answer}


def submit(request, pauses):
    params = dict(request.get("params", {}))
    beside = {name: params.pop(name) for name in ("callbackUrl",) if name in params}
    task = {"type": "RecaptchaV2TaskProxyless", "websiteURL": PAGE, "websiteKey": SITE_KEY} | params
    solver = recaptcha(request, pauses)
    or_refused(solver, solver.create_task({"clientKey": solver.client_key, "task": task, "softId": 0} | beside))
    return {"task": solver.task_id}


def poll(request, pauses):
    solver = recaptcha(request, pauses)
    solver.task_id = int(request["task"])
    return {"task": solver.task_id, "answer": or_refused(solver, solver.wait_for_result(120))["solution"]}


def report(name):
    def scenario(request, pauses):
        solver = recaptcha(request, pauses)
        solver.task_id = int(request["task"])
        return getattr(solver, name)()

    return scenario


drive(
    f"anticaptchaofficial {version('anticaptchaofficial')}",
    {
        "balance": balance,
        "token": token,
        "image": picture,
        "submit": submit,
        "poll": poll,
        "report_good": report("report_correct_recaptcha"),
        "report_bad": report("report_incorrect_recaptcha"),
    },
)
