//! Where do new secrets go? Into a folder, one file each, never over one that is there; what is being made is noted first, so that a
//! run that is cut loses none.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use tollgate_model::VirtualKey;

use super::plan::Plan;
use crate::authority::write_private;
use crate::command::init;
use crate::exit::{Failed, Outcome};

/// A folder for secrets.
pub(super) struct Folder(PathBuf);

/// What there is in it of a key.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A run asked for the key, and has not kept its secret.
    Begun(Begun),
    /// A run kept the secret, and has not cleared its note away.
    Kept,
    /// A file in the place of the secret; of whom is not known.
    Taken(PathBuf),
}

/// A key that was asked for: the same words under the same text are done once, and answered alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Begun {
    pub(super) once: String,
    pub(super) body: Value,
}

impl Folder {
    /// The folder of that name, whether it is there or not.
    pub(super) fn at(path: PathBuf) -> Result<Self, Failed> {
        if path.to_str().is_some_and(|text| text.starts_with("vault:")) {
            return Err(Failed::usage("a Vault path for new secrets is not built yet").hint("name a folder: each secret is a file in it"));
        }
        let folder = Self(path);
        folder.judge()?;
        Ok(folder)
    }

    /// Who may write in it may take a secret away, or put another in its place.
    fn judge(&self) -> Outcome {
        let path = self.0.display();
        let data = match fs::metadata(&self.0) {
            Ok(data) => data,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(anyhow::Error::from(error).context(format!("cannot read `{path}`")).into()),
        };
        let ours = [0, tollgate_sys::acting_user()].contains(&data.uid());
        if !ours || data.permissions().mode() & 0o022 != 0 {
            return Err(Failed::new(format!("others may write to the folder of secrets `{path}`"))
                .hint("it is to be your own, and `chmod go-w`; or name another"));
        }
        Ok(())
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key"))
    }

    fn note(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key.pending"))
    }

    /// What is there of this key.
    pub(super) fn find(&self, name: &str) -> Result<Found, Failed> {
        let path = self.secret(name);
        let taken = || match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(anyhow::Error::from(error).context(format!("cannot read `{}`", path.display())).into()),
            // its service's by now, perhaps: nobody needs to read it here
            Ok(_) => Ok(Found::Taken(path.clone())),
        };
        let Some(note) = read(&self.note(name))? else { return taken() };
        if read(&path)?.is_some_and(|text| VirtualKey::is_well_formed(&text)) {
            return Ok(Found::Kept);
        }
        // a note that was cut short was never asked under, and one of another key was moved here
        let written: Value = serde_json::from_slice(&note).unwrap_or_default();
        let once = written.get("once").and_then(Value::as_str).map(str::to_owned);
        match once.zip(written.get("body").filter(|body| body.get("name").and_then(Value::as_str) == Some(name)).cloned()) {
            Some((once, body)) => Ok(Found::Begun(Begun { once, body })),
            None => taken(),
        }
    }

    /// Notes what is about to be asked for; what was asked before in the same words goes on under the same text.
    pub(super) fn begin(&self, name: &str, body: &Value) -> Result<Begun, Failed> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).with_context(|| format!("cannot make `{}`", self.0.display()))?;
        // somebody else may have made it meanwhile
        self.judge()?;
        match self.find(name)? {
            Found::Begun(begun) if begun.body == *body => return Ok(begun),
            Found::Begun(_) | Found::Nothing => self.clear(name)?,
            Found::Kept | Found::Taken(_) => return Err(taken(&self.secret(name))),
        }
        let once = init::draw("once_").context("the system's random generator does not answer")?.expose().to_owned();
        let note = self.note(name);
        write_private(&note, json!({ "once": once, "body": body }).to_string().as_bytes())
            .and_then(|()| self.on_disk())
            .with_context(|| format!("cannot write `{}`", note.display()))?;
        Ok(Begun { once, body: body.clone() })
    }

    /// Keeps a secret, and only then forgets that it was asked for.
    pub(super) fn keep(&self, name: &str, secret: &str) -> Result<PathBuf, Failed> {
        let path = self.secret(name);
        // with the note beside it, a file that is not whole is what a cut run has left of this very secret
        if read(&path)?.is_some_and(|text| !VirtualKey::is_well_formed(&text)) {
            fs::remove_file(&path).with_context(|| format!("cannot replace `{}`", path.display()))?;
        }
        write_private(&path, secret.as_bytes())
            .and_then(|()| self.on_disk())
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        self.clear(name)?;
        Ok(path)
    }

    /// Forgets that it was asked for.
    pub(super) fn clear(&self, name: &str) -> Result<(), Failed> {
        let note = self.note(name);
        match fs::remove_file(&note) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(anyhow::Error::from(error).context(format!("cannot remove `{}`", note.display())).into())
            }
            _ => Ok(()),
        }
    }

    /// Clears away the notes of secrets that are kept.
    pub(super) fn tidy(&self, plan: &Plan, dry: bool) -> Outcome {
        for name in plan.kept.iter().filter(|_| !dry) {
            self.clear(name)?;
        }
        Ok(())
    }

    fn on_disk(&self) -> io::Result<()> {
        fs::File::open(&self.0)?.sync_all()
    }
}

/// A file stands where a new secret would go.
pub(super) fn taken(path: &Path) -> Failed {
    Failed::new(format!("`{}` is there already, and a secret is never written over", path.display()))
        .hint("move it away, or name another folder; nothing was changed")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Failed> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::from(error).context(format!("cannot read `{}`", path.display())).into()),
    }
}

#[cfg(test)]
mod tests;
