"""The ChatKit API below /v1."""

from .account import Account, Record
from .messages import Answer, Refusal, Request, route
from .source import encode

BETA = "chatkit_beta=v1"


class Api:
    """Answers the requests below /v1 from the account."""

    def __init__(self, account: Account, key: str):
        self.account = account
        self.key = key
        self.actions = {
            "v1/chatkit/threads": {"GET": self.list_threads},
            "v1/chatkit/threads/*": {"GET": self.retrieve, "DELETE": self.delete},
            "v1/chatkit/threads/*/items": {"GET": self.list_items},
        }

    def authorization(self, request: Request) -> str:
        """What the log tells about the key, which itself must not be shown."""
        given = request.headers.get("authorization")
        if given is None:
            return "absent"
        scheme, _, key = given.partition(" ")
        return "present" if (scheme.lower(), key.strip()) == ("bearer", self.key) else "wrong"

    def answer(self, request: Request) -> Answer:
        try:
            return Answer(200, self.body(request))
        except Refusal as refusal:
            return refusal.answer

    def body(self, request: Request) -> bytes:
        if self.authorization(request) != "present":
            raise Refusal(401, "Missing or incorrect API key. Expected the header "
                          "'Authorization: Bearer YOUR_KEY'.")
        action, ids = route(request, self.actions)
        beta = request.headers.get("openai-beta", "")
        if BETA not in [token.strip() for token in beta.split(",")]:
            raise Refusal(400, f"You must provide the header 'OpenAI-Beta: {BETA}' to access "
                          "the ChatKit API.", "invalid_beta")
        return action(request, *ids)

    def list_threads(self, request: Request) -> bytes:
        parameters = request.parameters("limit", "order", "after", "before", "user")
        return self.listed(*self.account.page_of_threads(parameters))

    def list_items(self, request: Request, thread_id: str) -> bytes:
        parameters = request.parameters("limit", "order", "after", "before")
        return self.listed(*self.account.page_of_items(thread_id, parameters))

    def retrieve(self, request: Request, thread_id: str) -> bytes:
        request.parameters()
        return self.account.source(thread_id)

    def delete(self, request: Request, thread_id: str) -> bytes:
        request.parameters()
        self.account.remove(thread_id)
        return encode({"id": thread_id, "object": "chatkit.thread.deleted", "deleted": True})

    @staticmethod
    def listed(records: list[Record], more: bool) -> bytes:
        first, last = (records[0].id, records[-1].id) if records else (None, None)
        return b'{"object":"list","data":[%s],"first_id":%s,"last_id":%s,"has_more":%s}' % (
            b",".join(record.raw for record in records), encode(first), encode(last), encode(more))
