//! What happens to a file while another text lies ready for its place.

#![allow(clippy::disallowed_methods, reason = "they write files of their own")]

use std::fs;
use std::path::Path;

use super::Staged;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn until_it_is_put_there_the_file_is_as_it_was() {
    let folder = folder();
    let path = folder.path().join("file");
    fs::write(&path, "old").expect("a file");
    let staged = Staged::new(&path, Some("old"), "new", false).expect("it can be written");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
    drop(staged);
    assert_eq!(
        (fs::read_to_string(&path).expect("it is there").as_str(), names(folder.path()).len()),
        ("old", 1)
    );
}

#[test]
fn what_somebody_has_changed_meanwhile_stays_theirs() {
    let folder = folder();
    let path = folder.path().join("file");
    let changed = |staged: Staged| staged.commit().expect_err("it was changed");
    fs::write(&path, "old").expect("a file");
    let staged = Staged::new(&path, Some("old"), "new", false).expect("it can be written");
    fs::write(&path, "theirs").expect("a file");
    assert!(changed(staged).ends_with("was changed by someone else meanwhile; run again"));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "theirs");

    fs::remove_file(&path).expect("it is there");
    let staged = Staged::new(&path, None, "new", false).expect("it can be written");
    fs::write(&path, "theirs").expect("a file");
    changed(staged);
    let staged = Staged::new(&path, Some("theirs"), "new", false).expect("it can be written");
    fs::remove_file(&path).expect("it is there");
    changed(staged);
    assert!(names(folder.path()).is_empty(), "neither file nor what lay ready");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_its_owner() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = folder();
    let path = folder.path().join("file");
    fs::write(&path, "old").expect("a file");
    // Only the administrator can give a file away; everybody else keeps what is their own.
    let given = chown(&path, Some(12_345), Some(23_456)).is_ok();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
    let before = fs::metadata(&path).expect("it is there");
    Staged::new(&path, Some("old"), "new", true).and_then(Staged::commit).expect("it can be written");
    let after = fs::metadata(&path).expect("it is there");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "new");
    assert_eq!(
        (after.uid(), after.gid(), after.mode()),
        (before.uid(), before.gid(), before.mode()),
        "given away: {given}"
    );
    assert_ne!(after.ino(), before.ino(), "it is another file in its place");
}

#[cfg(unix)]
#[test]
fn a_file_that_says_it_is_read_only_is_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("file");
    fs::write(&path, "old").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("permissions");
    let refused = Staged::new(&path, Some("old"), "new", false).err().expect("it is read-only");
    assert!(refused.ends_with("cannot be written: it is read-only"), "{refused}");
    assert_eq!(names(folder.path()), ["file"]);
}
