//! Rows that belong to a change but can't be derived from its events.

use tokio_postgres::types::Json;
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
        Attachment::StoreSecondFactor { member, secret, last_step } => Statement {
            sql: "INSERT INTO second_factors (org_id, member_id, secret, last_step) \
                  SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[])",
            parameters: vec![
                Box::new(vec![organization]),
                Box::new(vec![member.uuid()]),
                Box::new(vec![secret.clone()]),
                Box::new(vec![*last_step]),
            ],
        },
        Attachment::StoreRecoveryCodes { member, digests } => Statement {
            sql: "WITH dropped AS (DELETE FROM recovery_codes WHERE org_id = $1 AND member_id = $2) \
                  INSERT INTO recovery_codes (org_id, member_id, digest) SELECT $1, $2, UNNEST($3::bytea[])",
            parameters: vec![
                Box::new(organization),
                Box::new(member.uuid()),
                Box::new(digests.iter().map(|digest| digest.0.to_vec()).collect::<Vec<_>>()),
            ],
        },
        Attachment::DropSecondFactor(member) => Statement {
            sql: "WITH dropped AS (DELETE FROM recovery_codes WHERE org_id = $1 AND member_id = $2) \
                  DELETE FROM second_factors WHERE org_id = $1 AND member_id = $2",
            parameters: vec![Box::new(organization), Box::new(member.uuid())],
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
        Attachment::EnqueueJob { job, parameters, requested_by, requested_at } => Statement {
            sql: "WITH queued AS (INSERT INTO job_queue (job, organization, purpose, due_at) \
                      VALUES ($2, $1, 'run', $5)) \
                  INSERT INTO jobs (org_id, job_id, parameters, requested_by, requested_at) \
                  VALUES ($1, $2, $3, $4, $5)",
            parameters: vec![
                Box::new(organization),
                Box::new(job.uuid()),
                Box::new(Json(parameters.clone())),
                Box::new(*requested_by),
                Box::new(*requested_at),
            ],
        },
        Attachment::ListForSignIn(digest) => Statement {
            sql: "INSERT INTO sign_in_directory (email_digest, organization) \
                  SELECT * FROM UNNEST($1::bytea[], $2::uuid[]) ON CONFLICT DO NOTHING",
            parameters: vec![Box::new(vec![digest.0.to_vec()]), Box::new(vec![organization])],
        },
    }
}
