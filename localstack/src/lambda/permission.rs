//! Whether another service may invoke a function.

use super::error::LambdaError;
use super::name::{FunctionRef, LATEST};
use super::policy::ServiceCaller;
use super::state::{Lambda, Location};

impl Lambda {
    /// Whether the policy of a function, version or alias lets a service invoke it. One whose ARN says no region is of
    /// `region`.
    ///
    /// # Errors
    /// No such function, version or alias.
    pub fn permits(
        &self,
        function_arn: &str,
        region: &str,
        caller: &ServiceCaller<'_>,
    ) -> Result<bool, LambdaError> {
        let named = FunctionRef::parse(function_arn)?;
        let here = Location::of(&named, region, caller.source_account);
        self.with_function(&named, &here, |function| {
            function.version(named.version()).ok_or_else(|| here.not_found(&named))?;
            let qualifier = named.qualifier.as_deref().unwrap_or(LATEST);
            Ok(function.policies.get(qualifier).is_some_and(|policy| policy.allows(caller)))
        })
    }
}
