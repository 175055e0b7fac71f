//! Database addresses without their passwords.

const MASK: &str = "***";

/// The address with every password in it replaced. What can't be taken apart for certain is masked as a whole.
pub(super) fn mask_address(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return MASK.to_owned() };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if tail.contains('@') {
        // A password with a slash in it would look like this.
        return MASK.to_owned();
    }
    let authority = match authority.rsplit_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{hosts}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
    let mut masked = format!("{scheme}://{authority}{path}");
    if let Some(query) = query {
        let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("pass") => format!("{name}={MASK}"),
            _ => parameter.to_owned(),
        });
        masked.push('?');
        masked.push_str(&parameters.collect::<Vec<_>>().join("&"));
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left() {
        for (address, masked) in [
            ("postgres://ann:hunter2@db.example:5432/app", "postgres://ann:***@db.example:5432/app"),
            ("postgres://ann@db.example/app?sslmode=disable", "postgres://ann@db.example/app?sslmode=disable"),
            ("postgres://a:hunter2@h1:5432,h2:5433/app", "postgres://a:***@h1:5432,h2:5433/app"),
            ("postgres://h/app?user=ann&password=hunter2", "postgres://h/app?user=ann&password=***"),
            ("postgres://ann:hun@ter2@h/app", "postgres://ann:***@h/app"),
            ("postgres://ann:hun/ter2@h/app", "***"),
            ("host=h user=ann password=hunter2", "***"),
        ] {
            assert_eq!(mask_address(address), masked);
        }
    }
}
