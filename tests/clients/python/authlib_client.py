"""PyPI Authlib, with its client for Requests."""

from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from conversation import Refusal, converse, discover, json_of


class Application:
    def __init__(self, issuer, client_id, client_secret, method, redirect_uri):
        self.server = AuthorizationServerMetadata(discover(get_well_known_url(issuer, external=True), issuer))
        self.server.validate()
        self.session = OAuth2Session(
            client_id,
            client_secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint=self.server["token_endpoint"],
        )
        self.state = self.verifier = None

    def begin(self, scope=None):
        self.session.scope = scope
        self.verifier = generate_token(48)
        address, self.state = self.session.create_authorization_url(
            self.server["authorization_endpoint"], code_verifier=self.verifier
        )
        return address

    def finish(self, callback):
        # The library looks for a code alone; an application looks for an error first.
        parameters = parse_qs(urlsplit(callback).query)
        if "error" in parameters:
            raise Refusal(parameters["error"][0], parameters["error_description"][0])
        token = self.session.fetch_token(
            authorization_response=callback, state=self.state, code_verifier=self.verifier
        )
        # The application asks the library before each call: it would refresh what is about to expire.
        self.session.ensure_active_token(self.session.token)
        return token

    def refresh(self, refresh_token):
        return self.session.refresh_token(refresh_token=refresh_token)

    def own(self, scope):
        return self.session.fetch_token(grant_type="client_credentials", scope=scope)

    def introspect(self, token):
        return json_of(self.session.introspect_token(self.server["introspection_endpoint"], token=token))

    def revoke(self, token, hint):
        json_of(self.session.revoke_token(self.server["revocation_endpoint"], token=token, token_type_hint=hint))

    def call(self, address, access_token):
        self.session.token = {"access_token": access_token, "token_type": "Bearer"}
        return self.session.get(address).status_code


converse(Application)
