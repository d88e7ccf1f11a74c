//! Requests as raw bytes, in every way that a caller can write one.

/// The header of a urlencoded form.
pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// The header of a JSON body.
pub const JSON: &str = "Content-Type: application/json\r\n";
/// The header of a `multipart` body.
pub const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=b0\r\n";

/// A GET with further header lines, after which the connection ends.
pub fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: gate\r\n{headers}Connection: close\r\n\r\n")
}

/// A POST with further header lines, after which the connection ends.
pub fn post(target: &str, headers: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: gate\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A body of plain parts, with the boundary of `MULTIPART`.
pub fn multipart(parts: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    parts.iter().map(part).collect::<String>() + "--b0--\r\n"
}
