//! A hold resolves at most once, and only after it was sent: anything else does not compile.

#[test]
fn a_hold_that_is_misused_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/misused_holds/*.rs");
}
