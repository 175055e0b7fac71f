//! Files that only their owner may read, and that are there either whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::CommandError;

/// Writes the file: under another name first, so that nobody sees half of it.
pub fn write(path: &Path, content: &str) -> Result<(), CommandError> {
    let write = || {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".new-{}", std::process::id()));
        let new = path.with_file_name(name);
        ignore_absence(fs::remove_file(&new))?;
        // Created here and now: a file that somebody else put there would keep its mode.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        path.parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    };
    write().map_err(CommandError::file("write", path))
}

/// The content of the file, or `None` when there is none.
pub fn read(path: &Path) -> Result<Option<String>, CommandError> {
    match fs::read_to_string(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::file("read", path)(error)),
    }
}

/// Removes the file if it is there.
pub fn remove(path: &Path) -> Result<(), CommandError> {
    ignore_absence(fs::remove_file(path)).map_err(CommandError::file("remove", path))
}

fn ignore_absence(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_written_file_is_private_and_replaces_the_one_before() {
        let path = std::env::temp_dir().join(format!("countersign-private-file-{}", std::process::id()));
        fs::write(&path, "public").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "secret").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("secret"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
