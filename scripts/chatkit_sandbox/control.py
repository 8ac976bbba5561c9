"""The control endpoints below /sandbox/, and what they control."""

import re

from .account import Account
from .api import Api
from .faults import Faults, Gate
from .log import RequestLog
from .messages import Answer, Refusal, Request, route
from .source import decode, encode


class Control:
    """Answers the requests below /sandbox/, and holds what they change."""

    def __init__(self, account: Account, api: Api, log: RequestLog, latency: float):
        self.api = api
        self.log = log
        self.latency = latency  # in seconds
        self.faults = Faults()
        self.gate = Gate()
        self.actions = {
            "sandbox/requests": {
                "GET": lambda _: log.report(self.gate.held),
                "DELETE": lambda _: encode({"forgotten": log.clear()})},
            "sandbox/count": {"GET": self.count},
            "sandbox/reset": {"POST": self.reset},
            "sandbox/release": {"POST": lambda _: encode({"released": self.gate.release()})},
            "sandbox/latency": {"POST": self.set_latency},
            "sandbox/key": {"POST": self.set_key},
            "sandbox/faults": {
                "POST": lambda r: encode({"added": self.faults.add(r.body)}),
                "GET": lambda _: encode(self.faults.left()),
                "DELETE": lambda _: self.faults.clear()},
            "sandbox/account": {"GET": lambda _: account.dump()},
            "sandbox/threads": {"POST": lambda r: encode({"added": account.load(r.body)})},
            "sandbox/threads/*": {
                "PATCH": lambda r, i: account.change(i, r.body),
                "DELETE": lambda _, i: account.remove(i)},
            "sandbox/threads/*/items": {
                "POST": lambda r, i: encode({"added": account.append(i, r.body)})},
            "sandbox/threads/*/items/*": {
                "PATCH": lambda r, i, item: account.change_item(i, item, r.body),
                "DELETE": lambda _, i, item: account.remove_item(i, item)},
        }

    def answer(self, request: Request) -> Answer:
        try:
            action, ids = route(request, self.actions)
            body = action(request, *ids)
        except Refusal as refusal:
            return refusal.answer
        except (ValueError, TypeError, AttributeError, LookupError, re.error) as error:
            return Refusal(400, f"Not understood: {error}").answer
        headers = {"Content-Type": "text/plain"} if action == self.count else {}
        return Answer(200, b"{}" if body is None else body, headers)

    def count(self, request: Request) -> bytes:
        return b"%d\n" % self.log.count(request.parameters("match").get("match", ""))

    def reset(self, _) -> None:
        self.log.clear()
        self.faults.clear()

    def set_latency(self, request: Request) -> None:
        self.latency = float(decode(request.body)["ms"]) / 1000

    def set_key(self, request: Request) -> None:
        self.api.key = str(decode(request.body)["key"])
