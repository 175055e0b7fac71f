//! The operating-system account that the server runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::PrivatePostgresError;

/// Who runs the server: ourselves, or as root (which PostgreSQL refuses) an unprivileged user.
#[derive(Debug, Clone)]
pub(super) enum Account {
    Current,
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn choose() -> Result<Self, PrivatePostgresError> {
        if !geteuid().is_root() {
            return Ok(Self::Current);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self::Other { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() })
            .ok_or(PrivatePostgresError::NoServerAccount)
    }

    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Current => geteuid().as_raw(),
            Self::Other { uid, .. } => *uid,
        }
    }

    /// Makes `command` run as this account. The standard library also drops root's supplementary groups.
    pub(super) fn apply(&self, command: &mut Command) {
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Hands `path`, and all below it when it is a directory, to this account. A directory changes hands after what is in
    /// it, so one that belongs to the account already is done, and an interruption is made up for by the next call.
    pub(super) fn own(&self, path: &Path) -> Result<(), PrivatePostgresError> {
        let Self::Other { uid, gid, .. } = self else { return Ok(()) };
        let metadata = fs::symlink_metadata(path).map_err(PrivatePostgresError::io("look at", path))?;
        if metadata.uid() == *uid {
            return Ok(());
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(path).map_err(PrivatePostgresError::io("list", path))? {
                self.own(&entry.map_err(PrivatePostgresError::io("list", path))?.path())?;
            }
        }
        lchown(path, Some(*uid), Some(*gid)).map_err(PrivatePostgresError::io("change the owner of", path))
    }

    /// Checks that this account may enter `target` and every directory above it.
    pub(super) fn check_reach(&self, target: &Path) -> Result<(), PrivatePostgresError> {
        let Self::Other { name, uid, gid } = self else { return Ok(()) };
        let resolved = fs::canonicalize(target).map_err(PrivatePostgresError::io("find", target))?;
        for directory in resolved.ancestors() {
            let metadata = fs::metadata(directory).map_err(PrivatePostgresError::io("look at", directory))?;
            if !may_enter(&metadata, *uid, *gid) {
                return Err(PrivatePostgresError::Unreachable {
                    account: name.clone(),
                    target: target.to_owned(),
                    directory: directory.to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn may_enter(directory: &fs::Metadata, uid: u32, gid: u32) -> bool {
    let enter = if directory.uid() == uid {
        0o100
    } else if directory.gid() == gid {
        0o010
    } else {
        0o001
    };
    directory.mode() & enter != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_closed_parent_is_named() {
        let root = std::env::temp_dir().join(format!("countersign-reach-{}", std::process::id()));
        let (closed, target) = (root.join("closed"), root.join("closed/data"));
        fs::create_dir_all(&target).unwrap();
        let stranger = Account::Other { name: "stranger".into(), uid: 4_000_001, gid: 4_000_001 };
        for directory in [&root, &closed, &target] {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o711)).unwrap();
        }
        stranger.check_reach(&target).unwrap();

        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let refused = stranger.check_reach(&target).unwrap_err();
        Account::Current.check_reach(&target).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert!(
            matches!(&refused, PrivatePostgresError::Unreachable { directory, .. } if directory.ends_with("closed")),
            "{refused}"
        );
    }
}
