//! The references of `tollgate.toml` and of the file of `tollgate apply`, from the tables that the readers themselves use.

use std::fmt::Write;

use crate::field::{ALL, Field, MANIFEST, Table};

/// The page `docs/reference/configuration.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         <!-- made by `cargo xtask gen` from the table that the reader uses; do not edit -->\n\n\
         `tollgate.toml` is read whole, and every mistake is reported at once. An unknown key is refused, and so is a key that\n\
         is not built yet: nothing is ignored. `tollgate init` writes a commented file, `tollgate check` prints what is in force.\n\n\
         | written as | is |\n| --- | --- |\n\
         | dollars | text, `\"0.0029\"`: at most nine decimals, never a number |\n\
         | durations | text, `\"250ms\"`, `\"30s\"`, `\"15m\"`, `\"24h\"`, `\"90d\"` |\n\
         | sizes | text, `\"16KiB\"`, `\"2MiB\"` |\n\
         | caps | text, `\"25/day\"`, `\"400/month Europe/Berlin\"`, `\"100/week\"`, `\"1000/total\"`; the zone is UTC unless named; `\"25/24h\"` and `\"5/hour\"` count the last 24 hours and the last hour, whenever one looks |\n\
         | rates | text, `\"60/min\"`, `\"60/min burst 6\"`; the burst is a tenth unless named |\n",
    );
    for table in ALL {
        write_table(&mut page, table);
    }
    page
}

/// The page `docs/reference/manifest.md`.
pub fn manifest_reference() -> String {
    let mut page = String::from(
        "# The file of `tollgate apply`\n\n\
         <!-- made by `cargo xtask gen` from the table that the reader uses; do not edit -->\n\n\
         The words are those of `tollgate key` and of the admin API; dollars, caps, rates and times are written as in\n\
         [tollgate.toml](configuration.md). How it is used: [apply](../operations/apply.md). Every mistake is told at once with its\n\
         place, and nothing is changed if there is one.\n",
    );
    for table in MANIFEST {
        write_table(&mut page, table);
    }
    page
}

fn write_table(page: &mut String, table: &Table) {
    let title = match (table.header, table.inline) {
        ("", _) => "Top level".to_owned(),
        (header, None) => format!("`{header}`"),
        (header, Some(key)) => format!("`{header}`, `{key} = {{ … }}`"),
    };
    // writing to a String cannot fail
    let _ = write!(page, "\n## {title}\n\n{}\n\n| key | takes | without it | |\n| --- | --- | --- | --- |\n", table.says);
    for field in table.fields {
        write_field(page, field);
    }
}

fn write_field(page: &mut String, field: &Field) {
    let Field { name, form, default, says, built } = *field;
    let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
    let state = if built { "" } else { "**Not built yet, refused.** " };
    let _ = writeln!(page, "| `{name}` | {form} | {default} | {state}{says} |");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_line_and_every_line_its_four_columns() {
        let (page, manifest) = (reference(), manifest_reference());
        let tables = ALL.iter().map(|table| (&page, table)).chain(MANIFEST.iter().map(|table| (&manifest, table)));
        for (page, table) in tables {
            for field in table.fields {
                let line = page.lines().find(|line| line.starts_with(&format!("| `{}` |", field.name)) && line.contains(field.says));
                assert_eq!(line.map(|line| line.matches('|').count()), Some(5), "{}", field.name);
                assert!(field.says.ends_with('.') && !field.form.is_empty(), "{}", field.name);
            }
        }
    }
}
