//! How processes tell each other what changed: NOTIFY in the append transaction, with the streams as payload.

use countersign_domain::{OrganizationId, StreamId};

use crate::projections::Statement;

/// The channel of PostgreSQL's NOTIFY.
pub(crate) const CHANNEL: &str = "countersign_changes";

/// PostgreSQL takes payloads of less than 8,000 bytes.
const STREAMS_A_NOTICE: usize = 100;

/// In place of a stream: everything kept is to be dropped. A rebuild that changed rows sends it, because a wrong row may
/// be kept under names (a digest, a `client_id`) that the right one doesn't have.
pub(crate) const EVERYTHING: StreamId = StreamId::nil();

/// The statements that tell of changed streams. New streams are not told of: nobody can have cached them.
///
/// The process that made the change is told, too: where it lost its connection while committing, it may have looked
/// before the change was there.
pub(crate) fn statements(changed: &[(OrganizationId, StreamId)]) -> Vec<Statement> {
    changed
        .chunks(STREAMS_A_NOTICE)
        .map(|streams| {
            let pairs =
                streams.iter().map(|(organization, stream)| format!("{}{}", organization.0.simple(), stream.simple()));
            let payload = pairs.collect::<Vec<_>>().join(" ");
            Statement {
                sql: "SELECT pg_notify(channel, payload) FROM UNNEST($1::text[], $2::text[]) AS n(channel, payload)",
                parameters: vec![Box::new(vec![CHANNEL.to_owned()]), Box::new(vec![payload])],
            }
        })
        .collect()
}

/// The changed streams of a notice.
pub(super) fn read(payload: &str) -> impl Iterator<Item = (OrganizationId, StreamId)> {
    payload.split(' ').filter_map(|pair| {
        let (organization, stream) = pair.split_at_checked(32)?;
        Some((organization.parse().ok()?, stream.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_notice_can_be_read_and_fits_postgresql() {
        let changed =
            (0..250).map(|n| (OrganizationId(Uuid::from_u128(n)), Uuid::from_u128(n + 7))).collect::<Vec<_>>();
        let payloads = statements(&changed)
            .iter()
            .map(|statement| format!("{:?}", statement.parameters[1]))
            .map(|text| text.trim_matches(['[', ']', '"']).to_owned())
            .collect::<Vec<_>>();
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        assert_eq!(payloads.iter().flat_map(|payload| read(payload)).collect::<Vec<_>>(), changed);
        assert_eq!(read("nonsense é garbage").count(), 0);
    }
}
