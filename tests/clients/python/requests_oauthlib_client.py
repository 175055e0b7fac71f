"""PyPI requests-oauthlib, with OAuthlib below. It has no discovery and no introspection of its own."""

from urllib.parse import urlsplit

from oauthlib.oauth2 import BackendApplicationClient, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from conversation import converse, discover, json_of


class Application:
    def __init__(self, issuer, client_id, client_secret, method, redirect_uri):
        parts = urlsplit(issuer)
        self.server = discover(
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}", issuer
        )
        self.redirect_uri = redirect_uri
        self.client_id = client_id
        # The library makes Basic of both or takes both into the body, by request.
        self.basic = HTTPBasicAuth(client_id, client_secret) if method == "client_secret_basic" else None
        self.body = {}
        if method != "client_secret_basic":
            self.body["client_id"] = client_id
        if method == "client_secret_post":
            self.body["client_secret"] = client_secret
        self.session = None

    def begin(self, scope=None):
        self.session = OAuth2Session(
            self.client_id, redirect_uri=self.redirect_uri, scope=scope and scope.split(" "), pkce="S256"
        )
        address, _ = self.session.authorization_url(self.server["authorization_endpoint"])
        return address

    def finish(self, callback):
        return self._fetch(self.session, authorization_response=callback)

    def own(self, scope):
        client = BackendApplicationClient(self.client_id, scope=scope.split(" "))
        return self._fetch(OAuth2Session(client=client))

    def refresh(self, refresh_token):
        session = OAuth2Session(self.client_id, token={"access_token": "", "refresh_token": refresh_token})
        return session.refresh_token(self.server["token_endpoint"], auth=self.basic, **self.body)

    def introspect(self, token):
        return self._post(self.server["introspection_endpoint"], {"token": token, **self.body})

    def revoke(self, token, hint):
        client = WebApplicationClient(self.client_id)
        address, headers, body = client.prepare_token_revocation_request(
            self.server["revocation_endpoint"], token, token_type_hint=hint, **self.body
        )
        self._post(address, body, headers=headers)

    def call(self, address, access_token):
        token = {"access_token": access_token, "token_type": "Bearer"}
        return OAuth2Session(self.client_id, token=token).get(address).status_code

    def _fetch(self, session, **parameters):
        # Without either, a public client's, the library sends Basic with an empty password.
        secret = self.body.get("client_secret")
        return session.fetch_token(
            self.server["token_endpoint"],
            auth=self.basic,
            include_client_id=True if secret else None,
            client_secret=secret,
            **parameters,
        )

    def _post(self, address, body, headers=None):
        session = OAuth2Session(self.client_id)
        return json_of(session.post(address, data=body, headers=headers, auth=self.basic, withhold_token=True))


converse(Application)
