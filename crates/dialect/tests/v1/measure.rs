//! The usual requests are read without a heap.

use crate::support::{KEY, Request};

#[test]
fn a_usual_call_fits_on_the_stack() {
    assert!(size_of::<tollgate_dialect::v1::Call<'_>>() <= 1024, "{}", size_of::<tollgate_dialect::v1::Call<'_>>());
    let request = Request::get(&format!("/res.php?key={KEY}&action=get&id=1"));
    assert!(matches!(request.call().credential.expose(), key if std::ptr::addr_eq(key.as_ptr(), request.target[13..].as_ptr())));
}
