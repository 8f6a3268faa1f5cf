//! STS: who calls, and credentials that stand for a role. Credentials are made up and never checked.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};

use crate::dice::Dice;
use crate::http::signature::Secret;
use crate::http::{Answer, AwsError, QueryCall, Violations};
use crate::iam::unique_id;
use crate::lock::Lock;
use crate::world::{Setting, World};

/// The state of STS: the sessions it gave out, newest last.
#[derive(Debug, Default)]
pub struct Sts {
    sessions: Lock<VecDeque<Session>>,
}

/// Sessions remembered; older ones are callers like any other.
const MOST_SESSIONS: usize = 1024;

#[derive(Clone, Debug)]
struct Session {
    access_key: String,
    user_id: String,
    arn: String,
    secret: Secret,
}

impl Sts {
    /// No sessions.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }

    /// Every session is over.
    pub(crate) fn reset(&self) {
        self.sessions.lock().clear();
    }

    /// The secret of a session's access key.
    pub(crate) fn secret(&self, access_key: &str) -> Option<Secret> {
        self.session(access_key).map(|session| session.secret)
    }

    fn session(&self, access_key: &str) -> Option<Session> {
        self.sessions.lock().iter().find(|session| session.access_key == access_key).cloned()
    }

    fn remember(&self, session: Session) {
        let mut sessions = self.sessions.lock();
        if sessions.len() >= MOST_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(session);
    }
}

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    match call.operation() {
        "GetCallerIdentity" => Ok(caller_identity(world, call)),
        "AssumeRole" => assume_role(world, call),
        operation => Err(AwsError::unknown_operation(operation)),
    }
}

fn caller_identity(world: &World, call: &QueryCall) -> Answer {
    let account = &call.context.account;
    let session = call.context.access_key.as_deref().and_then(|key| world.sts.session(key));
    let (arn, user_id) = match session {
        Some(session) => (session.arn, session.user_id),
        None => (format!("arn:aws:iam::{account}:root"), account.clone()),
    };
    call.result(|xml| {
        xml.leaf("Arn", arn);
        xml.leaf("UserId", user_id);
        xml.leaf("Account", account);
    })
}

fn assume_role(world: &World, call: &QueryCall) -> Result<Answer, AwsError> {
    let (role_arn, name) = (call.parameters.get("RoleArn"), call.parameters.get("RoleSessionName"));
    let seconds = call.parameters.get("DurationSeconds").map_or(Ok(3600), str::parse::<i64>);
    let seconds = seconds.map_err(|_| AwsError::validation("DurationSeconds must be a number."))?;
    let mut violations = Violations::default();
    violations.required("roleArn", role_arn.as_ref());
    violations.length("roleArn", role_arn, 20, 2048);
    violations.required("roleSessionName", name.as_ref());
    violations.length("roleSessionName", name, 2, 64);
    violations.range("durationSeconds", Some(seconds), 900, 43_200);
    violations.check()?;
    let (role_arn, name) = (role_arn.unwrap_or_default(), name.unwrap_or_default());
    let role = world.iam.role(role_arn).ok_or_else(|| denied(&call.context.account, role_arn))?;
    if seconds > role.max_session {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(AwsError::validation(message));
    }
    let expires = world.clock.now().checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let (key, token) = (secret(&world.dice, 30), secret(&world.dice, 192));
    let session = Session {
        access_key: unique_id(&world.dice, "ASI", role_arn),
        user_id: format!("{}:{name}", role.id),
        arn: format!("arn:aws:sts::{}:assumed-role/{}/{name}", call.context.account, role.name),
        secret: Secret { key: key.clone(), token: Some(token.clone()), expires: Some(expires) },
    };
    world.sts.remember(session.clone());
    Ok(call.result(|xml| {
        xml.element("Credentials", |xml| {
            xml.leaf("AccessKeyId", &session.access_key);
            xml.leaf("SecretAccessKey", key);
            xml.leaf("SessionToken", token);
            xml.leaf("Expiration", expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        });
        xml.element("AssumedRoleUser", |xml| {
            xml.leaf("AssumedRoleId", &session.user_id);
            xml.leaf("Arn", &session.arn);
        });
        xml.leaf("PackedPolicySize", "0");
    }))
}

fn secret(dice: &Dice, bytes: usize) -> String {
    BASE64.encode(dice.bytes("secret", "", bytes))
}

fn denied(account: &str, role_arn: &str) -> AwsError {
    AwsError::new(
        http::StatusCode::FORBIDDEN,
        "AccessDenied",
        format!(
            "User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        ),
    )
}
