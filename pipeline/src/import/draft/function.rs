//! Functions: transforms where a delivery calls them, and those that read a stream or that something else calls.

use std::collections::BTreeMap;

use super::{Drafter, Entry};
use crate::import::account::{SeenCode, SeenFunction};
use crate::import::secret::is_secret;
use crate::resources::delivery::To;
use crate::resources::function::{FunctionState, HANDLER, Logging, RUNTIME};
use crate::resources::mapping::{MappingState, StartingPosition};
use crate::resources::names;
use crate::spec::model::{
    Architecture, Code, Function, FunctionLogs, FunctionSettings, LogFormat, Reading, Retries, Start,
    StreamRef, Transform, Vpc,
};

/// What the bootstrap that pipectl ships is told by; the file says it by `vrl`.
const FUNCTION_VARIABLE: &str = "PIPECTL_FUNCTION";
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const SYSTEM_LEVELS: [&str; 3] = ["DEBUG", "INFO", "WARN"];

impl Drafter<'_> {
    pub(super) fn functions(&mut self) {
        let account = self.account;
        for (physical, seen) in &account.functions {
            let Some(logical) = self.naming.function(physical) else { continue };
            if let Some(why) = misfit(seen) {
                self.leave_out(&format!("the function {physical}"), &why);
                continue;
            }
            let called = seen.mapping.is_none() && self.is_called(physical);
            let section = if called { "transforms" } else { "functions" };
            let name = self.naming.said(physical, &logical);
            let code = self.code(&logical, seen);
            let settings = self.settings(section, &logical, seen, &code);
            if called {
                self.draft.pipeline.transforms.insert(logical, Transform { name, code, settings });
            } else {
                let reads = seen.mapping.as_ref().and_then(|it| self.reading(&logical, &it.state));
                self.draft.pipeline.functions.insert(logical, Function { name, code, settings, reads });
            }
        }
    }

    /// Whether a delivery calls it, and no bucket does.
    fn is_called(&self, physical: &str) -> bool {
        let arn = self.account.place.function(physical);
        let processes = |it: &crate::resources::delivery::DeliveryState| {
            let destination = it.destination.as_ref();
            destination.and_then(To::processor).is_some_and(|it| it.function_arn == arn)
        };
        let told = self
            .account
            .buckets
            .values()
            .any(|it| it.bucket.state.notifications.iter().any(|told| told.function_arn == arn));
        !told && self.account.deliveries.values().any(|it| processes(&it.state))
    }

    fn code(&mut self, logical: &str, seen: &SeenFunction) -> Code {
        match &seen.code {
            SeenCode::Vrl(program) => Code::Vrl(program.clone()),
            SeenCode::Zip(zip) => {
                let path = format!("./{logical}.zip");
                self.draft.packages.push((path.clone(), zip.clone()));
                Code::Package(path.into())
            }
            // Was found not to fit before.
            SeenCode::Unknown(_) => Code::Package(format!("./{logical}.zip").into()),
        }
    }

    fn settings(
        &mut self,
        section: &'static str,
        logical: &str,
        seen: &SeenFunction,
        code: &Code,
    ) -> FunctionSettings {
        let state = &seen.function.state;
        let vrl = matches!(code, Code::Vrl(_));
        let secrets: Vec<String> = state
            .environment
            .iter()
            .filter(|(name, value)| is_secret(name, value))
            .map(|(name, _)| name.clone())
            .collect();
        let derived = |name: &String| vrl && name == FUNCTION_VARIABLE;
        let kept = |name: &String| !secrets.contains(name) && !derived(name);
        let environment: BTreeMap<String, String> = state
            .environment
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !secrets.is_empty() {
            self.draft.secrets.insert(Entry { section, name: logical.to_owned() }, secrets);
        }
        FunctionSettings {
            memory_mib: state.memory_mib,
            timeout_seconds: state.timeout_seconds,
            environment,
            // That of a program is its bootstrap's, and that of an executable its own.
            architecture: (!vrl && state.architecture != crate::package::HOST)
                .then(|| if state.architecture == "arm64" { Architecture::Arm } else { Architecture::X86 }),
            layers: state.layers.clone(),
            vpc: (!state.network.subnets.is_empty()).then(|| Vpc {
                subnets: state.network.subnets.clone(),
                security_groups: state.network.security_groups.clone(),
            }),
            dead_letters: state.dead_letters.clone(),
            logs: logs(state, seen.log_days),
            concurrency: state.concurrency,
        }
    }

    /// How it reads its stream, where the file has that.
    fn reading(&mut self, logical: &str, mapping: &MappingState) -> Option<Reading> {
        let Some(stream) = self.stream_of(&mapping.source.stream_arn) else {
            let note = format!("It reads {}, which is not in this file.", mapping.source.stream_arn);
            self.draft.note("functions", logical, note);
            return None;
        };
        let own = names::function_consumer(&self.naming.pipeline, logical);
        let settings = &mapping.settings;
        if settings.filters.iter().any(|pattern| !pattern.is_object()) {
            self.draft.note(
                "functions",
                logical,
                "It has a filter that is no JSON object, which is left out.",
            );
        }
        Some(Reading {
            stream: StreamRef::Own(stream),
            start: match mapping.start {
                None | Some(StartingPosition::Latest) => Start::Latest,
                Some(StartingPosition::TrimHorizon) => Start::Oldest,
                Some(StartingPosition::At(at)) => Start::At(at),
            },
            batch_size: settings.batch_size,
            window_seconds: settings.window_seconds,
            parallel: settings.parallel,
            tumbling_seconds: settings.tumbling_seconds,
            retries: settings.retries.map_or(Retries::UntilExpired, Retries::Times),
            max_age_seconds: settings.max_age_seconds,
            bisect: settings.bisect,
            partial: settings.partial,
            failures_to: settings.on_failure.clone(),
            filters: settings.filters.iter().filter(|pattern| pattern.is_object()).cloned().collect(),
            fan_out: mapping.source.consumer.as_ref() == Some(&own),
            enabled: settings.enabled,
        })
    }
}

/// Why a file cannot have this function.
fn misfit(seen: &SeenFunction) -> Option<String> {
    let state = &seen.function.state;
    if let SeenCode::Unknown(why) = &seen.code {
        return Some(why.clone());
    }
    (state.runtime != RUNTIME || state.handler != HANDLER).then(|| {
        format!(
            "its runtime is {} with the handler {}, and a file has {RUNTIME} with {HANDLER}",
            state.runtime, state.handler
        )
    })
}

fn logs(state: &FunctionState, days: Option<u32>) -> FunctionLogs {
    let usual = FunctionLogs::default();
    let level = |name: &str, known: &[&'static str]| {
        known.iter().find(|level| **level == name).copied().unwrap_or("INFO")
    };
    FunctionLogs {
        format: match &state.logging {
            Logging::Text => LogFormat::Text,
            Logging::Json { application, system } => {
                LogFormat::Json { level: level(application, &LEVELS), system: level(system, &SYSTEM_LEVELS) }
            }
        },
        retention_days: days.unwrap_or(usual.retention_days),
    }
}
