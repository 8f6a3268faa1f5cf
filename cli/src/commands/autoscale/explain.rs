//! `pipectl autoscale explain`: what is seen of each stream, what would be done and why.

use jiff::Timestamp;

use super::fleet::{Chosen, Fleet, Purpose};
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale explain
  pipectl autoscale explain events --json | jq .reason
  pipectl autoscale explain -f pipelines/            the streams of all pipelines in a folder";

/// Show what the autoscaler sees, what it would do and why; calls nothing that changes anything
///
/// Streams on demand are shown too, with what is known of them and what would be cheaper.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
}

/// Looks and shows.
pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    let mut fleet = Fleet::find(session, &args.chosen, Purpose::Look).await?;
    show(&mut fleet, session).await
}

/// Looks at these streams and shows what was seen; an error when something of one could not be.
pub(super) async fn show(fleet: &mut Fleet, session: &Session) -> Result<Exit, CommandError> {
    let all = fleet.look(Timestamp::now()).await;
    all.iter().for_each(|explained| session.output.event(&Line::Explained(explained)));
    session.output.data(render::autoscale::explained(&all));
    let Some((explained, problem)) = all.iter().find_map(|one| Some((one, one.problem.as_ref()?))) else {
        return Ok(Exit::Success);
    };
    let text = format!("the stream {} could not be seen to: {problem}", explained.stream);
    let error = CommandError::new(Kind::Aws, text);
    Err(match &explained.hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}
