//! Rows that belong to a change but can't be derived from its events.

use uuid::Uuid;

use super::Attachment;
use crate::projections::Statement;

/// The statement that writes or drops the row.
pub(super) fn attach(organization: Uuid, attachment: &Attachment) -> Statement {
    match attachment {
        Attachment::StoreVerifier { verifier, phc } => Statement {
            sql: "INSERT INTO verifiers (org_id, verifier_id, phc) \
                  SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[])",
            parameters: vec![
                Box::new(vec![organization]),
                Box::new(vec![verifier.uuid()]),
                Box::new(vec![phc.clone()]),
            ],
        },
        Attachment::DropVerifier(verifier) => Statement {
            sql: "DELETE FROM verifiers WHERE org_id = ANY($1::uuid[]) AND verifier_id = ANY($2::uuid[])",
            parameters: vec![Box::new(vec![organization]), Box::new(vec![verifier.uuid()])],
        },
        Attachment::StoreDataKey { master_key, wrapped } => Statement {
            sql: "INSERT INTO data_keys (org_id, key_id, master_key, wrapped) \
                  SELECT org_id, 1, master_key, wrapped \
                  FROM UNNEST($1::uuid[], $2::text[], $3::bytea[]) AS new(org_id, master_key, wrapped)",
            parameters: vec![
                Box::new(vec![organization]),
                Box::new(vec![master_key.clone()]),
                Box::new(vec![wrapped.clone()]),
            ],
        },
        Attachment::ListForSignIn(digest) => Statement {
            sql: "INSERT INTO sign_in_directory (email_digest, organization) \
                  SELECT * FROM UNNEST($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING",
            parameters: vec![Box::new(vec![digest.0.to_vec()]), Box::new(vec![organization])],
        },
    }
}
