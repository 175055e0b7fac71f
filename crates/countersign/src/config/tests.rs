use std::collections::BTreeSet;
use std::path::Path;

use super::error::{Origin, variable};
use super::load::{leaves, ours};
use super::*;

fn read(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::defaults()?;
    loaded.read_text(Path::new("/etc/countersign.toml"), file)?;
    loaded.read_variables(ours(variables.iter().map(|(name, value)| ((*name).into(), (*value).into()))))?;
    Ok(loaded)
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    read(file, variables).expect_err("it is refused").to_string()
}

/// The structs deny unknown fields and have no defaults of their own, so that this is the comparison in both directions.
#[test]
fn the_default_file_has_exactly_the_keys_of_the_program() {
    let loaded = Loaded::defaults().unwrap();
    assert_eq!(loaded.configuration.base_url(), "http://127.0.0.1:8080");
    let table: toml::Table = DEFAULT.parse().unwrap();
    for key in leaves(&table).into_keys() {
        let (section, name) = key.split_once('.').unwrap();
        let altered = |alter: &dyn Fn(&mut toml::Table)| {
            let mut table = table.clone();
            alter(table.get_mut(section).unwrap().as_table_mut().unwrap());
            table.try_into::<Configuration>()
        };
        let missing = altered(&|fields| drop(fields.remove(name)));
        let unknown = altered(&|fields| drop(fields.insert("extra".to_owned(), fields[name].clone())));
        assert!(missing.is_err(), "{key} is in the file but not in the program");
        assert!(unknown.is_err_and(|error| error.message().contains("unknown field")), "{section}");
    }
}

#[test]
fn every_key_is_documented_with_its_variable() {
    let table: toml::Table = DEFAULT.parse().unwrap();
    let keys = leaves(&table).into_keys().collect::<Vec<_>>();
    let mut documented = Vec::new();
    let (mut section, mut comment) = (String::new(), Vec::new());
    for line in DEFAULT.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((name, _)) = line.split_once(" = ") {
            let key = format!("{section}.{name}");
            let last = comment.last().copied().unwrap_or_default();
            assert_eq!(last.split(' ').next(), Some(variable(&key).as_str()), "the comment above {key}");
            assert!(comment.len() > 1, "{key} is not explained");
            documented.push(key);
        }
        comment.clear();
    }
    assert_eq!(documented.iter().collect::<BTreeSet<_>>(), keys.iter().collect::<BTreeSet<_>>());
    let variables = keys.iter().map(|key| variable(key)).collect::<BTreeSet<_>>();
    assert_eq!(variables.len(), keys.len(), "each key has a variable of its own");
}

#[test]
fn variables_override_the_file_and_the_file_the_defaults() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[logging]\nlevel = \"debug\"\n";
    let loaded = read(
        file,
        &[
            ("COUNTERSIGN_SERVER_LISTEN", "0.0.0.0:2"),
            ("COUNTERSIGN_SERVER_TRUSTED_PROXIES", "10.0.0.5, ::1"),
            ("COUNTERSIGN_JOURNAL_LANES", "4"),
            ("COUNTERSIGN_SERVER_BASE_URL", "https://access.example.com/"),
            ("COUNTERSIGN_CONFIG", "/etc/countersign.toml"),
            ("COUNTERSIGN_SERVICE_HOST", "10.96.0.1"),
            ("COUNTERSIGN_PORT_8080_TCP", "tcp://10.96.0.1:8080"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    let configuration = &loaded.configuration;
    assert_eq!(configuration.server.listen.to_string(), "0.0.0.0:2");
    assert_eq!(configuration.server.workers, 3);
    assert_eq!(configuration.journal.lanes, 4);
    assert_eq!(configuration.server.trusted_proxies.len(), 2);
    assert_eq!(configuration.base_url(), "https://access.example.com");
    let described = loaded.describe();
    for line in [
        "listen = \"0.0.0.0:2\" # COUNTERSIGN_SERVER_LISTEN",
        "workers = 3 # /etc/countersign.toml",
        "shutdown_seconds = 30",
    ] {
        assert!(described.lines().any(|found| found == line), "{described}");
    }
}

#[test]
fn an_empty_variable_unsets() {
    let file = "[database]\nurl = \"postgres://a@h/d\"\n";
    assert!(read(file, &[]).unwrap().configuration.database_url().is_ok());
    let unset = read(file, &[("COUNTERSIGN_DATABASE_URL", "")]).unwrap();
    assert_eq!(
        unset.configuration.database_url().unwrap_err().to_string(),
        "database.url is not set: set it in the configuration file, or as COUNTERSIGN_DATABASE_URL"
    );
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    for (file, variables, key, nearest) in [
        ("[server]\nlisen = \"127.0.0.1:1\"\n", vec![], "server.lisen", "server.listen"),
        ("[servers]\nlisten = \"127.0.0.1:1\"\n", vec![], "servers.listen", "server.listen"),
        ("base_url = \"http://h\"\n", vec![], "base_url", "server.base_url"),
        ("[server.listen]\nport = 1\n", vec![], "server.listen.port", "server.listen"),
        ("", vec![("COUNTERSIGN_DATABSE_URL", "x")], "COUNTERSIGN_DATABSE_URL", "COUNTERSIGN_DATABASE_URL"),
        ("", vec![("COUNTERSIGN_DATABASE__URL", "x")], "COUNTERSIGN_DATABASE__URL", "COUNTERSIGN_DATABASE_URL"),
        ("", vec![("COUNTERSIGN_CONFG", "x")], "COUNTERSIGN_CONFG", "COUNTERSIGN_CONFIG"),
    ] {
        let refused = refusal(file, &variables);
        assert!(refused.contains(&format!(" {key}; did you mean {nearest}?")), "{refused}");
    }
}

#[test]
fn wrong_values_are_refused_with_key_place_and_what_is_expected() {
    for (file, variables, parts) in [
        (
            "[server]\nlisten = \"8080\"\n",
            vec![],
            ["server.listen (/etc/countersign.toml)", "an IP address and a port"],
        ),
        ("[server]\nlisten = 8080\n", vec![], ["server.listen (/etc/countersign.toml)", "an IP address and a port"]),
        ("[journal]\nlanes = 0\n", vec![], ["journal.lanes (/etc", "a whole number from 1 to 64"]),
        ("[journal]\nlanes = \"2\"\n", vec![], ["journal.lanes (/etc", "a whole number from 1 to 64"]),
        (
            "",
            vec![("COUNTERSIGN_JOURNAL_LANES", "two")],
            ["(COUNTERSIGN_JOURNAL_LANES)", "a whole number from 1 to 64"],
        ),
        ("", vec![("COUNTERSIGN_JOURNAL_LANES", "")], ["(COUNTERSIGN_JOURNAL_LANES)", "a whole number from 1 to 64"]),
        ("", vec![("COUNTERSIGN_SERVER_TRUSTED_PROXIES", "h")], ["(COUNTERSIGN_SERVER_TRUSTED_PROXIES)", "IP address"]),
        ("[server]\nbase_url = \"access.example\"\n", vec![], ["server.base_url", "like https://access.example.com"]),
        ("[server]\nbase_url = \"https://h/path\"\n", vec![], ["server.base_url", "without a path"]),
        ("", vec![("COUNTERSIGN_LOGGING_LEVEL", "inof")], ["(COUNTERSIGN_LOGGING_LEVEL)", "error, warn, info"]),
        ("", vec![("COUNTERSIGN_LOGGING_FORMAT", "xml")], ["(COUNTERSIGN_LOGGING_FORMAT)", "auto, text or json"]),
        ("server = 1\n", vec![], ["there is no key server", "server."]),
        ("[server]\n\nlisten = 127.0.0.1\n", vec![], ["/etc/countersign.toml, line 3:", ""]),
    ] {
        let refused = refusal(file, &variables);
        assert!(parts.iter().all(|part| refused.contains(part)), "{refused}");
    }
    assert!(read("[logging]\nlevel = \"warn,countersign_web=debug\"\n", &[]).is_ok());
}

#[test]
fn no_secret_is_shown() {
    let secret = "hunter2";
    for file in [
        "[sealing]\nmaster_key = [\"hunter2\"]\n",
        "[database]\nurl = { password = \"hunter2\" }\n",
        "[database]\nurl = \"postgres://a:hunter2@h\n",
    ] {
        let refused = refusal(file, &[]);
        assert!(!refused.contains(secret), "{refused}");
    }
    let loaded = read(
        "[sealing]\nmaster_key = \"key-1 hunter2\"\n[database]\nurl = \"postgres://a:hunter2@h/d\"\n",
        &[("COUNTERSIGN_DATABASE_OWNER_URL", "host=h password=hunter2")],
    )
    .unwrap();
    let shown = format!("{}{:?}", loaded.describe(), loaded.configuration);
    assert!(!shown.contains(secret), "{shown}");
    assert!(shown.contains("postgres://a:***@h/d"));
    assert_eq!(Origin::Default.to_string(), "default");
}
