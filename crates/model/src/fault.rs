//! Where shall the process die? A SIGKILL on purpose at a named point, and a clock that tests move; in the product there is nothing of it.

/// Makes the points, with the names that a test calls them by.
macro_rules! points {
    ($($(#[$what:meta])* $point:ident = $name:literal,)*) => {
        /// A place at which a test may let the process die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $($(#[$what])* $point,)*
        }

        impl Point {
            /// All of them, in the order in which a paid call meets them.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// What a test calls it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// Nothing is reserved.
    BeforeHold = "before_hold",
    /// Reserved in memory.
    HoldTaken = "hold_taken",
    /// The intent is in the lane's buffer.
    IntentBuffered = "intent_buffered",
    /// The intent is written; the books do not know that it was.
    IntentWritten = "intent_written",
    /// Counted as sent; no byte has left.
    BeforeFirstByte = "before_first_byte",
    /// The provider has the whole request.
    BytesSent = "bytes_sent",
    /// The provider's whole answer is read.
    ResponseRead = "response_read",
    /// The answer is understood; nothing of it is written.
    BeforeOutcome = "before_outcome",
    /// The outcome is written; the books do not know.
    OutcomeWritten = "outcome_written",
    /// The books know; the client does not.
    BeforeAnswer = "before_answer",
    /// The client has its answer.
    Answered = "answered",
    /// A poll's answer has ended a hold in memory; its line is only buffered.
    TaskEnded = "task_ended",
    /// Facts are about to be told to the book.
    PostBegun = "post_begun",
    /// The book has them; memory does not know.
    PostDone = "post_done",
    /// Slices are about to be leased.
    LeaseBegun = "lease_begun",
    /// The book has leased them; memory does not know.
    LeaseGranted = "lease_granted",
    /// Memory has them.
    LeaseDone = "lease_done",
    /// Unspent slices are about to be given back.
    GiveBackBegun = "give_back_begun",
    /// The book has taken them back; memory does not know.
    GiveBackDone = "give_back_done",
    /// Lines are written, and about to be sealed.
    CheckpointBegun = "checkpoint_begun",
    /// They are sealed.
    CheckpointDone = "checkpoint_done",
    /// A key's or a team's change is about to be stored.
    ChangeBegun = "change_begun",
    /// It is stored; no request sees it.
    ChangeStored = "change_stored",
    /// Requests see it; nobody was told.
    ChangeDone = "change_done",
    /// The book is opened; what the journal knows more is not in it.
    RestartOpened = "restart_opened",
    /// The journal's facts are in the book; outcomes that are owed are not written.
    RestartReplayed = "restart_replayed",
}

/// Nothing, in the product.
#[cfg(not(feature = "fault"))]
#[inline]
pub const fn at(_point: Point) {}

/// Nothing, in the product.
#[cfg(not(feature = "fault"))]
#[inline]
pub const fn shift_ms() -> i64 {
    0
}

/// Nothing, in the product.
#[cfg(not(feature = "fault"))]
#[inline]
pub const fn passed_ms() -> u64 {
    0
}

#[cfg(feature = "fault")]
pub use armed::{arm, at, pass, passed_ms, shift, shift_ms};

#[cfg(feature = "fault")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::Point;

    struct Armed {
        point: Point,
        /// How often the point is still to be passed.
        left: AtomicI64,
        die: fn(),
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();
    static SHIFT_MS: AtomicI64 = AtomicI64::new(0);
    static PASSED_MS: AtomicU64 = AtomicU64::new(0);

    /// Lets `die` be called when the point of this name is reached for the `nth` time; false if there is none of this name.
    pub fn arm(name: &str, nth: i64, die: fn()) -> bool {
        let found = Point::ALL.iter().find(|point| point.name() == name);
        found.is_some_and(|point| ARMED.set(Armed { point: *point, left: AtomicI64::new(nth), die }).is_ok())
    }

    /// Dies here if that is wanted.
    pub fn at(point: Point) {
        if let Some(armed) = ARMED.get().filter(|armed| armed.point == point)
            && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            (armed.die)();
        }
    }

    /// The wall clock stands this far from the machine's, from now on.
    pub fn shift(millis: i64) {
        SHIFT_MS.store(millis, Ordering::SeqCst);
    }

    /// How far the wall clock stands from the machine's.
    pub fn shift_ms() -> i64 {
        SHIFT_MS.load(Ordering::SeqCst)
    }

    /// So much more time has passed than the machine's clocks say, by both of them; it never goes back.
    pub fn pass(millis: u64) {
        PASSED_MS.fetch_max(millis, Ordering::SeqCst);
    }

    /// How much more time has passed.
    pub fn passed_ms() -> u64 {
        PASSED_MS.load(Ordering::SeqCst)
    }
}
