//! How processes tell each other what changed: NOTIFY in the append transaction, with the streams as payload.

use countersign_domain::{OrganizationId, StreamId};
use uuid::Uuid;

use crate::projections::Statement;

/// The channel of PostgreSQL's NOTIFY.
pub(crate) const CHANNEL: &str = "countersign_changes";

/// PostgreSQL takes payloads of less than 8,000 bytes.
const STREAMS_A_NOTICE: usize = 100;

/// The statements that tell of changed streams. New streams are not told of: nobody can have cached them.
pub(crate) fn statements(process: Uuid, changed: &[(OrganizationId, StreamId)]) -> Vec<Statement> {
    changed
        .chunks(STREAMS_A_NOTICE)
        .map(|streams| {
            let pairs =
                streams.iter().map(|(organization, stream)| format!("{}{}", organization.0.simple(), stream.simple()));
            let payload = format!("{} {}", process.simple(), pairs.collect::<Vec<_>>().join(" "));
            Statement {
                sql: "SELECT pg_notify(channel, payload) FROM UNNEST($1::text[], $2::text[]) AS n(channel, payload)",
                parameters: vec![Box::new(vec![CHANNEL.to_owned()]), Box::new(vec![payload])],
            }
        })
        .collect()
}

/// The changed streams of a notice; none for one that this process sent itself.
pub(super) fn read(payload: &str, process: Uuid) -> Vec<(OrganizationId, StreamId)> {
    let mut words = payload.split(' ');
    if words.next().and_then(|sender| Uuid::parse_str(sender).ok()) == Some(process) {
        return Vec::new();
    }
    words
        .filter_map(|pair| {
            let (organization, stream) = pair.split_at_checked(32)?;
            Some((OrganizationId(Uuid::parse_str(organization).ok()?), Uuid::parse_str(stream).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_by_others_and_fits_postgresql() {
        let (sender, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let changed =
            (0..250).map(|n| (OrganizationId(Uuid::from_u128(n)), Uuid::from_u128(n + 7))).collect::<Vec<_>>();
        let statements = statements(sender, &changed);
        let payloads = statements
            .iter()
            .map(|statement| format!("{:?}", statement.parameters[1]))
            .map(|text| text.trim_matches(['[', ']', '"']).to_owned())
            .collect::<Vec<_>>();
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        let read_by_other = payloads.iter().flat_map(|payload| read(payload, other)).collect::<Vec<_>>();
        assert_eq!(read_by_other, changed);
        assert!(payloads.iter().all(|payload| read(payload, sender).is_empty()));
        assert!(read("nonsense é garbage", other).is_empty());
    }
}
