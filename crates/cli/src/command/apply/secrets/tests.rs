use super::*;

fn secret() -> String {
    init::draw(VirtualKey::KEY).unwrap().expose().to_owned()
}

fn folder() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::at(dir.path().join("new")).unwrap();
    (dir, folder)
}

#[test]
fn a_secret_is_its_owners_alone_and_never_written_over() {
    let (_dir, folder) = folder();
    folder.begin("ci", &json!({ "name": "ci" })).unwrap();
    let (first, second) = (secret(), secret());
    let path = folder.keep("ci", &first).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&folder.0)), (0o600, 0o700));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "the note is cleared away");
    assert!(folder.keep("ci", &second).is_err());
    assert!(folder.begin("ci", &json!({})).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn a_run_that_was_cut_goes_on_under_the_same_text_and_another_request_under_another() {
    let (_dir, folder) = folder();
    let body = json!({ "name": "ci", "caps": ["1/day"] });
    let begun = folder.begin("ci", &body).unwrap();
    assert_eq!(folder.begin("ci", &body).unwrap(), begun);
    assert!(matches!(folder.find("ci").unwrap(), Found::Begun(found) if found == begun));
    assert_ne!(folder.begin("ci", &json!({ "name": "ci", "caps": ["2/day"] })).unwrap().once, begun.once);
}

#[test]
fn half_a_secret_is_replaced_half_a_note_was_never_asked_under_and_a_whole_secret_is_kept() {
    let (_dir, folder) = folder();
    let begun = folder.begin("ci", &json!({ "name": "ci" })).unwrap();
    fs::write(folder.secret("ci"), "tgk_half").unwrap();
    assert!(matches!(folder.find("ci").unwrap(), Found::Begun(found) if found == begun));
    let whole = secret();
    folder.keep("ci", &whole).unwrap();
    fs::write(folder.note("ci"), "{\"once\":").unwrap();
    assert!(matches!(folder.find("ci").unwrap(), Found::Kept));
    fs::remove_file(folder.secret("ci")).unwrap();
    assert!(matches!(folder.find("ci").unwrap(), Found::Nothing));
    fs::write(folder.secret("ci"), "whatever").unwrap();
    assert!(matches!(folder.find("ci").unwrap(), Found::Taken(_)), "what stands beside half a note may be anybody's");
    assert_eq!(folder.find("other").map(|found| matches!(found, Found::Nothing)).ok(), Some(true));
    fs::write(folder.secret("other"), "whatever").unwrap();
    assert!(matches!(folder.find("other").unwrap(), Found::Taken(_)));
}

#[test]
fn a_folder_that_others_may_write_to_and_a_vault_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(Folder::at(dir.path().to_owned()).is_err());
    assert!(Folder::at(PathBuf::from("vault:secret/keys")).is_err());
}
