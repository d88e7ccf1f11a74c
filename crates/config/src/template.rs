//! The commented file that `tollgate init` writes.

/// A `tollgate.toml` that is valid as it stands, with every key in it, the optional ones commented out.
pub fn template() -> &'static str {
    include_str!("template/tollgate.toml")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::field::ALL;

    /// The template with every optional line taken in.
    fn uncommented() -> String {
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let keys = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| is_word(key));
        let lines: Vec<&str> = template().lines().map(|line| line.strip_prefix("# ").filter(|rest| keys(rest)).unwrap_or(line)).collect();
        // some of them are for a shared store alone
        lines.join("\n").replace("store = \"sqlite\"", "store = \"postgres://gate@db.example:5432/gates\"")
    }

    #[test]
    fn the_template_is_valid_as_it_stands_and_says_the_defaults() {
        let config = Config::parse(template(), Path::new("tollgate.toml")).unwrap();
        let least = "[[upstream]]\nname = \"captchaai\"\nprofile = \"captchaai\"\norigin = \"https://ocr.captchaai.com\"\n\
                     secret = { env = \"CAPTCHAAI_KEY\" }\n";
        assert_eq!(config, Config::parse(least, Path::new("tollgate.toml")).unwrap());
    }

    #[test]
    fn the_template_with_every_comment_taken_in_is_valid_too() {
        let result = Config::parse(&uncommented(), Path::new("tollgate.toml"));
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }

    #[test]
    fn every_key_that_is_built_stands_in_the_template() {
        let whole = uncommented();
        for table in ALL {
            for field in table.fields.iter().filter(|field| field.built) {
                let name = field.name;
                let written = [format!("\n{name} = "), format!("[{name}]"), format!("{{ {name} = "), format!(", {name} = ")];
                assert!(written.iter().any(|form| whole.contains(form.as_str())), "{name} of {}", table.place());
            }
        }
    }
}
