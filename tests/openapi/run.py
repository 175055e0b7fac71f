"""Sends requests made from the OpenAPI document to a real server, and holds each answer against the document.

`python run.py` takes about a minute and always sends the same. With OPENAPI_SECONDS=600 it hunts for so long, with other
requests each time. Parameters are passed on: `python run.py --include-path-regex oauth2`.
"""

import json
import os
import random
import signal
import sys
import time
import traceback

import schemathesis
from schemathesis.cli import schemathesis as command_line

from support.coverage import expect_all_of, table
from support.deepener import Deepener
from support.organization import PASSWORD, Authorization, Operator, Organization
from support.server import Server

SEED = 7
EXAMPLES = 15


def organizations(server):
    """One whose things are made, changed and ended at will, one whose credentials stay valid, and an operator."""
    for slug in ("northwind", "southwind"):
        server.command("org", "create", slug, "--name", slug.title())
        for role in ("owner", "developer"):
            member = [slug, f"{role}@{slug}.example", "--name", f"The {role}", "--role", role]
            server.command("member", "add", *member, "--ask-password", text=f"{PASSWORD}\n")
    operator = ["operator", "add", "otto@operators.example", "--name", "Otto", "--ask-password"]
    server.command(*operator, text=f"{PASSWORD}\n")
    organizations = [Organization(server.address, slug) for slug in ("northwind", "southwind")]
    return *organizations, Operator(server.address)


def hunt(server, parameters):
    fuzzed, kept, operator = organizations(server)
    client = kept.client(may_introspect=True)
    authorization = Authorization(kept, client, kept.sign_in("developer"))
    os.environ |= {
        "SESSION": fuzzed.session,
        "TOKEN": authorization.access_token(),
        "CLIENT_ID": client["client_id"],
        "CLIENT_SECRET": client["client_secret"],
        "COOKIE": authorization.cookies["countersign"],
    }
    deepener = Deepener(fuzzed, operator, authorization, fuzzed.third_party()["plain_token"])

    broken = []

    @schemathesis.hook
    def before_call(context, case, kwargs):
        try:
            deepener.deepen(case)
        except Exception:
            # The phase that follows links would go on without a word.
            broken.append(traceback.format_exc())
            raise

    @schemathesis.hook
    def after_call(context, case, response):
        deepener.remember(response)

    seconds = os.environ.get("OPENAPI_SECONDS")
    extent = ["--max-time", seconds] if seconds else ["--max-examples", str(EXAMPLES)]
    seed = random.randrange(2**32) if seconds else SEED
    # From a file: what is loaded from the server itself is left out, and it is an operation too.
    document = kept.answer("GET", "/api/openapi.json")
    file = server.directory / "openapi.json"
    file.write_text(json.dumps(document))
    if not parameters:
        expect_all_of(document)
    arguments = ["run", str(file), "--url", server.address, "--seed", str(seed), *extent, *parameters]
    try:
        status = command_line.main(arguments, standalone_mode=False)
    except SystemExit as exit:
        status = exit.code
    if broken:
        print(f"{len(broken)} requests could not be prepared; the first:\n{broken[0]}")
    return status or len(broken)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    os.environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    begun = time.monotonic()
    with Server() as server:
        status = hunt(server, sys.argv[1:])
        print("\n".join(table()))
        if status:
            print(f"\nThe server's last words:\n{server.log()}")
    print(f"{time.monotonic() - begun:.0f} seconds")
    sys.exit(1 if status else 0)
