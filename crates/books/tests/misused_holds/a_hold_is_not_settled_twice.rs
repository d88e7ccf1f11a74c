use tollgate_books::Sent;
use tollgate_model::{Money, Now};

fn twice(sent: Sent, now: Now) {
    sent.settle(Money::ZERO, now);
    sent.void(now);
}

fn main() {}
