//! One request in one line, and what became of it.

use tollgate_dialect::{AnswerForm, Answering, Boundary, Call, Incoming, Method, Misread, Operation, Outgoing, Profile, encode, parse, v2};
use tollgate_model::{DenialCode, RequestId, TaskId};

/// A well-formed virtual key.
pub(crate) const KEY: &str = "tgk_Abc0Def1Ghi2Jkl3Mno4Pq4SZdt0";
/// Stands for the real key.
pub(crate) const REAL: &str = "0123456789abcdef0123456789abcdef";
/// The profiles of this dialect.
pub(crate) const PROFILES: [&str; 2] = ["anticaptcha", "capsolver"];
pub(crate) const ID: RequestId = RequestId::from_bytes([7; 16]);
pub(crate) const FORM: AnswerForm = v2::FORM;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) get: bool,
    pub(crate) target: String,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn post(target: &str, body: &str) -> Self {
        Self { target: target.into(), content_type: Some("application/json"), body: body.into(), ..Self::default() }
    }

    /// A `createTask` with these members behind the key.
    pub(crate) fn create(members: &str) -> Self {
        Self::post("/createTask", &format!(r#"{{"clientKey":"{KEY}",{members}}}"#))
    }

    /// A task with these members behind its type.
    pub(crate) fn task(members: &str) -> Self {
        Self::create(&format!(r#""task":{{"type":"RecaptchaV2TaskProxyless"{members}}}"#))
    }

    pub(crate) fn read<'a>(&'a self, profile: &Profile) -> Result<Call<'a>, Misread<'a>> {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let incoming = Incoming {
            method: if self.get { Method::Get } else { Method::Post },
            path: path.as_bytes(),
            query: query.as_bytes(),
            content_type: self.content_type.map(str::as_bytes),
            authorization: self.authorization.as_deref().map(str::as_bytes),
            body: &self.body,
        };
        parse(profile, &incoming)
    }

    /// The call, for a caller of Anti-Captcha.
    pub(crate) fn call(&self) -> Call<'_> {
        self.call_of("anticaptcha")
    }

    pub(crate) fn call_of(&self, name: &str) -> Call<'_> {
        self.read(&profile(name)).unwrap_or_else(|misread| panic!("{misread:?} for {}", self.shown()))
    }

    /// The code of its refusal.
    pub(crate) fn refused(&self) -> DenialCode {
        match self.read(&profile("anticaptcha")) {
            Ok(call) => panic!("understood as {:?}: {}", call.operation, self.shown()),
            Err(misread) => misread.code,
        }
    }

    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.target, self.body.escape_ascii())
    }
}

pub(crate) fn profile(name: &str) -> Profile {
    Profile::builtin(name).unwrap()
}

pub(crate) fn task() -> TaskId {
    TaskId::parse(b"7654321").unwrap()
}

pub(crate) fn encoded(operation: &Operation<'_>, profile: &Profile) -> Outgoing {
    let mut out = Outgoing::new();
    encode(operation, FORM, REAL.as_bytes(), profile, &Boundary::from_random([0xb0; 16]), &mut out).unwrap();
    out
}

/// The body that is sent to the provider.
pub(crate) fn sent(operation: &Operation<'_>, name: &str) -> String {
    String::from_utf8(encoded(operation, &profile(name)).body).unwrap()
}

pub(crate) fn rendered(name: &str, write: impl Fn(&Answering<'_>, &mut Vec<u8>)) -> String {
    let profile = profile(name);
    let mut out = Vec::new();
    write(&Answering { profile: &profile, form: FORM, id: ID }, &mut out);
    String::from_utf8(out).unwrap()
}
