"""A line of JSON for a line of JSON: the test asks, the library answers."""

import json
import sys

import requests


class Refusal(Exception):
    """An error of the protocol."""

    def __init__(self, error, description=None):
        super().__init__(f"{error}: {description}")
        self.error = error


def converse(application_class):
    """Makes applications and has them do what is asked, until nobody asks any more."""
    applications = []
    for line in sys.stdin:
        request = json.loads(line)
        method, parameters = request["method"], request["parameters"]
        try:
            if method == "open":
                applications.append(application_class(**parameters[0]))
                result = len(applications) - 1
            else:
                result = getattr(applications[request["application"]], method)(*parameters)
            answer = {"result": result}
        except Exception as error:
            answer = {"error": getattr(error, "error", None), "message": repr(error)}
        print(json.dumps(answer), flush=True)


def discover(address, issuer):
    """The metadata of an authorization server, compared with its issuer (RFC 8414 section 3.3)."""
    answer = requests.get(address, timeout=60)
    answer.raise_for_status()
    metadata = answer.json()
    if metadata["issuer"] != issuer:
        raise ValueError(f"Metadata of {metadata['issuer']}, not of {issuer}")
    return metadata


def json_of(response):
    """The body of an answer that may be an error of the protocol."""
    body = response.json() if response.content else None
    if not response.ok:
        raise Refusal(body["error"], body.get("error_description"))
    return body
