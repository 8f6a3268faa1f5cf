//! The kinds around functions and streams, as the fake keeps them.

use super::{Kept, World};
use crate::cloud::Meaning;
use crate::resources::alarm::{AlarmChange, AlarmSpec, AlarmState};
use crate::resources::dashboard::{DashboardChange, DashboardSpec, DashboardState};
use crate::resources::mapping::{MappingChange, MappingSpec, MappingState};
use crate::resources::stream_consumer::{ConsumerChange, ConsumerSpec, ConsumerState};
use crate::resources::{Kind, ResourceId, Spec, State};

impl Kept for ConsumerSpec {
    const KIND: Kind = Kind::StreamConsumer;
    const CREATE: &'static str = "kinesis:RegisterStreamConsumer";
    const CHANGE: &'static str = "kinesis:none";
    const DELETE: &'static str = "kinesis:DeregisterStreamConsumer";

    fn wanted(&self) -> Spec {
        Spec::StreamConsumer(self.clone())
    }

    fn apply(_world: &mut World, _name: &str, change: &ConsumerChange) -> Result<(), Meaning> {
        match *change {}
    }

    fn shown(state: State, unsettled: bool) -> ConsumerState {
        let State::StreamConsumer(mut consumer) = state else { unreachable!("kept by kind") };
        if unsettled {
            "CREATING".clone_into(&mut consumer.status);
        }
        consumer
    }
}

impl Kept for MappingSpec {
    const KIND: Kind = Kind::Mapping;
    const CREATE: &'static str = "lambda:CreateEventSourceMapping";
    const CHANGE: &'static str = "lambda:UpdateEventSourceMapping";
    const DELETE: &'static str = "lambda:DeleteEventSourceMapping";

    fn wanted(&self) -> Spec {
        Spec::Mapping(self.clone())
    }

    fn apply(
        world: &mut World,
        name: &str,
        MappingChange::Settings(settings): &MappingChange,
    ) -> Result<(), Meaning> {
        let State::Mapping(mapping) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        mapping.settings = *settings.clone();
        mapping.status = if settings.enabled { "Enabled" } else { "Disabled" }.to_owned();
        Ok(())
    }

    fn shown(state: State, unsettled: bool) -> MappingState {
        let State::Mapping(mut mapping) = state else { unreachable!("kept by kind") };
        if unsettled {
            "Updating".clone_into(&mut mapping.status);
        }
        mapping
    }

    fn know(world: &World, id: &ResourceId, state: &mut MappingState) {
        state.modified = world.birth(id);
        let stream = state.source.stream_arn.rsplit('/').next().unwrap_or_default().to_owned();
        let source = match &state.source.consumer {
            Some(consumer) => ResourceId::new(Kind::StreamConsumer, format!("{stream}/{consumer}")),
            None => ResourceId::new(Kind::Stream, stream),
        };
        let gone = !world.resources.contains_key(&source) || world.birth(&source) > state.modified;
        state.consumer_gone = gone && state.source.consumer.is_some();
        if gone && state.source.consumer.is_none() {
            "PROBLEM: Stream not found".clone_into(&mut state.last_result);
        }
    }
}

impl Kept for AlarmSpec {
    const KIND: Kind = Kind::Alarm;
    const CREATE: &'static str = "cloudwatch:PutMetricAlarm";
    const CHANGE: &'static str = "cloudwatch:PutMetricAlarm";
    const DELETE: &'static str = "cloudwatch:DeleteAlarms";

    fn wanted(&self) -> Spec {
        Spec::Alarm(self.clone())
    }

    fn apply(world: &mut World, name: &str, AlarmChange::Put(spec): &AlarmChange) -> Result<(), Meaning> {
        let State::Alarm(alarm) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        alarm.looks_at = Some(*spec.clone());
        Ok(())
    }

    fn shown(state: State, _unsettled: bool) -> AlarmState {
        let State::Alarm(alarm) = state else { unreachable!("kept by kind") };
        alarm
    }
}

impl Kept for DashboardSpec {
    const KIND: Kind = Kind::Dashboard;
    const CREATE: &'static str = "cloudwatch:PutDashboard";
    const CHANGE: &'static str = "cloudwatch:PutDashboard";
    const DELETE: &'static str = "cloudwatch:DeleteDashboards";

    fn wanted(&self) -> Spec {
        Spec::Dashboard(self.clone())
    }

    fn apply(
        world: &mut World,
        name: &str,
        DashboardChange::Put(body): &DashboardChange,
    ) -> Result<(), Meaning> {
        let State::Dashboard(dashboard) = &mut world.existing(Self::KIND, name)?.state else {
            unreachable!("kept by kind")
        };
        dashboard.body = *body.clone();
        Ok(())
    }

    fn shown(state: State, _unsettled: bool) -> DashboardState {
        let State::Dashboard(dashboard) = state else { unreachable!("kept by kind") };
        dashboard
    }
}
