"""The action's scripts against a GitHub on a loopback port and a pipectl that does as it is told.

    python3 action/test_action.py

With `PIPECTL=target/debug/pipectl` the last test runs the real one, on the local endpoint.
"""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import github  # noqa: E402
import values  # noqa: E402

HEAD = "a" * 40
MERGE = "b" * 40
REPOSITORY = "acme/clicks"


class FakeGitHub(ThreadingHTTPServer):
    """Comments, pull requests and artifacts; and the storage that artifacts are really in."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments, self.pulls, self.artifacts, self.requests = [], [], [], []
        self.forbid = set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_comment(self, body, mine=True):
        self.comments.append({"id": len(self.comments) + 1, "body": body, "mine": mine, "html_url": f"{self.url}/c"})

    def add_artifact(self, name, content, created="2026-11-22T00:00:00Z", fork=False, expired=False):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as writing:
            writing.writestr("pipectl.plan", content)
        number = len(self.artifacts)
        self.artifacts.append({
            "name": name, "expired": expired, "created_at": created, "content": archive.getvalue(),
            "archive_download_url": f"{self.url}/repos/{REPOSITORY}/actions/artifacts/{number}/zip",
            "workflow_run": {"repository_id": 1, "head_repository_id": 2 if fork else 1},
        })


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_args):
        pass

    def answer(self, status, body=None, headers=()):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_any(self):
        server, path = self.server, self.path.removeprefix(f"/repos/{REPOSITORY}/")
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        server.requests.append((self.command, path))
        if path.startswith("/storage/"):
            if self.headers.get("Authorization"):
                return self.answer(400, {"message": "InvalidAuthenticationInfo"})
            return self.answer(200, server.artifacts[int(path.split("/")[2])]["content"])
        if self.headers.get("Authorization") != "Bearer t0ken":
            return self.answer(401, {"message": "Bad credentials"})
        if self.command in server.forbid:
            return self.answer(403, {"message": "Resource not accessible by integration"})
        if found := re.fullmatch(r"issues/(\d+)/comments(\?.*page=(\d+))?", path):
            return self.list_or_add(body, int(found[3] or 1))
        if found := re.fullmatch(r"issues/comments/(\d+)", path):
            comment = server.comments[int(found[1]) - 1]
            if not comment["mine"]:
                return self.answer(403, {"message": "Must have admin rights"})
            comment["body"] = body["body"]
            return self.answer(200, comment)
        if path.startswith("commits/"):
            return self.answer(200, server.pulls)
        if found := re.fullmatch(r"actions/artifacts/(\d+)/zip", path):
            return self.answer(302, b"", [("Location", f"{server.url}/storage/{found[1]}")])
        if path.startswith("actions/artifacts?name="):
            name = path.split("name=")[1].split("&")[0]
            listed = [{**artifact, "content": None} for artifact in server.artifacts if artifact["name"] == name]
            return self.answer(200, {"artifacts": listed})
        return self.answer(404, {"message": "Not Found"})

    def list_or_add(self, body, page):
        server = self.server
        if self.command == "GET":
            return self.answer(200, server.comments[(page - 1) * 100:page * 100])
        if len(body["body"]) > 65_536:
            return self.answer(422, {"message": "Body is too long (maximum is 65536 characters)"})
        server.add_comment(body["body"])
        return self.answer(201, server.comments[-1])

    do_GET = do_POST = do_PATCH = handle_any


# Writes down how it was called; `plan` and `apply` do what the files beside it say.
FAKE_PIPECTL = """#!/usr/bin/env python3
import sys
from pathlib import Path
here = Path(__file__).resolve().parent
with open(here / "calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
import json, os
with open(here / "environment", "w") as environment:
    environment.write(json.dumps(dict(os.environ)))
command = sys.argv[1]
if command == "plan":
    Path(sys.argv[sys.argv.index("-o") + 1]).write_text("the plan")
    print((here / "plan.md").read_text())
if command == "apply":
    (here / "applied").write_bytes(Path(sys.argv[2]).read_bytes())
code = here / (command + ".code")
sys.exit(int(code.read_text()) if code.exists() else 0)
"""


class ScriptTest(unittest.TestCase):
    """A repository, a pipectl, and how the script is run between them."""

    def setUp(self):
        self.github = FakeGitHub()
        threading.Thread(target=self.github.serve_forever, daemon=True).start()
        self.addCleanup(self.github.server_close)
        self.addCleanup(self.github.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = self.folder / "pipectl"
        self.program.write_text(FAKE_PIPECTL)
        self.program.chmod(0o755)
        self.told(plan="### Plan for `clicks`\n", plan_code=2)

    def told(self, plan=None, **codes):
        if plan is not None:
            (self.folder / "plan.md").write_text(plan)
        for name, code in codes.items():
            (self.folder / name.replace("_", ".")).write_text(str(code))

    def run_action(self, command, event=None, surroundings=None, **inputs):
        (self.folder / "event.json").write_text(json.dumps(event or {}))
        for name in ("outputs", "summary"):
            (self.folder / name).write_text("")
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": MERGE,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "RUNNER_TEMP": str(self.folder),
            "INPUT_COMMAND": command,
            "INPUT_PROGRAM": str(self.program),
            "INPUT_TOKEN": "t0ken",
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
            **(surroundings or {}),
        }
        done = subprocess.run(
            [sys.executable, str(HERE / "main.py")], env=environment, cwd=self.folder, capture_output=True, text=True,
            check=False,
        )
        self.assertNotIn("Traceback", done.stderr)
        return done

    def pull_request(self):
        return {"pull_request": {"number": 7, "head": {"sha": HEAD}}}

    def merged(self, sha=HEAD):
        self.github.pulls.append(
            {"number": 7, "merged_at": "2026-11-22", "merge_commit_sha": MERGE, "head": {"sha": sha}}
        )

    def outputs(self):
        return dict(line.split("=", 1) for line in (self.folder / "outputs").read_text().splitlines())

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()


class ActionTest(ScriptTest):
    """What is told, and what is carried out."""

    def test_a_pull_request_has_one_comment_that_is_kept_up_to_date(self):
        self.github.add_comment("nice work")
        first = self.run_action("plan", self.pull_request(), arguments="--var stage=prod\n --target deliveries.lake")
        self.assertEqual(first.returncode, 0, first.stdout)
        self.told(plan="### Plan for `clicks`, second try\n")
        self.assertEqual(self.run_action("plan", self.pull_request()).returncode, 0)
        self.assertEqual(len(self.github.comments), 2)
        comment = self.github.comments[1]["body"]
        self.assertTrue(comment.startswith("<!-- pipectl plan of pipeline.yaml -->\n### Plan for `clicks`, second try"))
        self.assertIn("On merge exactly this is applied", comment)
        outputs = self.outputs()
        self.assertEqual(outputs["changes"], "true")
        self.assertRegex(outputs["artifact"], rf"^pipectl-plan-pipeline\.yaml-[0-9a-f]{{8}}-{HEAD}$")
        self.assertEqual(Path(outputs["plan-file"]).read_text(), "the plan")
        self.assertTrue(self.calls()[0].endswith("--format markdown --var stage=prod --target deliveries.lake"))
        self.assertIn("second try", (self.folder / "summary").read_text())

    def test_two_pipelines_have_a_comment_each(self):
        self.run_action("plan", self.pull_request(), pipeline="a.yaml")
        self.run_action("plan", self.pull_request(), pipeline="b.yaml")
        self.assertEqual(len(self.github.comments), 2)

    def test_a_comment_is_found_behind_hundreds_of_others(self):
        self.run_action("plan", self.pull_request())
        first = self.github.comments.pop()
        for number in range(250):
            self.github.add_comment(f"opinion {number}")
        self.github.comments.append({**first, "id": 251})
        self.run_action("plan", self.pull_request())
        self.assertEqual(len(self.github.comments), 251)

    def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(self):
        self.github.add_comment("<!-- pipectl plan of pipeline.yaml -->\nLGTM", mine=False)
        self.run_action("plan", self.pull_request())
        self.assertEqual(self.github.comments[0]["body"].splitlines()[1], "LGTM")
        self.assertEqual(len(self.github.comments), 2)

    def test_a_plan_too_long_for_a_comment_is_cut_with_a_note(self):
        rows = "\n".join(f"+ ein Straßenname {number} ✓" for number in range(6000))
        self.told(plan=f"### Plan\n\n<details><summary>all</summary>\n\n````diff\n{rows}\n````\n</details>\n")
        self.assertEqual(self.run_action("plan", self.pull_request()).returncode, 0)
        comment = self.github.comments[0]["body"]
        self.assertLessEqual(len(comment.encode()), 65_536)
        self.assertGreater(len(comment.encode()), 60_000)
        self.assertTrue(comment.endswith("> The rest does not fit into a comment; the job's summary has it."))
        self.assertIn("\n````\n</details>\n", comment)
        self.assertIn("Straßenname 5999", (self.folder / "summary").read_text())

    def test_without_changes_nothing_is_kept(self):
        self.told(plan="### ✅ No changes\n", plan_code=0)
        self.assertEqual(self.run_action("plan", self.pull_request()).returncode, 0)
        self.assertEqual(self.outputs()["changes"], "false")
        self.assertNotIn("exactly this is applied", self.github.comments[0]["body"])

    def test_who_may_not_comment_still_plans(self):
        self.github.forbid = {"POST"}
        done = self.run_action("plan", self.pull_request())
        self.assertEqual(done.returncode, 0)
        self.assertIn("::warning title=pipectl::no comment on the pull request", done.stdout)

    def test_a_plan_that_fails_says_so_where_the_last_one_stood(self):
        self.run_action("plan", self.pull_request())
        self.told(plan_code=1)
        done = self.run_action("plan", self.pull_request())
        self.assertEqual(done.returncode, 1)
        self.assertIn("The plan failed", self.github.comments[0]["body"])
        self.assertEqual(len(self.github.comments), 1)

    def test_a_merge_applies_the_plan_that_was_reviewed(self):
        self.run_action("plan", self.pull_request())
        name = self.outputs()["artifact"]
        self.merged()
        self.github.add_artifact(name, "older", created="2026-11-21T00:00:00Z")
        self.github.add_artifact(name, "reviewed")
        self.github.add_artifact(name, "expired", created="2026-11-23T00:00:00Z", expired=True)
        self.github.add_artifact(name, "of a fork", created="2026-11-24T00:00:00Z", fork=True)
        done = self.run_action("apply")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((self.folder / "applied").read_text(), "reviewed")
        self.assertIn("✅ Applied", self.github.comments[0]["body"])
        self.assertEqual(len(self.github.comments), 1)
        self.assertEqual(self.calls()[-1].split()[0], "apply")
        self.assertIn("--auto-approve", self.calls()[-1])

    def test_a_fork_cannot_slip_in_a_plan(self):
        self.run_action("plan", self.pull_request())
        self.merged()
        self.github.add_artifact(self.outputs()["artifact"], "of a fork", fork=True)
        done = self.run_action("apply")
        self.assertEqual(done.returncode, 1)
        self.assertFalse((self.folder / "applied").exists())
        self.assertIn("kept no plan", done.stdout)

    def test_a_merge_without_changes_has_nothing_to_apply(self):
        self.told(plan_code=0)
        self.merged()
        done = self.run_action("apply")
        self.assertEqual((done.returncode, self.outputs()["changes"]), (0, "false"))
        self.assertFalse((self.folder / "applied").exists())

    def test_a_push_without_a_pull_request_needs_a_fresh_plan(self):
        done = self.run_action("apply")
        self.assertEqual(done.returncode, 1)
        self.assertIn("came from no pull request", done.stdout)
        self.assertEqual(self.run_action("apply", plan="fresh").returncode, 0)
        self.assertEqual((self.folder / "applied").read_text(), "the plan")

    def test_an_apply_that_stops_half_way_is_told_with_its_exit_code(self):
        self.told(apply_code=3)
        self.merged()
        done = self.run_action("apply", plan="fresh")
        self.assertEqual(done.returncode, 3)
        self.assertIn("Stopped half way", self.github.comments[0]["body"])

    def test_check_tells_of_mistakes_and_layout(self):
        self.assertEqual(self.run_action("check").returncode, 0)
        self.told(fmt_code=2)
        done = self.run_action("check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("::error title=pipectl::pipeline.yaml is not laid out", done.stdout)
        self.told(validate_code=1)
        self.assertEqual(self.run_action("check").returncode, 1)

    def test_a_wrong_command_and_a_missing_program_are_errors_with_words(self):
        self.assertIn("it is check, plan or apply", self.run_action("paln").stdout)
        self.assertIn("there is no program", self.run_action("plan", program="/nowhere/pipectl").stdout)

    def test_the_action_passes_all_that_the_script_reads(self):
        action = (HERE / "action.yml").read_text()
        read = set(re.findall(r'self\.input\("([A-Z_]+)"\)', (HERE / "main.py").read_text()))
        passed = set(re.findall(r"^        INPUT_([A-Z_]+):", action, re.MULTILINE))
        self.assertEqual(read, passed)
        declared = set(re.findall(r"^  ([a-z-]+):\n    description", action.split("\noutputs:")[0], re.MULTILINE))
        used = set(re.findall(r"inputs\.([a-z-]+)", action))
        self.assertEqual(declared, used)


class InputsTest(ScriptTest):
    """Variables, overlays and pipelines: the same for each command, and nothing of a secret in sight."""

    GIVEN = {
        "pipeline": "pipelines", "pipelines": "clicks\narchive", "vars": "stage=prod\n# not this\n\nmotto = a = b c",
        "var_files": "vars/all.yaml\nvars/my prod.yaml", "overlays": "prod.yaml",
    }
    OPTIONS = (
        "-f pipelines --pipeline=clicks --pipeline=archive --var=stage=prod --var=motto=a = b c"
        " --var-file=vars/all.yaml --var-file=vars/my prod.yaml --overlay=prod.yaml"
    )

    def environment(self):
        return json.loads((self.folder / "environment").read_text())

    def test_check_plan_and_apply_get_the_same(self):
        self.assertEqual(self.run_action("check", **self.GIVEN).returncode, 0)
        self.assertEqual(self.run_action("plan", self.pull_request(), **self.GIVEN).returncode, 0)
        self.assertEqual(self.run_action("apply", plan="fresh", **self.GIVEN).returncode, 0)
        calls = [call for call in self.calls() if not call.startswith("fmt")]
        self.assertEqual([call.split()[0] for call in calls], ["validate", "plan", "plan", "apply"])
        for call in calls:
            self.assertIn(self.OPTIONS, call)

    def test_pipelines_of_one_folder_have_comments_of_their_own(self):
        for name in ("clicks", "archive"):
            self.run_action("plan", self.pull_request(), pipeline="pipelines", pipelines=name)
        self.assertEqual(len(self.github.comments), 2)
        self.assertIn("plan of pipelines (clicks)", self.github.comments[0]["body"])

    def test_a_sensitive_value_is_masked_first_and_is_in_no_argument_and_no_comment(self):
        secret = "token=hunter2-hunter2\npem<<END\n-----BEGIN-----\nbGluZQ-of-it\nEND"
        self.told(plan="### Plan\n\nhunter2-hunter2 and bGluZQ-of-it\n", plan_code=2)
        done = self.run_action("plan", self.pull_request(), sensitive_vars=secret)
        self.assertEqual(done.returncode, 0, done.stdout)
        said = done.stdout.splitlines()
        self.assertIn("::add-mask::hunter2-hunter2", said)
        self.assertIn("::add-mask::bGluZQ-of-it", said)
        masks = [line.startswith("::add-mask::") for line in said]
        self.assertEqual(masks, sorted(masks, reverse=True), "masks come before everything else")
        told = "".join(self.calls()) + self.github.comments[0]["body"] + (self.folder / "summary").read_text()
        self.assertNotIn("hunter2", told)
        self.assertNotIn("bGluZQ", told)
        environment = self.environment()
        self.assertEqual(environment["PIPECTL_VAR_token"], "hunter2-hunter2")
        self.assertEqual(environment["PIPECTL_VAR_pem"], "-----BEGIN-----\nbGluZQ-of-it")
        self.assertNotIn("INPUT_SENSITIVE_VARS", environment)

    def test_a_value_too_short_to_be_masked_is_warned_of_and_not_told(self):
        done = self.run_action("plan", self.pull_request(), sensitive_vars="pin=a")
        self.assertNotIn("::add-mask::", done.stdout)
        self.assertIn("::warning title=pipectl::the value of `pin` is too short", done.stdout)
        self.assertEqual(self.environment()["PIPECTL_VAR_pin"], "a")

    def test_inputs_that_say_no_value_are_errors_that_do_not_tell_it(self):
        for given, words in (
            ({"vars": "stage prod"}, "vars: line 1 is not `name=value`"),
            ({"sensitive_vars": "a=1\n hunter2"}, "sensitive-vars: line 2 is not `name=value`"),
            ({"sensitive_vars": "hunter2!=x"}, "line 1 does not begin with the name of a variable"),
            ({"sensitive_vars": "pem<<END\nhunter2"}, "the value of `pem` has no line `END` at its end"),
            ({"sensitive_vars": "pem<<\nhunter2"}, "names no line to end at"),
            ({"vars": "a=1\na=2"}, "`a` is given twice"),
            ({"vars": "a=1", "sensitive_vars": "a=hunter2"}, "`a` is in `vars` and in `sensitive-vars`"),
        ):
            done = self.run_action("plan", **given)
            self.assertEqual(done.returncode, 1, given)
            self.assertIn(words, done.stdout)
            self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertFalse((self.folder / "calls").exists())


class ValuesTest(unittest.TestCase):
    def test_a_value_keeps_its_signs_and_a_block_its_lines(self):
        found = values.values("a=b=c\nb<<X\n  one\n\n two=2\nX\nc=\nd=<<e")
        self.assertEqual(found, {"a": "b=c", "b": "  one\n\n two=2", "c": "", "d": "<<e"})

    def test_of_two_secrets_the_longer_is_hidden_first(self):
        self.assertEqual(values.hidden("abcdef abcd abc", ["abcd", "abcdef", "abc"]), "*** *** abc")


class ShortenedTest(unittest.TestCase):
    def test_what_fits_stays_as_it_is(self):
        self.assertEqual(github.shortened("a\nb"), "a\nb")

    def test_what_does_not_fit_ends_at_a_line(self):
        text = github.shortened("x" * 50 + "\n" + "y" * 900, longest=400, more="…")
        self.assertEqual(text.split("\n")[0], "x" * 50)
        self.assertNotIn("y", text)


@unittest.skipUnless(os.environ.get("PIPECTL"), "PIPECTL names no pipectl")
class RealTest(ScriptTest):
    """The same scripts with the real pipectl, from a pull request to its merge."""

    def test_plan_and_apply_for_real(self):
        program = str(Path(os.environ["PIPECTL"]).resolve())
        local = subprocess.Popen(
            [program, "local", "--port", "0", "--json"], stdout=subprocess.PIPE, cwd=self.folder, text=True
        )
        self.addCleanup(local.wait)
        self.addCleanup(local.kill)
        self.addCleanup(local.stdout.close)
        url = None
        while url is None:
            line = local.stdout.readline()
            self.assertTrue(line, "pipectl local ended")
            url = json.loads(line).get("url")
        aws = {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1",
            "HOME": str(self.folder), "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.folder),
        }
        (self.folder / "pipeline.yaml").write_text(
            "apiVersion: pipectl/v1\nkind: Pipeline\nname: real\n\nstreams:\n  events:\n"
        )
        planned = self.run_action("plan", self.pull_request(), aws, program=program)
        self.assertEqual(planned.returncode, 0, planned.stdout + planned.stderr)
        self.assertIn("to create", self.github.comments[0]["body"])
        outputs = self.outputs()
        self.github.add_artifact(outputs["artifact"], Path(outputs["plan-file"]).read_bytes())
        self.merged()
        applied = self.run_action("apply", None, aws, program=program)
        self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
        self.assertIn("✅ Applied", self.github.comments[0]["body"])
        again = self.run_action("plan", self.pull_request(), aws, program=program)
        self.assertEqual((again.returncode, self.outputs()["changes"]), (0, "false"))
        self.two_pipelines(program, aws)
        (self.folder / "pipeline.yaml").write_text("apiVersion: pipectl/v1\nname: real\n")
        broken = self.run_action("check", None, aws, program=program)
        self.assertEqual(broken.returncode, 1)
        self.assertIn("::error file=pipeline.yaml,line=1,", broken.stdout + broken.stderr)

    def two_pipelines(self, program, aws):
        """A folder of two, with a variable, an overlay and a secret: planned, merged, and nothing is left to do."""
        head = "apiVersion: pipectl/v1\nkind: Pipeline\n"
        (self.folder / "pipelines").mkdir()
        (self.folder / "pipelines" / "clicks.yaml").write_text(
            head + "name: clicks-${var.stage}\n\nvars:\n  stage: dev\n  key: { sensitive: true }\n\nstreams:\n  events:\n\n"
            "deliveries:\n  hook:\n    from: events\n    to:\n      http:\n        url: https://example.com/in\n"
            "        access-key: ${var.key}\n        backup: { bucket: \"hook-${var.stage}\" }\n"
        )
        (self.folder / "pipelines" / "archive.yaml").write_text(
            head + "name: archive-${var.stage}\n\nvars:\n  stage: dev\n\ndeliveries:\n  raw:\n"
            "    from: clicks-${var.stage}/events\n    to:\n      s3:\n        bucket: raw-${var.stage}\n"
        )
        (self.folder / "prod.yaml").write_text("tags: { stage: prod }\n")
        given = {
            "program": program, "pipeline": "pipelines", "vars": "stage=prod", "overlays": "prod.yaml",
            "sensitive_vars": "key=hunter2-hunter2",
        }
        self.github.pulls.clear()
        checked = self.run_action("check", None, aws, **given)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        planned = self.run_action("plan", self.pull_request(), aws, **given)
        self.assertEqual(planned.returncode, 0, planned.stdout + planned.stderr)
        comment = self.github.comments[1]["body"]
        self.assertIn("clicks-prod", comment)
        self.assertIn("archive-prod", comment)
        outputs = self.outputs()
        plan = Path(outputs["plan-file"]).read_bytes()
        self.github.add_artifact(outputs["artifact"], plan)
        self.merged()
        other = self.run_action("apply", None, aws, **{**given, "sensitive_vars": "key=hunter3-hunter3"})
        self.assertEqual(other.returncode, 1)
        self.assertIn("the variable key has not the value", other.stderr)
        applied = self.run_action("apply", None, aws, **given)
        self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
        again = self.run_action("plan", self.pull_request(), aws, **given)
        self.assertEqual((again.returncode, self.outputs()["changes"]), (0, "false"), again.stdout + again.stderr)
        for ran in (checked, planned, other, applied, again):
            said = "\n".join(line for line in ran.stdout.splitlines() if not line.startswith("::add-mask::"))
            self.assertNotIn("hunter", said + ran.stderr)
        self.assertNotIn("hunter", comment + plan.decode())


if __name__ == "__main__":
    unittest.main()
