//! Whatever is read as multipart holds no boundary in its data: no other reader can part it elsewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_dialect::multipart::parse;

fuzz_target!(|body: &[u8]| {
    let Ok((fields, files)) = parse(b"multipart/form-data; boundary=B", body) else { return };
    let data = fields.iter().map(|(_, data)| *data).chain(files.iter().map(|file| file.data));
    for data in data {
        assert!(!data.windows(4).any(|window| window == b"\n--B"), "a boundary stands in a part's data");
    }
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).chain(files.iter().map(|file| file.name)).collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "a name stands twice");
    }
});
