//! How a presented Client Secret compares with a client's own.

use countersign_domain::client::{AuthenticationFailure, SecretProof};
use countersign_domain::{ParsedSecret, SecretId, SecretKind, VerifierId, secret};
use countersign_persistence::directory::ClientEntry;
use countersign_persistence::{clock, verifiers};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{Attempt, Verdict};
use crate::network::Network;
use crate::oauth::OAuthError;
use crate::state::AppState;

/// Which secret it is, or why none.
type Found = Result<SecretId, AuthenticationFailure>;

/// Whether what was presented is a secret of the client.
pub(super) async fn verify(attempt: Attempt<'_>) -> Result<Verdict, OAuthError> {
    let now = clock::now();
    let found = match secret::parse(attempt.proof) {
        Ok(ParsedSecret { kind: SecretKind::ClientSecret, digest }) => {
            compare_generated(attempt.client, &digest.0, now)
        }
        _ => compare_chosen(&attempt, now).await?,
    };
    Ok(found.map(|secret| attempt.state.store.usage().count_secret(attempt.organization.id, secret, now)))
}

/// Generated secrets have full entropy: their digests say all, compared in constant time.
fn compare_generated(client: Option<&ClientEntry>, digest: &[u8; 32], now: Timestamp) -> Found {
    let mut found = Err(AuthenticationFailure::WrongSecret);
    for stored in client.into_iter().flat_map(|client| &client.secrets) {
        let SecretProof::Generated { digest: own, .. } = &stored.proof else { continue };
        if bool::from(own.0.ct_eq(digest)) {
            let is_expired = is_expired(stored.expires_at, now);
            found = if is_expired { Err(AuthenticationFailure::ExpiredSecret) } else { Ok(stored.secret) };
        }
    }
    found
}

/// Chosen secrets are verified slowly, unless they were a moment ago. At least one verification is paid for, also where
/// there is nothing to verify. Expired ones don't count. One attempt after the other of a network is verified; those that
/// are held back are not.
async fn compare_chosen(attempt: &Attempt<'_>, now: Timestamp) -> Result<Found, OAuthError> {
    let Attempt { state, organization, client, proof, allowance } = *attempt;
    let chosen = chosen_secrets(client, now).collect::<Vec<_>>();
    let known = || {
        chosen
            .iter()
            .map(|(secret, _)| *secret)
            .find(|secret| state.verified_secrets.knows(*secret, proof, allowance.network()))
    };
    if let Some(secret) = known() {
        return Ok(Ok(secret));
    }
    let turn = state.passwords.line_up(allowance.network()).await?;
    // Of a client that sends many requests at once, the first one in line verifies for all.
    if let Some(secret) = known() {
        return Ok(Ok(secret));
    }
    if allowance.ask().is_err() {
        return Ok(Err(AuthenticationFailure::HeldBack));
    }
    if chosen.is_empty() {
        state.passwords.verify_in_turn(&turn, proof.to_owned(), None).await?;
    }
    for (secret, verifier) in chosen {
        let phc = verifiers::get(&state.store, organization.id, verifier).await?;
        if state.passwords.verify_in_turn(&turn, proof.to_owned(), phc).await? {
            state.verified_secrets.remember(secret, proof, allowance.network());
            return Ok(Ok(secret));
        }
    }
    Ok(Err(AuthenticationFailure::WrongSecret))
}

/// The secrets of a client that a person chose and that have not expired, with their verifiers.
fn chosen_secrets(client: Option<&ClientEntry>, now: Timestamp) -> impl Iterator<Item = (SecretId, VerifierId)> {
    let secrets = client.into_iter().flat_map(|client| &client.secrets);
    secrets.filter(move |stored| !is_expired(stored.expires_at, now)).filter_map(|stored| match stored.proof {
        SecretProof::Chosen { verifier } => Some((stored.secret, verifier)),
        SecretProof::Generated { .. } => None,
    })
}

/// Whether this was found to be a secret of the client within the last minutes, from the same network.
pub(super) fn is_remembered(state: &AppState, client: Option<&ClientEntry>, proof: &str, network: Network) -> bool {
    chosen_secrets(client, clock::now()).any(|(secret, _)| state.verified_secrets.knows(secret, proof, network))
}

fn is_expired(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|at| at <= now)
}
