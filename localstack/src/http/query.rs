//! Calls of the query protocol: `Action=…&Key=value` in, XML out.

use http::request::Parts;

use super::answer::Answer;
use super::context::Context;
use super::error::AwsError;
use super::xml::Xml;

/// The parameters of a query call as they were sent: the body, or the query of one that has none.
pub(crate) fn form<'a>(parts: &'a Parts, body: &'a [u8]) -> &'a [u8] {
    if body.is_empty() { parts.uri.query().unwrap_or_default().as_bytes() } else { body }
}

/// One call. A service matches on [`operation`](Self::operation), reads parameters and writes its result element.
#[derive(Debug)]
pub(crate) struct QueryCall {
    pub(crate) context: Context,
    pub(crate) parameters: Parameters,
    operation: String,
    namespace: &'static str,
}

impl QueryCall {
    pub(crate) fn new(
        context: Context,
        operation: String,
        parameters: Parameters,
        namespace: &'static str,
    ) -> Self {
        Self { context, parameters, operation, namespace }
    }

    /// The operation's name, such as `CreateRole`.
    pub(crate) fn operation(&self) -> &str {
        &self.operation
    }

    /// An answer whose result element holds what `write` writes.
    pub(crate) fn result(&self, write: impl FnOnce(&mut Xml)) -> Answer {
        let mut xml = Xml::document(&format!("{}Response", self.operation), self.namespace);
        xml.element(&format!("{}Result", self.operation), write);
        self.finish(xml)
    }

    /// The answer of an operation that has no result.
    pub(crate) fn nothing(&self) -> Answer {
        self.finish(Xml::document(&format!("{}Response", self.operation), self.namespace))
    }

    fn finish(&self, mut xml: Xml) -> Answer {
        xml.element("ResponseMetadata", |xml| xml.leaf("RequestId", self.context.request_id.to_string()));
        Answer::new("text/xml", xml.finish())
    }
}

/// Form parameters, nested by dots: `Tags.member.1.Key=team`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn parse(form: &[u8]) -> Result<Self, AwsError> {
        serde_urlencoded::from_bytes(form)
            .map(Self)
            .map_err(|cause| AwsError::bad_request("MalformedQueryString", cause.to_string()))
    }

    /// A parameter's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters, as they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A list's members, in the order of their numbers: `values("TagKeys.member")`.
    pub(crate) fn values(&self, list: &str) -> Vec<String> {
        self.members(list).into_iter().filter_map(|member| member.get("").map(str::to_owned)).collect()
    }

    /// A list of structures, each with its fields: `structures("Tags.member")`, then `get("Key")`.
    pub(crate) fn members(&self, list: &str) -> Vec<Parameters> {
        let mut members: std::collections::BTreeMap<u64, Parameters> = std::collections::BTreeMap::new();
        for (key, value) in &self.0 {
            let Some(rest) = key.strip_prefix(list).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let (number, field) = rest.split_once('.').unwrap_or((rest, ""));
            if let Ok(number) = number.parse() {
                members.entry(number).or_default().0.push((field.to_owned(), value.clone()));
            }
        }
        members.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_come_in_the_order_of_their_numbers() {
        let form = b"Action=TagRole&Tags.member.10.Key=j&Tags.member.2.Key=b&Tags.member.2.Value=x%20y";
        let tags = Parameters::parse(form).unwrap().members("Tags.member");
        assert_eq!(tags.iter().map(|t| t.get("Key")).collect::<Vec<_>>(), [Some("b"), Some("j")]);
        assert_eq!(tags[0].get("Value"), Some("x y"));
        assert_eq!(tags[1].get("Value"), None);
    }

    #[test]
    fn plain_lists_give_their_values() {
        let parameters = Parameters::parse(b"TagKeys.member.1=a&TagKeys.member.2=b&Other=1").unwrap();
        assert_eq!(parameters.values("TagKeys.member"), ["a", "b"]);
    }
}
