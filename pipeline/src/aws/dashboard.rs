//! CloudWatch dashboards.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::Tag;
use serde_json::Value;

use super::error::failed;
use super::{Identity, cloudwatch_tags};
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::dashboard::{DashboardChange, DashboardSpec, DashboardState};
use crate::resources::tags::{TagChange, TagMap};

pub(super) struct Dashboards {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
}

impl Dashboards {
    async fn arn(&self, name: &str) -> Result<String, CallError> {
        Ok(self.identity.place().await?.dashboard(name))
    }

    async fn body(&self, name: &str) -> Result<Option<Value>, CallError> {
        let answer = self.client.get_dashboard().dashboard_name(name).send().await;
        match answer.map_err(|error| failed("cloudwatch:GetDashboard", error)) {
            // A body that is no JSON is none of ours, and differs from any.
            Ok(answer) => Ok(Some(
                serde_json::from_str(answer.dashboard_body().unwrap_or_default()).unwrap_or(Value::Null),
            )),
            Err(error) if error.meaning == Meaning::NotFound || is_localstacks_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put(&self, name: &str, body: &Value, tags: Option<Vec<Tag>>) -> Result<(), CallError> {
        let request = self.client.put_dashboard().dashboard_name(name).dashboard_body(body.to_string());
        let sent = request.set_tags(tags).send().await;
        sent.map(drop).map_err(|error| failed("cloudwatch:PutDashboard", error))
    }
}

/// LocalStack 4.14 calls the name of a dashboard that is not there an invalid parameter.
fn is_localstacks_not_found(error: &CallError) -> bool {
    error.meaning == Meaning::Invalid && error.message.ends_with("does not exist.")
}

#[async_trait]
impl Control<DashboardSpec> for Dashboards {
    async fn observe(&self, name: &str) -> Result<Option<Observed<DashboardState>>, CallError> {
        let arn = self.arn(name).await?;
        let (body, tags) = tokio::join!(self.body(name), cloudwatch_tags::read(&self.client, &arn));
        let Some(body) = body? else { return Ok(None) };
        Ok(Some(Observed { id: arn, tags: tags?, state: DashboardState { body } }))
    }

    async fn create(&self, name: &str, spec: &DashboardSpec, tags: &TagMap) -> Result<(), CallError> {
        self.put(name, &spec.body, Some(cloudwatch_tags::list(tags))).await
    }

    async fn change(&self, name: &str, change: &DashboardChange) -> Result<(), CallError> {
        match change {
            DashboardChange::Put(body) => self.put(name, body, None).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        cloudwatch_tags::change(&self.client, &self.arn(name).await?, change).await
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_dashboards().dashboard_names(name).send().await;
        sent.map(drop).map_err(|error| failed("cloudwatch:DeleteDashboards", error))
    }
}
