//! `pipectl local env`: the environment that points AWS tools at the endpoint, in the words of a shell.

use std::fmt::Write as _;

use super::Address;
use crate::aws::{LOCAL_KEY, LOCAL_REGION};
use crate::error::Exit;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  eval \"$(pipectl local env)\"
  pipectl local env --shell fish | source
  pipectl local env --shell powershell | Out-String | Invoke-Expression
  eval \"$(pipectl local env --unset)\"       back to AWS";

/// Print the environment that points AWS tools at the endpoint
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    address: Address,

    /// The shell that will read it
    #[arg(long, value_name = "SHELL", default_value = "posix")]
    shell: Shell,

    /// Take the variables away again
    #[arg(long)]
    unset: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    /// sh, bash, zsh and their like
    #[value(aliases = ["sh", "bash", "zsh"])]
    Posix,
    /// fish
    Fish,
    /// PowerShell
    #[value(alias = "pwsh")]
    Powershell,
}

/// Prints it.
pub(super) fn run(args: &Args, session: &Session) -> Exit {
    let text = environment(args, session.globals.region.as_deref());
    session.output.raw(text.as_bytes());
    Exit::Success
}

fn environment(args: &Args, region: Option<&str>) -> String {
    let url = format!("http://{}", args.address.to_connect());
    let region = region.unwrap_or(LOCAL_REGION);
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", LOCAL_KEY),
        ("AWS_SECRET_ACCESS_KEY", LOCAL_KEY),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
    ];
    let mut text = String::new();
    for (name, value) in variables {
        // No value has a character that any of these shells would read as its own, save in a region somebody made up.
        let value: String = value.chars().filter(|c| !"'\"`$\\;\n ".contains(*c)).collect();
        let _ = match (args.shell, args.unset) {
            (Shell::Posix, false) => writeln!(text, "export {name}={value}"),
            (Shell::Posix, true) => writeln!(text, "unset {name}"),
            (Shell::Fish, false) => writeln!(text, "set -gx {name} {value}"),
            (Shell::Fish, true) => writeln!(text, "set -e {name}"),
            (Shell::Powershell, false) => writeln!(text, "$env:{name} = '{value}'"),
            (Shell::Powershell, true) => {
                writeln!(text, "Remove-Item Env:{name} -ErrorAction SilentlyContinue")
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn of(shell: Shell, unset: bool) -> String {
        let address = Address { port: 4567, host: IpAddr::from([0, 0, 0, 0]) };
        environment(&Args { address, shell, unset }, Some("eu-west-1"))
    }

    #[test]
    fn the_environment_points_at_an_address_one_can_connect_to() {
        insta::assert_snapshot!(of(Shell::Posix, false), @r"
        export AWS_ENDPOINT_URL=http://127.0.0.1:4567
        export AWS_ACCESS_KEY_ID=test
        export AWS_SECRET_ACCESS_KEY=test
        export AWS_REGION=eu-west-1
        export AWS_DEFAULT_REGION=eu-west-1
        ");
    }

    #[test]
    fn every_shell_gets_its_own_words_and_the_way_back() {
        assert!(of(Shell::Fish, false).starts_with("set -gx AWS_ENDPOINT_URL http://127.0.0.1:4567\n"));
        assert!(
            of(Shell::Powershell, false).starts_with("$env:AWS_ENDPOINT_URL = 'http://127.0.0.1:4567'\n")
        );
        for (shell, first) in [
            (Shell::Posix, "unset AWS_ENDPOINT_URL\n"),
            (Shell::Fish, "set -e AWS_ENDPOINT_URL\n"),
            (Shell::Powershell, "Remove-Item Env:AWS_ENDPOINT_URL"),
        ] {
            assert!(of(shell, true).starts_with(first), "{shell:?}");
            assert_eq!(of(shell, true).lines().count(), of(shell, false).lines().count());
        }
    }
}
