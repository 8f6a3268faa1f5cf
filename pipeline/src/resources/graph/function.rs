//! What a transform or a function takes: its role, its log group, itself, and how it reads its stream.

use super::Builder;
use crate::resources::function::{FunctionSpec, Logging, Network};
use crate::resources::function_policy::{FunctionReach, function_policy};
use crate::resources::log_group::LogGroupSpec;
use crate::resources::mapping::{MappingSettings, MappingSource, MappingSpec, StartingPosition};
use crate::resources::role::{self, RoleSpec};
use crate::resources::{Address, Spec, names};
use crate::spec::model::{
    Code, Function, FunctionSettings, LogFormat, Reading, Retries, Start, Transform, Vpc,
};

/// Names the built-in function that the shipped bootstrap runs.
const FUNCTION_VARIABLE: &str = "PIPECTL_FUNCTION";
const VRL_TRANSFORM: &str = "vrl-transform";
const VRL_FUNCTION: &str = "vrl-function";

/// A function as the file has it, wherever it stands there.
struct Parts<'a> {
    logical: &'a str,
    address: Address,
    role: String,
    code: &'a Code,
    /// The built-in function that runs a program of it.
    built_in: &'static str,
    settings: &'a FunctionSettings,
    reads: Option<&'a Reading>,
}

impl Builder<'_> {
    pub(super) fn transform(&mut self, logical: &str, transform: &Transform) {
        self.runs(&Parts {
            logical,
            address: Address::transform(logical),
            role: names::transform_role(&self.pipeline.name, logical),
            code: &transform.code,
            built_in: VRL_TRANSFORM,
            settings: &transform.settings,
            reads: None,
        });
    }

    pub(super) fn function(&mut self, logical: &str, function: &Function) {
        self.runs(&Parts {
            logical,
            address: Address::function(logical),
            role: names::function_role(&self.pipeline.name, logical),
            code: &function.code,
            built_in: VRL_FUNCTION,
            settings: &function.settings,
            reads: function.reads.as_ref(),
        });
        if let Some(reading) = &function.reads {
            self.reads(logical, reading);
        }
    }

    /// The function with its role and its log group.
    fn runs(&mut self, parts: &Parts<'_>) {
        // Without code there is no function to derive: the caller resolved every one, or failed.
        let Some(code) = self.context.code.get(parts.logical) else { return };
        let (place, settings) = (&self.context.place, parts.settings);
        let name = self.pipeline.function_name(parts.logical);
        let logs = names::function_logs(&name);
        let mut environment = settings.environment.clone();
        if matches!(parts.code, Code::Vrl(_)) {
            environment.insert(FUNCTION_VARIABLE.to_owned(), parts.built_in.to_owned());
        }
        let function = FunctionSpec {
            role_arn: place.role(&parts.role),
            architecture: code.architecture.clone(),
            memory_mib: settings.memory_mib,
            timeout_seconds: settings.timeout_seconds,
            environment,
            layers: settings.layers.clone(),
            network: settings.vpc.as_ref().map(network).unwrap_or_default(),
            dead_letters: settings.dead_letters.clone(),
            logging: logging(settings.logs.format),
            concurrency: settings.concurrency,
            callers: self.callers(parts.logical),
            package: code.package.clone(),
        };
        let role_spec = self.function_role(parts, &logs);
        let log_spec = LogGroupSpec { retention_days: settings.logs.retention_days, streams: Vec::new() };
        let address = parts.address.clone();
        self.add(address.role(), parts.role.clone(), Spec::Role(role_spec), Vec::new());
        self.add(address.logs(), logs, Spec::LogGroup(log_spec), Vec::new());
        let needs = vec![address.role(), address.logs()];
        self.add(address, name, Spec::Function(function), needs);
    }

    fn function_role(&self, parts: &Parts<'_>, logs: &str) -> RoleSpec {
        let place = &self.context.place;
        let pipeline = &self.pipeline.name;
        let stream = parts.reads.map(|reading| self.pipeline.name_of(&reading.stream));
        let fan_out = parts.reads.filter(|reading| reading.fan_out);
        let consumer = fan_out.map(|_| names::function_consumer(pipeline, parts.logical));
        let told = [
            parts.reads.and_then(|reading| reading.failures_to.as_deref()),
            parts.settings.dead_letters.as_deref(),
        ];
        let reach = FunctionReach {
            log_group: logs,
            stream: stream.as_deref(),
            stream_key: parts.reads.and_then(|reading| self.pipeline.stream_key(&reading.stream)),
            consumer: consumer.as_deref(),
            failures_to: told.into_iter().flatten().collect(),
            network: parts.settings.vpc.is_some(),
        };
        RoleSpec {
            trust: role::trust("lambda.amazonaws.com", place, false),
            policy: function_policy(place, &reach),
        }
    }

    /// The mapping by which a function reads a stream, and the consumer that it may read by.
    fn reads(&mut self, logical: &str, reading: &Reading) {
        let (pipeline, address) = (&self.pipeline.name, Address::function(logical));
        let consumer = reading.fan_out.then(|| names::function_consumer(pipeline, logical));
        // The policy as well as the role: a mapping is refused while its role may not read the stream.
        let mut needs = vec![address.clone(), address.role()];
        needs.extend(reading.stream.own().map(Address::stream));
        let spec = MappingSpec {
            source: MappingSource {
                stream_arn: self.context.place.stream(&self.pipeline.name_of(&reading.stream)),
                consumer: consumer.clone(),
            },
            start: match reading.start {
                Start::Latest => StartingPosition::Latest,
                Start::Oldest => StartingPosition::TrimHorizon,
                Start::At(at) => StartingPosition::At(at),
            },
            settings: settings(reading),
        };
        let name = self.pipeline.function_name(logical);
        if let Some(consumer) = consumer {
            self.consumer(address.fan_out(), &reading.stream, &consumer);
            needs.push(address.fan_out());
        }
        self.add(address.mapping(), name, Spec::Mapping(spec), needs);
    }
}

fn network(vpc: &Vpc) -> Network {
    Network { subnets: vpc.subnets.clone(), security_groups: vpc.security_groups.clone() }
}

fn logging(format: LogFormat) -> Logging {
    match format {
        LogFormat::Text => Logging::Text,
        LogFormat::Json { level, system } => {
            Logging::Json { application: level.to_owned(), system: system.to_owned() }
        }
    }
}

fn settings(reading: &Reading) -> MappingSettings {
    MappingSettings {
        batch_size: reading.batch_size,
        window_seconds: reading.window_seconds,
        parallel: reading.parallel,
        tumbling_seconds: reading.tumbling_seconds,
        retries: match reading.retries {
            Retries::UntilExpired => None,
            Retries::Times(times) => Some(times),
        },
        max_age_seconds: reading.max_age_seconds,
        bisect: reading.bisect,
        partial: reading.partial,
        on_failure: reading.failures_to.clone(),
        filters: reading.filters.clone(),
        enabled: reading.enabled,
    }
}
