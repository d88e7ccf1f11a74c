//! Which operation is it? The typed request, of which only what is named here goes on.

use serde::Deserialize;
use tollgate_model::TaskId;

use crate::callback::Callback;
use crate::credential::Presented;
use crate::multipart::FilePart;
use crate::params::Param;
use crate::v2::Task;
use crate::value::Value;

/// One request, understood.
pub struct Call<'a> {
    /// What is asked.
    pub operation: Operation<'a>,
    /// Who says so; empty when nobody did.
    pub credential: Presented<'a>,
    /// How the caller wants to be answered.
    pub form: AnswerForm,
}

/// How the caller wants to be answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerForm {
    /// `json=1`, and always in v2; the provider is asked in the same form, so that structured answers come as they are.
    pub json: bool,
    /// `header_acao=1`: browsers of any origin may read the answer. Ours to answer; the provider is not told.
    pub header_acao: bool,
}

impl AnswerForm {
    /// The content type of an answer in this form.
    pub const fn content_type(self) -> &'static str {
        if self.json { "application/json; charset=utf-8" } else { "text/plain; charset=utf-8" }
    }
}

/// What is asked of the provider.
#[derive(Clone, Debug)]
pub enum Operation<'a> {
    /// `in.php`, `createTask`: a task; costs money.
    Submit(Submit<'a>),
    /// `solve.php`: a task whose answer is the reply; costs money.
    SolveNow(Submit<'a>),
    /// `res.php?action=get` or `get2`, `getTaskResult`: the answer of one task.
    Poll {
        /// The task.
        task: TaskId,
        /// Whether the caller wants the price too (`get2`; always in v2).
        priced: bool,
    },
    /// `res.php?action=get&ids=`: the answers of 1 to 100 tasks, in this order.
    PollMany {
        /// The tasks.
        tasks: Vec<TaskId>,
    },
    /// `res.php?action=getbalance`, `getBalance`
    Balance,
    /// `res.php?action=threadsinfo`
    Threads,
    /// `res.php?action=reportgood` or `reportbad`, `reportCorrect…` or `reportIncorrect…`
    Report {
        /// The task.
        task: TaskId,
        /// Whether its answer was right.
        good: bool,
        /// The words that say so.
        verb: Verb,
    },
}

/// The call by which a report is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// v1: `res.php?action=report…`
    #[serde(skip)]
    Action,
    /// Any kind of task, right.
    ReportCorrect,
    /// Any kind of task, wrong.
    ReportIncorrect,
    /// A reCAPTCHA, right.
    ReportCorrectRecaptcha,
    /// A reCAPTCHA, wrong.
    ReportIncorrectRecaptcha,
    /// An image, wrong.
    ReportIncorrectImageCaptcha,
    /// An hCaptcha, wrong.
    ReportIncorrectHcaptcha,
    /// `feedbackTask`, which says right or wrong in its body.
    FeedbackTask,
}

impl Verb {
    /// Its path at the provider, without the `/`; v1's is none.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Action => "",
            Self::ReportCorrect => "reportCorrect",
            Self::ReportIncorrect => "reportIncorrect",
            Self::ReportCorrectRecaptcha => "reportCorrectRecaptcha",
            Self::ReportIncorrectRecaptcha => "reportIncorrectRecaptcha",
            Self::ReportIncorrectImageCaptcha => "reportIncorrectImageCaptcha",
            Self::ReportIncorrectHcaptcha => "reportIncorrectHcaptcha",
            Self::FeedbackTask => "feedbackTask",
        }
    }

    /// Whether it says by itself that the answer was right.
    pub(crate) const fn is_good(self) -> bool {
        matches!(self, Self::ReportCorrect | Self::ReportCorrectRecaptcha)
    }
}

/// A task to be bought.
#[derive(Clone, Debug)]
pub struct Submit<'a> {
    /// The method that is priced, counted and allowed: in v1 `[a-z0-9_]{1,32}`, in v2 the task's `type`, `[A-Za-z0-9_]{1,64}`. A
    /// price belongs to a method with all its variants (`version`, `enterprise`, `coordinatescaptcha`, …), so that no
    /// parameter can make the task dearer than its hold. A text (`textcaptcha=`) without a method is the method
    /// `textcaptcha`; 2captcha-python sends texts as `post`.
    pub method: &'a str,
    /// Where the provider shall post the answer, around the gate; take it out or deny the call.
    pub callback: Option<Callback<'a>>,
    /// What passes by value, in the dialect's own shape.
    pub(crate) carried: Carried<'a>,
}

/// What of a submission passes by value.
#[derive(Clone, Debug)]
pub(crate) enum Carried<'a> {
    /// v1's parameters.
    Form(Form<'a>),
    /// v2's object.
    Task(Task<'a>),
}

/// Parameters and files, each once.
#[derive(Clone, Debug)]
pub(crate) struct Form<'a> {
    /// The method as it is sent; none for a text without one.
    pub(crate) sent_method: Option<&'a str>,
    /// Every other parameter, in the order sent.
    pub(crate) fields: Vec<Param<'a>>,
    /// The files, if it was sent as multipart with files.
    pub(crate) files: Vec<FilePart<'a>>,
}

impl<'a> Submit<'a> {
    fn form(&self) -> Option<&Form<'a>> {
        match &self.carried {
            Carried::Form(form) => Some(form),
            Carried::Task(_) => None,
        }
    }

    /// v1's parameters that pass by value, in the order sent.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &Value<'a>)> {
        self.form().into_iter().flat_map(|form| form.fields.iter().map(|param| (param.name, &param.value)))
    }

    /// The value of one of them.
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// v1's files.
    pub fn files(&self) -> &[FilePart<'a>] {
        self.form().map_or(&[], |form| &form.files)
    }
}

impl<'a> Operation<'a> {
    /// Whether it can cost money.
    pub const fn is_billable(&self) -> bool {
        matches!(self, Self::Submit(_) | Self::SolveNow(_))
    }

    /// Whether it only reads, free of charge.
    pub const fn is_free_read(&self) -> bool {
        matches!(self, Self::Poll { .. } | Self::PollMany { .. } | Self::Balance | Self::Threads)
    }

    /// Whether it tells the provider how good an answer was.
    pub const fn is_report(&self) -> bool {
        matches!(self, Self::Report { .. })
    }

    /// The operation's name in records and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::SolveNow(_) => "solve",
            Self::Poll { .. } => "poll",
            Self::PollMany { .. } => "poll_many",
            Self::Balance => "balance",
            Self::Threads => "threads",
            Self::Report { good: true, .. } => "report_good",
            Self::Report { good: false, .. } => "report_bad",
        }
    }

    /// The task to be bought.
    pub const fn submit(&self) -> Option<&Submit<'a>> {
        match self {
            Self::Submit(submit) | Self::SolveNow(submit) => Some(submit),
            Self::Poll { .. } | Self::PollMany { .. } | Self::Balance | Self::Threads | Self::Report { .. } => None,
        }
    }

    /// The tasks it is about, all of which the caller must own.
    pub fn tasks(&self) -> &[TaskId] {
        match self {
            Self::Poll { task, .. } | Self::Report { task, .. } => std::slice::from_ref(task),
            Self::PollMany { tasks } => tasks,
            Self::Submit(_) | Self::SolveNow(_) | Self::Balance | Self::Threads => &[],
        }
    }
}

/// What the gate may ask on its own account: nothing that costs money or changes anything can be said in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeOperation {
    /// The answer of a task that nobody fetched.
    Poll {
        /// The task.
        task: TaskId,
    },
    /// The account's balance, which is also the probe of a key.
    Balance,
    /// The account's threads.
    Threads,
}

impl From<FreeOperation> for Operation<'static> {
    fn from(free: FreeOperation) -> Self {
        match free {
            FreeOperation::Poll { task } => Self::Poll { task, priced: true },
            FreeOperation::Balance => Self::Balance,
            FreeOperation::Threads => Self::Threads,
        }
    }
}
