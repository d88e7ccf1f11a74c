//! One request in one line, and what became of it.

use tollgate_dialect::v1::{AnswerForm, Boundary, Call, Operation, Outgoing, encode, parse};
use tollgate_dialect::{Incoming, Method, Misread, Profile};
use tollgate_model::DenialCode;

/// A well-formed virtual key.
pub(crate) const KEY: &str = "tgk_Abc0Def1Ghi2Jkl3Mno4Pq4SZdt0";
/// Stands for the real key.
pub(crate) const REAL: &str = "0123456789abcdef0123456789abcdef";
/// The profiles of this dialect.
pub(crate) const PROFILES: [&str; 3] = ["captchaai", "rucaptcha", "twocaptcha"];
pub(crate) const TEXT: AnswerForm = AnswerForm { json: false, header_acao: false };
pub(crate) const JSON: AnswerForm = AnswerForm { json: true, header_acao: false };

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) post: bool,
    pub(crate) target: Vec<u8>,
    pub(crate) content_type: Option<Vec<u8>>,
    pub(crate) authorization: Option<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(target: &str) -> Self {
        Self { target: target.into(), ..Self::default() }
    }

    pub(crate) fn form(target: &str, body: &str) -> Self {
        Self::post(target, "application/x-www-form-urlencoded", body.as_bytes())
    }

    pub(crate) fn json(target: &str, body: &str) -> Self {
        Self::post(target, "application/json", body.as_bytes())
    }

    pub(crate) fn post(target: &str, content_type: &str, body: &[u8]) -> Self {
        Self { post: true, target: target.into(), content_type: Some(content_type.into()), authorization: None, body: body.to_vec() }
    }

    /// A capture: the request line's method and target, the content type's line or an empty one, the body's bytes.
    pub(crate) fn capture(bytes: &[u8]) -> Self {
        let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
        let (line, kind, body) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
        let (method, target) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap());
        let content_type = kind.strip_prefix(b"Content-Type: ").map(<[u8]>::to_vec);
        Self { post: method == b"POST", target: target[1..].to_vec(), content_type, authorization: None, body: body.to_vec() }
    }

    pub(crate) fn incoming(&self) -> Incoming<'_> {
        let at = self.target.iter().position(|byte| *byte == b'?');
        let (path, query) = at.map_or((&self.target[..], &[][..]), |at| (&self.target[..at], &self.target[at + 1..]));
        Incoming {
            method: if self.post { Method::Post } else { Method::Get },
            path,
            query,
            content_type: self.content_type.as_deref(),
            authorization: self.authorization.as_deref(),
            body: &self.body,
        }
    }

    pub(crate) fn read(&self) -> Result<Call<'_>, Misread<'_>> {
        parse(&self.incoming())
    }

    pub(crate) fn call(&self) -> Call<'_> {
        self.read().unwrap_or_else(|misread| panic!("{misread:?} for {}", self.shown()))
    }

    /// The code of its refusal.
    pub(crate) fn refused(&self) -> DenialCode {
        match self.read() {
            Ok(call) => panic!("understood as {:?}: {}", call.operation, self.shown()),
            Err(misread) => misread.code,
        }
    }

    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.target.escape_ascii(), self.body.escape_ascii())
    }
}

pub(crate) fn profile(name: &str) -> Profile {
    Profile::builtin(name).unwrap()
}

pub(crate) fn encoded(operation: &Operation<'_>, form: AnswerForm, profile: &Profile) -> Outgoing {
    let mut out = Outgoing::new();
    encode(operation, form, REAL.as_bytes(), profile, &Boundary::from_random([0xb0; 16]), &mut out).unwrap();
    out
}

/// What is sent, as a capture is written.
pub(crate) fn request_of(out: &Outgoing) -> Request {
    Request {
        post: out.method == Method::Post,
        target: out.target.clone(),
        content_type: (!out.content_type.is_empty()).then(|| out.content_type.clone()),
        authorization: None,
        body: out.body.clone(),
    }
}
