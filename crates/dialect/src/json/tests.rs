use super::*;

fn read(text: &str, names: Names) -> Result<Vec<(String, String, Kind)>, JsonError> {
    let mut found = Vec::new();
    members(text.as_bytes(), names, |name, raw| {
        found.push((String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(raw.text).into_owned(), raw.kind));
    })?;
    Ok(found)
}

#[test]
fn members_come_in_order_with_their_exact_text() {
    let found = read(r#" {"a":1.50e-3, "b" : "x\n" ,"c":{"d":[1,{}]},"e":null,"f":true} "#, Names::Plain).unwrap();
    let texts: Vec<_> = found.iter().map(|(name, text, _)| (name.as_str(), text.as_str())).collect();
    assert_eq!(texts, [("a", "1.50e-3"), ("b", r#""x\n""#), ("c", r#"{"d":[1,{}]}"#), ("e", "null"), ("f", "true")]);
}

#[test]
fn pc_16_a_name_twice_at_any_level_is_refused() {
    for text in [r#"{"key":"a","key":"b"}"#, r#"{"t":{"a":1,"a":2}}"#, r#"{"t":[{"a":1,"a":1}]}"#] {
        assert_eq!(read(text, Names::Any), Err(JsonError::Duplicate), "{text}");
    }
    for odd in [r#"{"k\u0065y":1}"#, "{\"key\u{7f}\":1}"] {
        assert_eq!(read(odd, Names::Plain), Err(JsonError::EscapedName));
    }
    assert!(read(r#"{"k\u0065y":1}"#, Names::Any).is_ok());
}

#[test]
fn pc_19_depth_and_width_are_bounded() {
    let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(read(&deep(16), Names::Plain).is_ok());
    assert_eq!(read(&deep(17), Names::Plain), Err(JsonError::Depth));
    assert_eq!(read(&deep(100_000), Names::Plain), Err(JsonError::Depth));
    assert_eq!(read(&format!("{{\"a\":{}", "[".repeat(100_000)), Names::Plain), Err(JsonError::Depth));
    let wide: Vec<String> = (0..401).map(|n| format!("\"n{n}\":0")).collect();
    assert_eq!(read(&format!("{{{}}}", wide.join(",")), Names::Plain), Err(JsonError::TooMany));
}

#[test]
fn what_is_not_json_to_the_letter_is_refused() {
    for text in [
        "",
        "[]",
        "1",
        "{",
        "{}x",
        "{} {}",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "\u{feff}{}",
        "{\"a\":1//\n}",
    ] {
        assert_eq!(read(text, Names::Any), Err(JsonError::Syntax), "{text:?}");
    }
    assert_eq!(members(b"{\"a\":\"\xff\"}", Names::Any, |_, _| {}), Err(JsonError::Syntax));
}

#[test]
fn a_string_means_the_same_inside_and_outside() {
    let mut seen = None;
    members(br#"{"a":"\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t"}"#, Names::Plain, |_, raw| seen = raw.scalar()).unwrap();
    assert_eq!(seen.as_deref(), Some("ä😀\"\\/\u{8}\u{c}\n\r\t".as_bytes()));
    let mut out = Vec::new();
    write_string("ä😀\"\\/\u{8}\n\r\t\u{7f}", &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), r#""ä😀\"\\/\u0008\n\r\t\u007f""#);
}

#[test]
fn a_value_is_written_anew_in_one_spelling_and_its_numbers_stay() {
    let mut written = Vec::new();
    let text = br#"{"a": { "b" : [ 1.50e-3 , "x\u0041 \/\"\\" , { } , [ ] , null , true ], "\u0063":"\ud83d\ude00" } }"#;
    members(text, Names::Any, |_, raw| write_value(raw, &mut written)).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), r#"{"b":[1.50e-3,"xA /\"\\",{},[],null,true],"c":"😀"}"#);
}

#[test]
fn a_number_of_a_request_is_one_that_every_reader_holds() {
    for (text, held) in
        [("1e99", true), ("-1.5E-12", true), ("1e400", false), ("1e0000001", false), (&"9".repeat(40), true), (&"9".repeat(41), false)]
    {
        let object = format!("{{\"a\":[{text}]}}");
        assert_eq!(read(&object, Names::Plain).err(), (!held).then_some(JsonError::Number), "{text}");
        assert!(read(&object, Names::Any).is_ok(), "an answer goes on as it came");
    }
}
