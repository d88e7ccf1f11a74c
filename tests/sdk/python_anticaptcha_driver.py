"""Drives python-anticaptcha, unmodified but for its host: the gate stands at the root of one."""

from importlib.metadata import version

import python_anticaptcha
from common import PAGE, SITE_KEY, Unsupported, drive, image
from python_anticaptcha import sync_client as module
from python_anticaptcha.tasks import ImageToTextTask, NoCaptchaTaskProxylessTask


def connect(request, pauses):
    # the SDK's own pauses are kept, but made short
    module.time = pauses
    scheme, _, host = request["base_url"].partition("://")
    client = python_anticaptcha.AnticaptchaClient(request["key"], host=host, use_ssl=scheme == "https")
    # it asks a web site for this, whenever an address is refused; a driver talks to loopback only
    client._client_ip = "192.0.2.1"
    return client


class Task(NoCaptchaTaskProxylessTask):
    """The SDK's task, with what a test puts beside."""

    def __init__(self, more):
        super().__init__(website_url=PAGE, website_key=SITE_KEY)
        self.more = more

    def serialize(self, **result):
        return super().serialize(**result) | self.more


def balance(request, pauses):
    return connect(request, pauses).get_balance()


def token(request, pauses):
    job = connect(request, pauses).create_task(Task({}))
    job.join()
    return {"task": job.task_id, "answer": job.get_solution_response()}


def picture(request, pauses):
    import io

    job = connect(request, pauses).create_task(ImageToTextTask(io.BytesIO(image())))
    job.join()
    return {"task": job.task_id, "answer": job.get_captcha_text()}


def submit(request, pauses):
    params = request.get("params", {})
    if "callbackUrl" in params:
        raise Unsupported("python-anticaptcha names no callback but smee.io's")
    return {"task": connect(request, pauses).create_task(Task(params)).task_id}


def poll(request, pauses):
    job = module.Job(connect(request, pauses), int(request["task"]))
    job.join()
    return {"task": job.task_id, "answer": job.get_solution()}


def report_bad(request, pauses):
    return connect(request, pauses).report_incorrect_recaptcha(int(request["task"]))


drive(
    f"python-anticaptcha {version('python-anticaptcha')}",
    {
        "balance": balance,
        "token": token,
        "image": picture,
        "submit": submit,
        "poll": poll,
        "report_bad": report_bad,
    },
)
