"""An organization of the server under test, and what is made in it so that requests find something."""

import re
import time

import requests

#: Nobody uses it anywhere else: the server under test ends with the tests.
PASSWORD = "only for the tests of the OpenAPI document"
CALLBACK = "https://client.example/callback"
SCOPES = ["records:read", "records:write"]
#: RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class Organization:
    """An organization, through the eyes of its owner."""

    def __init__(self, address, slug):
        self.address = address
        self.slug = slug
        self.http = requests.Session()
        # Nothing between the suite and the server under test.
        self.http.trust_env = False
        self.session = self.sign_in()
        self.count = 0

    def email(self, role="owner"):
        return f"{role}@{self.slug}.example"

    def sign_in(self, role="owner"):
        """The token of a new session."""
        credentials = {"email": self.email(role), "password": PASSWORD}
        return self.answer("POST", "/api/v1/sessions", json=credentials)["session_token"]

    def answer(self, method, path, **options):
        """The JSON of an answer that must be a success."""
        response = self.http.request(method, self.address + path, timeout=30, **options)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def api(self, method, path, **options):
        """Calls the JSON API as the owner."""
        headers = {"Authorization": f"Bearer {self.session}"}
        return self.answer(method, f"/api/v1/orgs/{self.slug}{path}", headers=headers, **options)

    def third_party(self):
        """A third party that is Enabled, with a token: the ids that a path needs, and the token itself."""
        self.count += 1
        added = self.api("POST", "/third-parties", json={"name": f"Third party {self.count}"})
        path = f"/third-parties/{added['id']}"
        token = self.api("POST", f"{path}/tokens", json={})
        self.api("PATCH", path, json={"enabled": True})
        return {
            "third_party": added["id"],
            "secret": added["secrets"][0]["id"],
            "token": token["id"],
            "plain_token": token["token"],
        }

    def client(self, **settings):
        """A client: the ids that a path needs, and its credentials."""
        added = self.api("POST", "/clients", json={"redirect_uris": [CALLBACK], "scopes": SCOPES, **settings})
        return {
            "client": added["id"],
            "secret": added["secrets"][0]["id"],
            "client_id": added["client_id"],
            "client_secret": added["client_secret"],
        }


    def member(self):
        """A member who never signed in."""
        self.count += 1
        email = f"made-{self.count}@{self.slug}.example"
        added = self.api("POST", "/members", json={"email": email, "name": f"Made {self.count}", "role": "auditor"})
        return {"member": added["id"]}

    def job(self):
        """An export that is done."""
        job = self.api("POST", "/audit/exports", json={"format": "ndjson", "event": "MemberAdded"})["id"]
        while self.api("GET", f"/jobs/{job}")["state"] in ("queued", "running"):
            time.sleep(0.1)
        return {"job": job}


class Operator:
    """One of those who run the installation."""

    def __init__(self, address):
        self.address = address
        self.http = requests.Session()
        self.http.trust_env = False
        self.count = 0
        credentials = {"email": "otto@operators.example", "password": PASSWORD}
        self.session = self.call("/api/v1/sessions", credentials)["session_token"]

    def call(self, path, body, **options):
        response = self.http.post(self.address + path, json=body, timeout=30, **options)
        response.raise_for_status()
        return response.json()

    def organization(self):
        """An organization of a customer."""
        self.count += 1
        slug = f"customer-{self.count}"
        headers = {"Authorization": f"Bearer {self.session}"}
        self.call("/api/v1/operator/organizations", {"slug": slug, "name": slug.title()}, headers=headers)
        return {"organization": slug}


class Authorization:
    """What a client does at the OAuth endpoints, and a member who lets it in."""

    def __init__(self, organization, client, cookie):
        self.organization = organization
        self.issuer = f"/t/{organization.slug}"
        self.client = client
        self.cookies = {"countersign": cookie}
        self.query = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": CALLBACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        page = self.ask("GET", params={**self.query, "prompt": "consent"})
        self.form_token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]

    def ask(self, method, **options):
        """Sends an authorization request as the member's browser does."""
        http, address = self.organization.http, self.organization.address
        path = f"{self.issuer}/oauth2/authorize"
        return http.request(method, address + path, cookies=self.cookies, allow_redirects=False, timeout=30, **options)

    def code(self):
        """A code that a member let the client have."""
        response = self.ask("POST", params=self.query, data={"csrf": self.form_token, "decision": "allow"})
        return re.search(r"[?&]code=([^&]+)", response.headers["Location"])[1]

    def tokens(self, **grant):
        """What the token endpoint gives for a grant."""
        credentials = (self.client["client_id"], self.client["client_secret"])
        return self.organization.answer("POST", f"{self.issuer}/oauth2/token", data=grant, auth=credentials)

    def access_token(self):
        """A token of the client itself."""
        return self.tokens(grant_type="client_credentials")["access_token"]

    def refresh_token(self):
        """A refresh token that a member let the client have."""
        tokens = self.tokens(
            grant_type="authorization_code", code=self.code(), redirect_uri=CALLBACK, code_verifier=VERIFIER
        )
        return tokens["refresh_token"]
