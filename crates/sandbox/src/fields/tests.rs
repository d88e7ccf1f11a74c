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
    for alias in ["key[]", "key[0]", "key[x]", "key%5B%5D", "+key", "%20key", "%20%20key", "key%00", "key%00x"] {
        assert_eq!(query(&format!("key=first&{alias}=second")).text("key"), Some("second"), "{alias}");
    }
    assert_eq!(query("page.url=x").text("page_url"), Some("x"));
    assert_eq!(query("page+url=x").text("page_url"), Some("x"));
}

#[test]
fn names_that_php_tells_apart_are_apart() {
    for other in ["Key", "%09key", "key%20", "key[", "%256Bey", "a;key"] {
        assert_eq!(query(&format!("key=first&{other}=second")).text("key"), Some("first"), "{other}");
    }
    assert_eq!(query("key=a;key=b").text("key"), Some("a;key=b"));
    assert_eq!(query("=x&&").texts.len(), 0);
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
fn multipart_parts_are_parameters_and_files() {
    let body = b"preamble\r\n--xy\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nbody\r\n--xy\r\ncontent-disposition: form-data; name=\"file\"; \
                 filename=\"a;name=b.png\"\r\nContent-Type: image/png\r\n\r\n\x00\r\n--xyz\r\n\r\n--xy--\r\nepilogue";
    let fields = post("multipart/form-data; boundary=\"xy\"", body);
    assert_eq!(fields.text("key"), Some("body"));
    assert_eq!(fields.text("file"), None);
}

#[test]
fn multipart_is_read_leniently() {
    let body = b"--xy\nContent-Disposition: form-data; name=key\n\nfirst\n--xy\nContent-Disposition: form-data; name=\"other\"; name=\"k\\ey\"\n\nsecond";
    assert_eq!(post("Multipart/Form-Data; boundary=xy; charset=utf-8", body).text("key"), Some("second"));
    assert_eq!(post("multipart/form-data", body).text("key"), Some("query"));
}
