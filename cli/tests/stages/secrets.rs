//! Secrets through the binary: in no annotation, no error, no diff, no event, no comment and no file that is kept, be they
//! ever so short; and what becomes of plans and revisions when one changes.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pipectl_localstack::Call;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};

use crate::world::{Ran, World, holds};

/// A secret in a function's environment, one in an endpoint's key by a variable, and a key that stands in the file.
const HOOK: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: hook
vars:
  pin: { sensitive: true }
  key:
streams:
  events: { shards: 1 }
transforms:
  parse: { vrl: '.a = 1', environment: { PIN: '${var.pin}' } }
deliveries:
  made: { from: events, transform: parse, to: { http: { url: 'https://example.com/a', access-key: '${var.key}', backup: { bucket: made-kept } } } }
  told: { from: events, to: { http: { url: 'https://example.com/b', access-key: LITERAL, backup: { bucket: told-kept } } } }
";

/// Refuses calls with a message that repeats what was sent, as AWS may.
#[derive(Debug, Default)]
struct Parrot(Mutex<Option<String>>);

impl Faults for Parrot {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        match &*self.0.lock().expect("not poisoned") {
            Some(words) if call.operation == "CreateDeliveryStream" => {
                Verdict::Refuse(AwsError::bad_request("InvalidArgumentException", words.clone()))
            }
            _ => Verdict::Proceed,
        }
    }
}

struct Hook {
    world: World,
    parrot: Arc<Parrot>,
    secrets: [&'static str; 3],
}

impl Hook {
    /// With these values of the variable `pin`, the variable `key`, and the key in the file.
    fn new(secrets: [&'static str; 3]) -> Self {
        let parrot = Arc::new(Parrot::default());
        let world = World::with(Some(Arc::clone(&parrot) as Arc<dyn Faults>));
        let hook = Self { world, parrot, secrets };
        hook.write(secrets[2]);
        hook
    }

    fn write(&self, literal: &str) {
        self.world.write("hook.yaml", &HOOK.replace("LITERAL", literal));
    }

    fn ran_with(&self, [pin, key]: [&str; 2], arguments: &[&str]) -> Ran {
        let (pin, key) = (format!("pin={pin}"), format!("key={key}"));
        let given = ["-f", "hook.yaml", "--var", &pin, "--var", &key];
        self.world.ran(&[arguments, &given].concat())
    }

    /// Runs a command, whose code has to be one of these, and looks through what it says.
    fn ran(&self, arguments: &[&str], codes: &[i32]) -> String {
        let ran = self.ran_with([self.secrets[0], self.secrets[1]], arguments);
        assert!(
            ran.code.is_some_and(|code| codes.contains(&code)),
            "{arguments:?}: {:?} {}",
            ran.code,
            ran.text
        );
        self.keeps_quiet(&ran.text);
        ran.text
    }

    fn keeps_quiet(&self, text: &str) {
        for secret in self.secrets {
            let told = text.match_indices(secret).any(|(at, _)| stands_alone(text, at, secret.len()));
            assert!(!told, "{secret} is told: {text}");
        }
    }
}

/// Whether a text is all of a word: three letters are in others by chance.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    length >= 4 || !(is_part(text[..at].chars().next_back()) || is_part(text[at + length..].chars().next()))
}

const LONG: [&str; 3] = ["hunter2-100%\"x", "hunter3-hunter3", "hunter4-hunter4"];
const SHORT: [&str; 3] = ["q7", "z9", "k3"];

#[test]
fn no_command_tells_a_secret_however_short_it_is() {
    for secrets in [LONG, SHORT] {
        let hook = Hook::new(secrets);
        let text = hook.ran(&["validate", "--format", "github"], &[0]);
        assert_eq!(text.contains("fewer than 4 characters"), secrets == SHORT, "{text}");
        for words in
            [["--format", "text"], ["--format", "json"], ["--format", "markdown"], ["--format", "github"]]
        {
            hook.ran(&["plan", words[0], words[1]], &[0]);
        }
        hook.ran(&["plan", "--json", "-o", "change.plan"], &[0]);
        hook.ran(&["apply", "change.plan", "--json"], &[0]);
        for command in [
            &["status", "--json"][..],
            &["history", "show", "1", "--json"],
            &["history", "show", "1"],
            &["drift", "--json"],
            &["graph"],
        ] {
            hook.ran(command, &[0]);
        }
        hook.ran(&["history", "show", "1", "--file"], &[0]);
        hook.ran(&["fmt", "--check", "hook.yaml"], &[2]);
        if secrets == LONG {
            for secret in secrets {
                assert!(!holds(&hook.world.folder.path().join("state"), secret), "{secret} is in the ledger");
            }
        }
    }
}

#[test]
fn a_call_that_repeats_a_secret_is_told_without_it() {
    for secrets in [LONG, SHORT] {
        let hook = Hook::new(secrets);
        let [pin, key, literal] = secrets;
        let words = format!("`{key}` and \"{literal}\" are wrong beside '{pin}'");
        *hook.parrot.0.lock().expect("not poisoned") = Some(words);
        for command in [&["apply", "-y"][..], &["apply", "-y", "--json"]] {
            let text = hook.ran(command, &[3]);
            assert!(text.contains("(sensitive)") && text.contains("are wrong beside"), "{text}");
        }
        let mut command = hook.world.command(&["apply", "-y", "-f", "hook.yaml"]);
        command.args(["--var", &format!("pin={pin}"), "--var", &format!("key={key}")]);
        let output = command.env("GITHUB_ACTIONS", "true").output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("::error title=pipectl::"), "{text}");
        hook.keeps_quiet(&text);
        // Escaped it is still the secret.
        assert!(!text.contains("hunter2-100%25"), "{text}");
    }
}

#[test]
fn a_saved_plan_is_refused_once_a_variable_behind_a_key_has_another_value() {
    for secrets in [LONG, SHORT] {
        let hook = Hook::new(secrets);
        // With something else to do and without.
        for more in ["", "  orders: { shards: 1 }\n"] {
            let text =
                HOOK.replace("LITERAL", secrets[2]).replace("transforms:\n", &format!("{more}transforms:\n"));
            hook.world.write("hook.yaml", &text);
            hook.ran(&["plan", "-o", "change.plan"], &[0]);
            for (values, name) in [([secrets[0], "other-key"], "key"), (["other-pin", secrets[1]], "pin")] {
                let ran = hook.ran_with(values, &["apply", "change.plan"]);
                assert_eq!(ran.code, Some(1), "{}", ran.text);
                let words = format!("the variable {name} has not the value that the plan was made with");
                assert!(ran.text.contains(&words), "{}", ran.text);
            }
            hook.world
                .write("hook.yaml", &text.replace(&format!("key: {}", secrets[2]), "key: other-literal"));
            let ran = hook.ran_with([secrets[0], secrets[1]], &["apply", "change.plan"]);
            assert_eq!(ran.code, Some(1), "the key in the file is another: {}", ran.text);
            hook.world.write("hook.yaml", &text);
            hook.ran(&["apply", "change.plan"], &[0]);
        }
    }
}

#[test]
fn a_rollback_to_another_key_names_the_field_and_the_way_out() {
    let hook = Hook::new(LONG);
    hook.ran(&["apply", "-y"], &[0]);
    hook.write("another-literal");
    let ran = hook.ran_with([LONG[0], LONG[1]], &["apply", "-y"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let text = hook.ran(&["rollback", "1", "-y"], &[1]);
    assert!(
        text.contains("revision 1 gave deliveries.told another access key (`to.http.access-key`)"),
        "{text}"
    );
    assert!(text.contains("put the key that it had then into the file"), "{text}");
    let history = hook.ran(&["history", "--json"], &[0]);
    assert_eq!(history.matches("\"revision\"").count(), 2, "nothing was begun: {history}");
    // With the key that it had there is a way back.
    hook.write(LONG[2]);
    let ran = hook.ran_with([LONG[0], "hunter9-hunter9"], &["rollback", "1", "-y"]);
    assert_eq!(ran.code, Some(0), "the key by the variable has not changed: {}", ran.text);
    hook.ran(&["plan", "--detailed-exitcode"], &[0]);
}
