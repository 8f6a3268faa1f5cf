//! Pages of lists: `MaxItems` and `Marker`.

use crate::http::{AwsError, QueryCall, Violations, Xml};

/// One page of something that is ordered by a key.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    marker: Option<String>,
}

impl<T> Page<T> {
    /// The page the call asks for; `items` come in the order of their keys.
    pub(super) fn of(
        call: &QueryCall,
        items: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Self, AwsError> {
        let most = call.parameters.get("MaxItems").map_or(Ok(100), str::parse);
        let most: i64 =
            most.map_err(|_| AwsError::validation("MaxItems must be a number from 1 to 1000."))?;
        let mut violations = Violations::default();
        violations.range("maxItems", Some(most), 1, 1000);
        violations.check()?;
        let after = call.parameters.get("Marker");
        let mut items = items.filter(|item| after.is_none_or(|after| key(item).as_str() > after));
        let taken: Vec<T> = items.by_ref().take(usize::try_from(most).unwrap_or(100)).collect();
        let more = items.next().is_some();
        let marker = taken.last().filter(|_| more).map(key);
        Ok(Self { items: taken, marker })
    }

    /// Writes whether and where it goes on.
    pub(super) fn write_end(&self, xml: &mut Xml) {
        xml.leaf("IsTruncated", self.marker.is_some().to_string());
        xml.optional("Marker", self.marker.as_ref());
    }
}
