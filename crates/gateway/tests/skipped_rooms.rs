//! A room that is skipped does not compile: a stage is made by its own room alone, and only what may be armed can be.

#[test]
fn a_skipped_room_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/skipped_rooms/*.rs");
}
