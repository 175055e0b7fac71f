//! Members and sessions to test with.

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{Digest, Member, MemberCommand, MemberId, OrganizationId, Role, SessionId};
use countersign_persistence::sign_in::{NewSession, SESSION_LIFETIME, add_member};
use countersign_persistence::{ChangeError, Store, testing};
use jiff::{SignedDuration, Timestamp};

pub const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

pub async fn store() -> Store {
    testing::store(testing::database().await)
}

pub async fn add(
    store: &Store,
    organization: OrganizationId,
    email: &str,
    phc: Option<&str>,
) -> Result<MemberId, ChangeError> {
    let (email, name) = (EmailAddress::parse(email).unwrap(), PersonName::parse("Ann").unwrap());
    let context = testing::operator(organization);
    add_member(store, &context, email, name, Role::Admin, phc.map(str::to_owned)).await
}

pub async fn member(store: &Store, organization: OrganizationId) -> MemberId {
    add(store, organization, &format!("{}@acme.example", testing::random_id().simple()), None).await.unwrap()
}

pub async fn command(store: &Store, organization: OrganizationId, member: MemberId, command: MemberCommand) {
    store
        .change::<_, ChangeError>(&testing::operator(organization), async |unit| {
            unit.execute::<Member>(member.uuid(), command.clone()).await
        })
        .await
        .unwrap();
}

pub fn new_session(member: MemberId, now: Timestamp) -> NewSession {
    NewSession {
        member,
        session: SessionId(testing::random_id()),
        digest: Digest::of(&testing::random_id().to_string()),
        address: "203.0.113.7".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        now,
        lifetime: SESSION_LIFETIME,
    }
}

pub fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub async fn count(store: &Store, organization: OrganizationId, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table} WHERE org_id = $1");
    store.pool().read(organization, &sql, &[&organization.uuid()]).await.unwrap()[0].get(0)
}
