//! What is sent: submissions made before, polls written when the id is known.

/// The task that is submitted: about 190 bytes of request line.
const TASK: &str = "method=userrecaptcha&googlekey=6LfD3PIbAAAAAJs_eEHvoOl75_83eXSqpPSRFJ_u&pageurl=https%3A%2F%2Fexample.com%2Flogin";
/// A key of the right shape that nobody has.
const STRANGER: &str = "tgk_0000000000000000000000000000";

/// What is sent, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Submit, poll, poll: holds close as they do in life.
    SubmitAndPolls,
    /// The dearest request alone.
    SubmitOnly,
    /// Submissions with a key that nobody has: each must be refused.
    Stranger,
}

impl Mix {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SubmitAndPolls => "submit and two polls",
            Self::SubmitOnly => "submit only",
            Self::Stranger => "refusals of an unknown key",
        }
    }

    /// Polls that follow a submission.
    pub(crate) fn polls(self) -> u8 {
        match self {
            Self::SubmitAndPolls => 2,
            Self::SubmitOnly | Self::Stranger => 0,
        }
    }
}

/// Virtual keys with the submission of each, written once.
pub(crate) struct Keys {
    keys: Vec<(String, Vec<u8>)>,
    stranger: Vec<u8>,
}

impl Keys {
    pub(crate) fn new(keys: Vec<String>) -> Self {
        let keys = keys.into_iter().map(|key| {
            let submission = submission(&key);
            (key, submission)
        });
        Self { keys: keys.collect(), stranger: submission(STRANGER) }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The first of them alone.
    pub(crate) fn hot(&self) -> Self {
        Self::new(self.keys.iter().take(1).map(|(key, _)| key.clone()).collect())
    }

    /// The submission with the key of that number; keys are used in turn.
    pub(crate) fn submission(&self, number: usize, mix: Mix) -> &[u8] {
        if mix == Mix::Stranger {
            return &self.stranger;
        }
        self.at(number).map_or(&[], |(_, submission)| submission)
    }

    /// Writes the poll of a task of that key.
    pub(crate) fn poll(&self, number: usize, task: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(b"GET /res.php?key=");
        out.extend_from_slice(self.at(number).map_or(&[], |(key, _)| key.as_bytes()));
        out.extend_from_slice(b"&action=get&id=");
        out.extend_from_slice(task);
        out.extend_from_slice(b" HTTP/1.1\r\nHost: gate\r\n\r\n");
    }

    fn at(&self, number: usize) -> Option<&(String, Vec<u8>)> {
        self.keys.get(number.checked_rem(self.keys.len())?)
    }
}

fn submission(key: &str) -> Vec<u8> {
    format!("GET /in.php?key={key}&{TASK} HTTP/1.1\r\nHost: gate\r\n\r\n").into_bytes()
}
