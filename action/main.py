"""What the action does: runs pipectl, and tells the pull request.

`check` looks at layout and mistakes, `plan` saves and shows a plan, `apply` carries one out. pipectl itself writes the
annotations (`::error file=…`); here are only the comment, the summary and the plans between two runs of a workflow.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from github import ApiError, GitHub, shortened  # noqa: E402
from values import WrongValue, hidden, lines, masks, values  # noqa: E402

# What `pipectl help exit-codes` says of them.
DONE, CHANGES, HALFWAY = 0, 2, 3
# GitHub takes a MiB.
LONGEST_SUMMARY = 1_000_000


class Failed(Exception):
    """The step fails with this message."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


class Action:
    """One run of the action, with everything that it is told by its environment."""

    def __init__(self, environment):
        self.environment = environment
        self.command = self.input("COMMAND")
        self.pipeline = self.input("PIPELINE") or "pipeline.yaml"
        self.arguments = self.input("ARGUMENTS").split()
        self.pipelines = self.input("PIPELINES").split()
        self.secrets = self.values("sensitive-vars", self.input("SENSITIVE_VARS"))
        self.options = self.read_options()
        self.program = self.input("PROGRAM") or "pipectl"
        self.commit = environment.get("GITHUB_SHA", "")
        self.event = self.read_event()
        folder = self.input("WORKING_DIRECTORY") or "."
        some = f" ({', '.join(self.pipelines)})" if self.pipelines else ""
        self.name = self.input("NAME") or str(Path(folder) / self.pipeline) + some
        self.marker = f"<!-- pipectl plan of {re.sub('-{2,}', '-', self.name)} -->"
        self.scratch = Path(environment.get("RUNNER_TEMP", "."))
        self.github = GitHub(
            environment.get("GITHUB_API_URL", "https://api.github.com"),
            environment.get("GITHUB_REPOSITORY", ""),
            self.input("TOKEN"),
        )

    def input(self, name):
        return self.environment.get(f"INPUT_{name}", "").strip()

    def values(self, name, text):
        try:
            return values(text)
        except WrongValue as error:
            raise Failed(f"{name}: {error}") from error

    def read_options(self):
        """What `validate`, `plan` and `apply` get alike: a plan is bound to what it was made from."""
        given = self.values("vars", self.input("VARS"))
        twice = sorted(set(given) & set(self.secrets))
        if twice:
            raise Failed(f"`{twice[0]}` is in `vars` and in `sensitive-vars`")
        options = ["-f", self.pipeline]
        for option, items in (
            ("--pipeline", self.pipelines),
            ("--var", [f"{name}={value}" for name, value in given.items()]),
            ("--var-file", lines(self.input("VAR_FILES"))),
            ("--overlay", lines(self.input("OVERLAYS"))),
        ):
            # In one word, so that no value is taken for an option.
            options += [f"{option}={item}" for item in items]
        return options

    def read_event(self):
        path = self.environment.get("GITHUB_EVENT_PATH")
        return json.loads(Path(path).read_text(encoding="utf-8")) if path else {}

    def run(self):
        commands = {"check": self.check, "plan": self.plan, "apply": self.apply}
        if self.command not in commands:
            raise Failed(f"there is no command `{self.command}`: it is check, plan or apply")
        self.mask()
        commands[self.command]()

    def mask(self):
        """Before anything else is written."""
        for name, value in self.secrets.items():
            found = masks(value)
            for text in found:
                print(f"::add-mask::{escaped(text)}")
            if value and not found:
                words = f"the value of `{name}` is too short to be masked in a log: every such letter would be"
                print(f"::warning title=pipectl::{escaped(words)}")

    def pipectl(self, *arguments, keep_output=False):
        """Runs pipectl: its exit code, and what it wrote to stdout where that is kept."""
        command = [self.program, *arguments]
        output = subprocess.PIPE if keep_output else None
        sys.stdout.flush()
        environment = {**self.environment, **{f"PIPECTL_VAR_{name}": value for name, value in self.secrets.items()}}
        environment.pop("INPUT_SENSITIVE_VARS", None)
        try:
            done = subprocess.run(command, stdout=output, env=environment, check=False)
        except FileNotFoundError as error:
            raise Failed(f"there is no program `{self.program}`") from error
        return done.returncode, (done.stdout or b"").decode(errors="replace")

    # check

    def check(self):
        """Mistakes and layout; both are told, whatever the first says."""
        valid, _ = self.pipectl("validate", *self.options)
        tidy, _ = self.pipectl("fmt", "--check", self.pipeline)
        if valid != DONE:
            raise Failed(f"{self.pipeline} is not valid", valid)
        if tidy == CHANGES:
            raise Failed(f"{self.pipeline} is not laid out: run `pipectl fmt`", tidy)
        if tidy != DONE:
            raise Failed(f"{self.pipeline} cannot be laid out", tidy)

    # plan

    def plan(self):
        plan_file = self.scratch / "pipectl.plan"
        plan_file.unlink(missing_ok=True)
        code, text = self.pipectl(
            "plan", *self.options, "-o", str(plan_file), "--detailed-exitcode", "--format", "markdown",
            *self.arguments, keep_output=True,
        )
        pull = self.event.get("pull_request") or {}
        head = (pull.get("head") or {}).get("sha") or self.commit
        if code not in (DONE, CHANGES):
            self.tell(pull.get("number"), f"### ❌ The plan failed for `{self.name}`\n\n{self.log_link()}")
            raise Failed(f"pipectl plan ended with exit code {code}", code)
        after = "On merge exactly this is applied, or nothing." if code == CHANGES else ""
        self.tell(pull.get("number"), f"{text.strip()}\n\n<sub>{after} Planned for {head[:12]}. {self.log_link()}</sub>")
        self.output("changes", "true" if code == CHANGES else "false")
        self.output("plan-file", str(plan_file))
        self.output("artifact", self.artifact(head))

    # apply

    def apply(self):
        pull = self.github.merged_pull_request(self.commit)
        number = pull and pull["number"]
        plan_file = self.reviewed(pull) if self.input("PLAN") != "fresh" else self.fresh()
        if plan_file is None:
            self.output("changes", "false")
            print("Nothing to apply.")
            return
        # A plan is bound to the choices made for it; arguments were its.
        code, _ = self.pipectl("apply", str(plan_file), *self.options, "--auto-approve", "--lock-timeout", "10m")
        self.output("changes", "true")
        words = {DONE: "✅ Applied", HALFWAY: "⚠️ Stopped half way: run the job again, it converges"}
        outcome = words.get(code, "❌ Not applied")
        self.tell(number, f"### {outcome}: `{self.name}`\n\nCommit {self.commit[:12]}. {self.log_link()}")
        if code != DONE:
            raise Failed(f"pipectl apply ended with exit code {code}", code)

    def reviewed(self, pull):
        """The plan that the merged pull request showed."""
        if pull is None:
            raise Failed(
                f"commit {self.commit[:12]} came from no pull request, so no plan of it was reviewed: "
                "`plan: fresh` plans and applies at once"
            )
        name = self.artifact(pull["head"]["sha"])
        content = self.github.artifact(name)
        if content is not None:
            plan_file = self.scratch / "reviewed.plan"
            plan_file.write_bytes(content)
            plan_file.chmod(0o600)
            return plan_file
        # A plan without changes is not kept. Whether there is nothing to do is asked, not assumed.
        plan_file = self.fresh()
        if plan_file is not None:
            raise Failed(
                f"pull request #{pull['number']} kept no plan `{name}`, and there is something to apply: "
                "run its plan again before the merge, or apply with `plan: fresh`"
            )
        return None

    def fresh(self):
        """A plan made now; nothing where there is nothing to do."""
        plan_file = self.scratch / "fresh.plan"
        code, text = self.pipectl(
            "plan", *self.options, "-o", str(plan_file), "--detailed-exitcode", "--format", "markdown",
            *self.arguments, keep_output=True,
        )
        if code not in (DONE, CHANGES):
            raise Failed(f"pipectl plan ended with exit code {code}", code)
        self.summarise(text)
        return plan_file if code == CHANGES else None

    def artifact(self, commit):
        """The name under which the plan of a commit is kept: of letters that artifacts may have."""
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-")
        apart = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"pipectl-plan-{slug[:60]}-{apart}-{commit}"

    # telling

    def tell(self, number, text):
        """The job's summary, and the comment on the pull request. Who cannot comment still plans."""
        text = hidden(text, self.secrets.values())
        self.summarise(text)
        if number is None or self.input("COMMENT") == "false":
            return
        try:
            self.output("comment-url", self.github.comment(number, self.marker, text))
        except ApiError as error:
            hint = "; pull requests of forks may not, and others need `pull-requests: write`" if error.status == 403 else ""
            print(f"::warning title=pipectl::{escaped(f'no comment on the pull request: {error}{hint}')}")

    def summarise(self, text):
        text = hidden(text, self.secrets.values())
        path = self.environment.get("GITHUB_STEP_SUMMARY")
        if path:
            with open(path, "a", encoding="utf-8") as summary:
                summary.write(shortened(text, LONGEST_SUMMARY, "The rest does not fit here.") + "\n")

    def log_link(self):
        server = self.environment.get("GITHUB_SERVER_URL", "https://github.com")
        run = self.environment.get("GITHUB_RUN_ID", "")
        return f"[Log]({server}/{self.environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{run})"

    def output(self, name, value):
        path = self.environment.get("GITHUB_OUTPUT")
        if path:
            with open(path, "a", encoding="utf-8") as outputs:
                outputs.write(f"{name}={value}\n")


def escaped(text):
    """Text for a workflow command, which ends at its line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def main():
    try:
        Action(dict(os.environ)).run()
    except Failed as failure:
        print(f"::error title=pipectl::{escaped(str(failure))}")
        return failure.code
    except ApiError as error:
        print(f"::error title=pipectl::{escaped(str(error))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
