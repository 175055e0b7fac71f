"""Puts things that exist, and values that rules accept, into generated requests: most of what is generated would end at
the first door, as 404 or 422.

Only what the document allows is replaced, and only most of the time, so that the doors are tried too.
"""

import json
import random
from datetime import UTC, datetime, timedelta

from schemathesis.core.parameters import ParameterLocation

from .organization import CALLBACK, PASSWORD, SCOPES, VERIFIER

#: How many of the generated values are left as they are.
LEFT = 0.2
#: How often the same thing is used, by operations that don't end it.
USES = 30

LEFT_OUT = object()
#: They are in the header, and would be refused in the body beside it.
NO_CREDENTIALS = {"client_id": LEFT_OUT, "client_secret": LEFT_OUT}


class Stock:
    """Things of an organization, by kind: new ones when the old ones are used up."""

    def __init__(self, make):
        self.make = make
        self.things = {}
        self.uses = {}

    def take(self, kind, ends_it=False):
        """The ids of a thing. What the operation ends is given to nobody else."""
        if ends_it:
            return self.make[kind]()
        if self.uses.get(kind, 0) % USES == 0:
            self.things[kind] = self.make[kind]()
        self.uses[kind] = self.uses.get(kind, 0) + 1
        return self.things[kind]


class Deepener:
    """Changes requests before they are sent.

    What is made, changed and ended at will is of the organization `fuzzed`; what opens the OAuth endpoints is of
    another one, and stays valid.
    """

    def __init__(self, fuzzed, operator, authorization, token):
        self.fuzzed = fuzzed
        self.operator = operator
        self.authorization = authorization
        self.token = token
        self.stock = Stock(
            {
                "third_party": fuzzed.third_party,
                "client": fuzzed.client,
                "member": fuzzed.member,
                "job": fuzzed.job,
                "organization": operator.organization,
            }
        )
        self.known = set()
        members = fuzzed.api("GET", "/members")["items"]
        self.needed = {fuzzed.slug, authorization.organization.slug, "operator", *(member["id"] for member in members)}
        self.count = 0

    def remember(self, response):
        """Ids that were answered are real: a request that has one by itself keeps it."""
        if response.status_code < 300 and "application/json" in response.headers.get("content-type", []):
            self.known.update(ids_in(response.json()))

    def deepen(self, case):
        """Replaces most of what is generated and allowed by what exists and is acceptable."""
        # Of the request itself: the same requests are changed in the same way.
        generated = [case.path_parameters, case.query, case.body]
        chance = random.Random(json.dumps(generated, default=repr, sort_keys=True))
        modes = case.meta.components if case.meta else {}

        def is_replaced(location):
            is_allowed = location not in modes or not modes[location].mode.is_negative
            return is_allowed and chance.random() >= LEFT

        if case.path_parameters and (is_replaced(ParameterLocation.PATH) or self.hits_what_is_needed(case)):
            self.path(case)
        if is_replaced(ParameterLocation.QUERY):
            self.query(case, chance)
        if isinstance(case.body, dict) and is_replaced(ParameterLocation.BODY):
            self.body(case, chance)
        if (case.method, case.path) == ("DELETE", "/api/v1/sessions/current"):
            self.session(case)
        if case.path.startswith("/api/v1/operator/"):
            self.present(case, self.operator.session)

    def hits_what_is_needed(self, case):
        """Whether it is about the organizations and members on which the other requests depend."""
        named = [case.path_parameters.get(name) for name in ("organization", "member")]
        return any(isinstance(value, str) and value in self.needed for value in named)

    def path(self, case):
        organization = self.fuzzed if case.path.startswith("/api/") else self.authorization.organization
        values = {"org": organization.slug}
        ids = [value for name, value in case.path_parameters.items() if name != "org"]
        # What is guessed to be an id may be a whole document.
        are_known = all(isinstance(value, str) and value in self.known for value in ids)
        kind = next((kind for kind in self.stock.make if kind in case.path_parameters), None)
        if kind and (not are_known or self.hits_what_is_needed(case)):
            # A client has two secrets at most, so one more needs a client that has but one.
            values |= self.stock.take(kind, ends_it=case.method == "DELETE" or case.path.endswith("/secrets"))
        for name in case.path_parameters:
            case.path_parameters[name] = values.get(name, case.path_parameters[name])

    def query(self, case, chance):
        query = dict(case.query or {})
        if case.path.endswith("/authorize"):
            query.pop("redirect_url", None)
            scope = " ".join(chance.sample(SCOPES, chance.randint(1, len(SCOPES))))
            prompt = chance.choice(["", "none", "consent"])
            query |= {**self.authorization.query, "scope": scope, "prompt": prompt, "response_mode": "query"}
        elif case.path.startswith("/t/") and query.get("scope"):
            query["scope"] = chance.choice(SCOPES)
        else:
            return
        case.query = query

    def session(self, case):
        """Each ends a session of its own, if it presents one that is valid."""
        self.present(case, self.authorization.organization.sign_in("developer"))

    def present(self, case, session):
        """Another session in the place of the owner's, if that is presented."""
        if (case.headers or {}).get("Authorization") == f"Bearer {self.fuzzed.session}":
            case.headers["Authorization"] = f"Bearer {session}"

    def body(self, case, chance):
        whole = self.whole_body(case)
        if whole is None:
            replaced = {
                name: value()
                for name, value in self.fields().items()
                if case.body.get(name) is not None and chance.random() >= LEFT
            }
        else:
            replaced = whole
        case.body = {name: value for name, value in {**case.body, **replaced}.items() if value is not LEFT_OUT}

    def whole_body(self, case):
        """The body of an operation whose fields make sense only together."""
        authorization = self.authorization
        match case.path.rsplit("/", 1)[1]:
            case "sessions":
                return {
                    "email": authorization.organization.email("developer"),
                    "password": PASSWORD,
                    "organization": authorization.organization.slug,
                }
            case "confirmation":
                return {"password": PASSWORD, "code": LEFT_OUT}
            case "access-test":
                return {"token": self.token}
            case "token":
                return {**self.grant(case.body.get("grant_type")), "scope": SCOPES[0], **NO_CREDENTIALS}
            case "introspect" | "revoke":
                return {"token": authorization.access_token(), **NO_CREDENTIALS}
            case "revoke-leaked":
                return {"token": authorization.refresh_token()}
            case "authorize":
                return {"csrf": authorization.form_token}
        return None

    def grant(self, grant_type):
        """What a grant needs."""
        match grant_type:
            case "authorization_code":
                return {"code": self.authorization.code(), "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
            case "refresh_token":
                return {"refresh_token": self.authorization.refresh_token()}
        return {}

    def fields(self):
        """Fields of the JSON API that mean the same wherever they stand."""
        self.count += 1
        later = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "name": lambda: f"Generated {self.count}",
            "email": lambda: f"generated-{self.count}@northwind.example",
            "slug": lambda: f"generated-{self.count}",
            "contact_name": lambda: "Noor Haddad",
            "contact_email": lambda: "noor@client.example",
            "requirements": lambda: "Reviewed.\nReads records only.",
            "callback_url": lambda: CALLBACK,
            "redirect_uris": lambda: [CALLBACK],
            "scopes": lambda: SCOPES,
            "grant_types": lambda: ["authorization_code", "refresh_token"],
            "client_id": lambda: f"generated-{self.count}",
            # A public client has none, and each that is chosen takes a while.
            "client_secret": lambda: LEFT_OUT,
            "third_party": lambda: self.stock.take("third_party")["third_party"],
            "expires_at": lambda: later,
            "retire_others_at": lambda: later,
            "expires_in": lambda: 600,
            "version": lambda: LEFT_OUT,
        }


def ids_in(document):
    """What stands as `id` anywhere in a document."""
    if isinstance(document, dict):
        if isinstance(document.get("id"), str):
            yield document["id"]
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from ids_in(value)
