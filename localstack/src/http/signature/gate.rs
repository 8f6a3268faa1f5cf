//! Where requests are let in: signatures are verified here when the endpoint does so.

use http::request::Parts;

use super::{Dialect, Keys, Refusal, Verifier};
use crate::http::{AwsError, Body, Parameters, form, full};
use crate::route::{Route, Service, query_service};
use crate::world::World;

/// Verifies a request whose body has been read, as it was sent.
pub(crate) fn whole(
    world: &World,
    keys: Option<&Keys>,
    route: &Route,
    (parts, body): (&Parts, &[u8]),
) -> Result<(), AwsError> {
    let Some(keys) = keys else { return Ok(()) };
    let (service, dialect) = match route {
        Route::Structured { service, .. } => (*service, Dialect::Json),
        Route::Lambda => (Some(Service::Lambda), Dialect::Rest),
        Route::Query | Route::Own | Route::S3 => {
            let call = Parameters::parse(form(parts, body)).unwrap_or_default();
            (query_service(&call, parts), Dialect::Query)
        }
    };
    let secret = |id: &str| keys.secret(id).or_else(|| world.sts.secret(id));
    let verifier = Verifier { secret: &secret, now: world.clock.now(), service };
    verifier.whole(parts, body).map_err(|refusal| refusal.error(dialect))
}

/// As [`whole`], for an object's request: what its signature says about its body goes along with it.
pub(crate) fn object(
    world: &World,
    keys: Option<&Keys>,
    request: &mut http::Request<Body>,
) -> Result<(), Refusal> {
    let Some(keys) = keys else { return Ok(()) };
    let (parts, body) = std::mem::replace(request, http::Request::new(full(""))).into_parts();
    let secret = |id: &str| keys.secret(id).or_else(|| world.sts.secret(id));
    let verifier = Verifier { secret: &secret, now: world.clock.now(), service: Some(Service::S3) };
    let payload = verifier.streamed(&parts)?;
    *request = http::Request::from_parts(parts, body);
    request.extensions_mut().insert(payload);
    Ok(())
}
