use super::*;

fn query(text: &str) -> Fields {
    Fields::read(text, false, "", b"")
}

fn post(content_type: &str, body: &[u8]) -> Fields {
    Fields::read("key=query&only=query", true, content_type, body)
}

#[test]
fn the_last_of_a_name_wins() {
    assert_eq!(query("key=a&key=b").text("key"), Some("b"));
    assert_eq!(query("key=a&key").text("key"), Some(""));
    assert_eq!(post("application/json", br#"{"key":"a","key":"b"}"#).text("key"), Some("b"));
}

#[test]
fn the_body_beats_the_query_and_counts_in_a_post_only() {
    let fields = post("application/x-www-form-urlencoded; charset=utf-8", b"key=body");
    assert_eq!((fields.text("key"), fields.text("only")), (Some("body"), Some("query")));
    assert_eq!(post("", b"key=body").text("key"), Some("body"));
    assert_eq!(Fields::read("key=query", false, "", b"key=body").text("key"), Some("query"));
}

#[test]
fn names_that_php_takes_for_the_same_are_the_same() {
    for alias in
        ["key[]", "key[0]", "key[x]", "key%5B%5D", "+key", "%20key", "%20%20key", "key%00", "key%00x", "key[a]b", "key[a][b", "key[]%00"]
    {
        assert_eq!(query(&format!("key=first&{alias}=second")).text("key"), Some("second"), "{alias}");
    }
    assert_eq!(query("page.url=x").text("page_url"), Some("x"));
    assert_eq!(query("page+url=x").text("page_url"), Some("x"));
}

#[test]
fn names_that_php_tells_apart_are_apart() {
    for other in ["Key", "%09key", "key%20", "key[", "key]", "key%20[x]", "key%0a", "%256Bey", "a;key"] {
        assert_eq!(query(&format!("key=first&{other}=second")).text("key"), Some("first"), "{other}");
    }
    assert_eq!(query("key=a;key=b").text("key"), Some("a;key=b"));
    assert_eq!(query("=x&&&[key]=a&[key=b&%00key=c").texts.len(), 0);
}

#[test]
fn values_are_decoded_once_and_broken_escapes_stand() {
    assert_eq!(query("a=%2541+b%2Bc%zz%4").text("a"), Some("%41 b+c%zz%4"));
    assert_eq!(query("a=%+1").text("a"), Some("% 1"));
    assert_eq!(query("a=b=c").text("a"), Some("b=c"));
}

#[test]
fn json_members_become_text() {
    let fields = post("application/json; charset=utf-8", br#"{"json":1,"a":true,"b":null,"only":"body","c":{"d":[1]}}"#);
    assert_eq!(
        ["json", "a", "b", "only", "c"].map(|name| fields.text(name)),
        [Some("1"), Some("1"), None, Some("body"), Some("{\"d\":[1]}")]
    );
    assert_eq!(post("application/json", b"[1]").text("key"), Some("query"));
}

#[test]
fn a_body_of_another_type_is_not_read() {
    assert_eq!(post("text/plain", b"key=body").text("key"), Some("query"));
}

fn part(head: &str, data: &str) -> String {
    format!("--xy\r\n{head}\r\n\r\n{data}\r\n")
}

fn disposition(parameters: &str) -> String {
    part(&format!("Content-Disposition: form-data; {parameters}"), "body")
}

fn multipart(body: &str) -> Fields {
    post("multipart/form-data; boundary=xy", format!("{body}--xy--\r\n").as_bytes())
}

#[test]
fn multipart_parts_are_parameters_and_files() {
    let file = part("content-disposition: form-data; name=\"file\"; filename=\"a;name=key\"\r\nContent-Type: image/png", "\0\r\n");
    let fields = multipart(&format!("preamble\r\n{}{file}--xy--\r\nepilogue", disposition("name=\"other\"")));
    assert_eq!((fields.text("key"), fields.text("other"), fields.text("file")), (Some("query"), Some("body"), None));
    assert_eq!(fields.file("file"), Some(b"\0\r\n".as_slice()));
    assert_eq!(multipart(&disposition("name=key; filename=")).text("key"), Some("query"));
}

#[test]
fn a_multipart_name_is_read_as_php_reads_it() {
    for parameters in [
        "name=\"key\"",
        "name=key",
        "name='key'",
        "NAME=key junk",
        "name=\"other\"; name=\"key\"",
        "name=\"key",
        "a=\"\\\"; name=b\"; name=key",
    ] {
        assert_eq!(multipart(&disposition(parameters)).text("key"), Some("body"), "{parameters}");
    }
    for parameters in ["name = \"key\"", "name*=utf-8''key", "names=key", "name=\"k\\ey\"", "x=\";name=key\""] {
        assert_eq!(multipart(&disposition(parameters)).text("key"), Some("query"), "{parameters}");
    }
    let folded = part("Content-Disposition: form-data;\r\n name=\"key\"\r\nContent-Disposition: form-data; name=other", "body");
    assert_eq!(multipart(&folded).text("key"), Some("body"));
}

#[test]
fn multipart_framing_is_read_as_php_reads_it() {
    let key = disposition("name=key");
    assert_eq!(post("multipart/form-data; boundary=xy", key.as_bytes()).text("key"), Some("body"), "no end");
    assert_eq!(multipart(&key.replace('\r', "")).text("key"), Some("body"), "bare LF");
    assert_eq!(multipart(&format!("--xy--\r\n{key}")).text("key"), Some("body"), "behind the end");
    assert_eq!(multipart(&format!("{}{key}", part("X: y", "no disposition"))).text("key"), Some("body"));
    assert_eq!(multipart(&format!("{}{key}", disposition("no name"))).text("key"), Some("query"), "a part without a name ends the reading");
    assert_eq!(multipart(&key.replace("--xy\r", "--xy  \r")).text("key"), Some("query"), "a boundary stands alone");
    let prefix = key.trim_end().to_owned() + "\r\n--xyz\r\nContent-Disposition: form-data; name=only\r\n\r\nbody\r\n--xy--";
    assert_eq!((multipart(&prefix).text("key"), multipart(&prefix).text("only")), (Some("body"), Some("query")));
    for content_type in [
        "multipart/form-data; boundary=\"xy\"",
        "Multipart/Form-Data; Boundary=zz; boundary=xy",
        "multipart/form-data; BOUNDARY=xy; charset=utf-8",
        "multipart/form-data; boundary=xy, zz",
    ] {
        assert_eq!(post(content_type, (key.clone() + "--xy--").as_bytes()).text("key"), Some("body"), "{content_type}");
    }
    assert_eq!(post("multipart/form-data", key.as_bytes()).text("key"), Some("query"));
}
