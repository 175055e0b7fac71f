//! Finds the directory with the PostgreSQL server's programs.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PrivatePostgresError;

/// The directory with `initdb` and `postgres`: `PG_BINDIR` when it is set, else the first of the usual places that has them.
pub fn locate() -> Result<PathBuf, PrivatePostgresError> {
    choose(env::var_os("PG_BINDIR").map(PathBuf::from), usual_places())
}

fn choose(wanted: Option<PathBuf>, places: impl IntoIterator<Item = PathBuf>) -> Result<PathBuf, PrivatePostgresError> {
    match wanted {
        Some(directory) if has_server(&directory) => Ok(directory),
        Some(directory) => Err(PrivatePostgresError::UnusableBinDir(directory)),
        None => places.into_iter().find(|directory| has_server(directory)).ok_or(PrivatePostgresError::NotInstalled),
    }
}

/// A client-only installation has the directory (and `pg_config` names it) without these two.
fn has_server(directory: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| {
        fs::metadata(directory.join(program)).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

fn usual_places() -> impl Iterator<Item = PathBuf> {
    let homebrew = env::var_os("HOMEBREW_PREFIX")
        .map(PathBuf::from)
        .into_iter()
        .chain(["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"].map(PathBuf::from))
        .flat_map(|prefix| newest_first(&prefix.join("opt"), "postgresql"))
        .map(|package| package.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();

    pg_config()
        .into_iter()
        // Debian and Ubuntu.
        .chain(newest_first(Path::new("/usr/lib/postgresql"), "").into_iter().map(|version| version.join("bin")))
        // Alpine.
        .chain(newest_first(Path::new("/usr/libexec"), "postgresql"))
        // PostgreSQL's own packages for Fedora and its relatives.
        .chain(newest_first(Path::new("/usr"), "pgsql-").into_iter().map(|version| version.join("bin")))
        .chain(homebrew)
        .chain(env::split_paths(&path).collect::<Vec<_>>())
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success())?;
    let directory = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(directory.trim()))
}

/// The entries of `parent` named `prefix` and a version, such as `15`, `postgresql17` or `postgresql@16`; an entry
/// without a version comes last.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((version(&entry.file_name(), prefix)?, entry.path())))
        .collect();
    found.sort_by_key(|(version, _)| Reverse(version.clone()));
    found.into_iter().map(|(_, path)| path).collect()
}

fn version(name: &OsStr, prefix: &str) -> Option<Vec<u32>> {
    let rest = name.to_str()?.strip_prefix(prefix)?.trim_start_matches(['@', '-']);
    if rest.is_empty() {
        return Some(Vec::new());
    }
    rest.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("countersign-locate-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn with_programs(&self, bin: &str, programs: &[&str]) -> PathBuf {
            let bin = self.0.join(bin);
            fs::create_dir_all(&bin).unwrap();
            for program in programs {
                fs::write(bin.join(program), "").unwrap();
                fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
            }
            bin
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_directory_counts_only_with_both_programs() {
        let root = Directory::new("both");
        let client = root.with_programs("client", &["psql"]);
        let half = root.with_programs("half", &["postgres"]);
        let whole = root.with_programs("whole", &["postgres", "initdb"]);
        assert_eq!(choose(None, [root.0.join("absent"), client, half, whole.clone()]).unwrap(), whole);
    }

    #[test]
    fn pg_bindir_is_never_passed_over() {
        let root = Directory::new("bindir");
        let client = root.with_programs("client", &["psql"]);
        let whole = root.with_programs("whole", &["postgres", "initdb"]);
        assert_eq!(choose(Some(whole.clone()), [client.clone()]).unwrap(), whole);
        let refused = choose(Some(client.clone()), [whole]).unwrap_err();
        assert!(matches!(refused, PrivatePostgresError::UnusableBinDir(path) if path == client));
    }

    #[test]
    fn an_absent_server_is_reported_with_the_packages() {
        let message = choose(None, []).unwrap_err().to_string();
        for hint in ["apt-get install postgresql", "dnf install postgresql-server", "brew install postgresql"] {
            assert!(message.contains(hint), "{message}");
        }
    }

    #[test]
    fn the_highest_version_comes_first() {
        let root = Directory::new("versions");
        for name in ["postgresql@9.6", "postgresql@17", "postgresql", "postgresql@15", "postgresql-common", "redis"] {
            fs::create_dir_all(root.0.join(name)).unwrap();
        }
        let names: Vec<_> =
            newest_first(&root.0, "postgresql").into_iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["postgresql@17", "postgresql@15", "postgresql@9.6", "postgresql"]);
    }
}
