//! How long are a file's production code and its functions? Reads rustfmt's own layout: a function's last line is the
//! closing brace at the indent of its first.

/// Above it a file is named.
pub(super) const FILE_LINES: usize = 300;
/// Above it a function is named.
pub(super) const FUNCTION_LINES: usize = 60;

/// The file and those of its functions that are too long, by name.
pub(super) fn measure(path: &str, text: &str) -> Vec<(String, usize)> {
    if is_test(path) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().take_while(|line| *line != "#[cfg(test)]").collect();
    let mut long = Vec::new();
    if lines.len() > FILE_LINES {
        long.push((path.to_owned(), lines.len()));
    }
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function(line) else { continue };
        let length = length(lines.get(start..).unwrap_or_default());
        if length > FUNCTION_LINES {
            long.push((format!("{path} {name}"), length));
        }
    }
    long
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples"))
}

/// The name of the function that begins on this line.
fn function(line: &str) -> Option<&str> {
    let mut words = line
        .trim_start()
        .split(' ')
        .skip_while(|word| matches!(*word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub("));
    if words.next() != Some("fn") {
        return None;
    }
    words.next()?.split(['(', '<']).next()
}

/// Lines from the function's first to its closing brace; 1 for a declaration without a body.
fn length(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    let indent = first.len() - first.trim_start().len();
    let ends = |line: &&str| {
        let rest = line.get(indent..).unwrap_or_default();
        line.len() - line.trim_start().len() == indent && (rest.starts_with('}') || rest.ends_with(';') || rest.ends_with('}'))
    };
    lines.iter().position(ends).map_or(lines.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::measure;

    fn function_of(lines: usize) -> String {
        format!(
            "impl X {{\n    pub(crate) async fn long<T>(\n        a: T,\n    ) -> T {{\n{}    }}\n}}\n",
            "        step();\n".repeat(lines - 4)
        )
    }

    #[test]
    fn a_function_is_as_long_as_from_its_first_line_to_its_brace() {
        assert_eq!(measure("a.rs", &function_of(60)), vec![]);
        assert_eq!(measure("a.rs", &function_of(61)), vec![("a.rs long".to_owned(), 61)]);
    }

    #[test]
    fn a_declaration_and_a_one_liner_are_short() {
        let text = format!("trait T {{\n    fn a(&self);\n    fn b(&self) {{}}\n{}}}\n", "    // more\n".repeat(80));
        assert_eq!(measure("a.rs", &text), vec![]);
    }

    #[test]
    fn tests_are_not_counted() {
        let text = format!("fn a() {{}}\n#[cfg(test)]\n{}", "x\n".repeat(400));
        assert_eq!(measure("a.rs", &text), vec![]);
        assert_eq!(measure("crates/a/src/b/tests.rs", &"x\n".repeat(400)), vec![]);
    }

    #[test]
    fn a_file_is_named_above_300_lines() {
        assert_eq!(measure("a.rs", &"x\n".repeat(301)), vec![("a.rs".to_owned(), 301)]);
    }
}
