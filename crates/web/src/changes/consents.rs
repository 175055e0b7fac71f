//! Changes to what members let clients have.

use countersign_domain::{Authorization, AuthorizationCommand, ClientId, Consent, ConsentCommand, ConsentId, MemberId};
use countersign_persistence::queries::authorizations;
use countersign_persistence::{ChangeError, Context, Store};

use crate::WebError;

/// Takes the access of a client back: the member's consent, and everything that was authorized by it.
pub(crate) async fn withdraw(
    store: &Store,
    context: &Context,
    member: MemberId,
    client: ClientId,
) -> Result<(), WebError> {
    store
        .change(context, async |unit| {
            unit.execute::<Consent>(ConsentId::of(member, client).uuid(), ConsentCommand::Withdraw).await?;
            for authorization in authorizations::living(store, context.organization, member, client).await? {
                unit.execute::<Authorization>(authorization.uuid(), AuthorizationCommand::Revoke).await?;
            }
            Ok::<_, ChangeError>(())
        })
        .await
        .map_err(WebError::from)
}
