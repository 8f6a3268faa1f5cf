"""GitHub's API, as far as the action needs it: one comment kept up to date, and plans kept as artifacts.

Only the standard library is used, so that any runner with Python can run it. `GITHUB_API_URL` says where the API is,
GitHub Enterprise and the tests included.
"""

import io
import json
import urllib.error
import urllib.parse
import urllib.request
import zipfile

TIMEOUT_SECONDS = 30
# "Body is too long (maximum is 65536 characters)"; counted in bytes, which are never fewer.
LONGEST_COMMENT = 65_536
# A saved plan is a few KiB; nobody's artifact fills the disk.
LARGEST_PLAN = 64 * 1024 * 1024


class ApiError(Exception):
    """The API refused, or did not answer."""

    def __init__(self, method, path, status, message):
        super().__init__(f"{method} {path}: {status} {message}".strip())
        self.status = status


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by hand: the token is GitHub's, not the storage's that it sends us to."""

    def redirect_request(self, *_args):
        return None


class GitHub:
    """The API for one repository."""

    def __init__(self, api_url, repository, token):
        self.api_url = api_url.rstrip("/")
        self.repository = repository
        self.token = token
        self.opener = urllib.request.build_opener(_StayHere)

    def _request(self, method, url, body=None, with_token=True):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("User-Agent", "pipectl-action")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if with_token:
            request.add_header("Authorization", f"Bearer {self.token}")
        path = urllib.parse.urlsplit(url).path
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return response.status, response.headers, response.read(LARGEST_PLAN)
        except urllib.error.HTTPError as error:
            if error.code in (301, 302, 303, 307, 308):
                return error.code, error.headers, b""
            text = error.read(2000).decode(errors="replace")
            try:
                text = json.loads(text).get("message", text)
            except ValueError:
                pass
            raise ApiError(method, path, error.code, text) from error
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise ApiError(method, path, 0, str(error)) from error

    def call(self, method, path, body=None):
        """The answer to one call, below the repository."""
        _, _, answer = self._request(method, f"{self.api_url}/repos/{self.repository}/{path}", body)
        return json.loads(answer) if answer else None

    def pages(self, path):
        """Every item of a list, page by page."""
        page = 1
        while True:
            separator = "&" if "?" in path else "?"
            items = self.call("GET", f"{path}{separator}per_page=100&page={page}")
            yield from items
            if len(items) < 100:
                return
            page += 1

    def comment(self, number, marker, text):
        """Puts the text into the pull request's one comment with this marker, and tells its address.

        The comment that is there is changed. One that somebody else wrote with the same marker cannot be, and is
        passed over.
        """
        body = {"body": shortened(f"{marker}\n{text}")}
        for there in self.pages(f"issues/{number}/comments"):
            if not (there.get("body") or "").startswith(marker):
                continue
            try:
                return self.call("PATCH", f"issues/comments/{there['id']}", body)["html_url"]
            except ApiError as error:
                if error.status not in (403, 404):
                    raise
        return self.call("POST", f"issues/{number}/comments", body)["html_url"]

    def merged_pull_request(self, commit):
        """The pull request that a commit on the branch came from; nothing for one that was pushed directly."""
        found = self.call("GET", f"commits/{commit}/pulls")
        merged = [pull for pull in found if pull.get("merged_at")]
        exact = [pull for pull in merged if pull.get("merge_commit_sha") == commit]
        return (exact or merged or [None])[0]

    def artifact(self, name):
        """The file in the newest artifact of this name; nothing where there is none.

        Artifacts of forks are passed over: whoever may open a pull request could have made them.
        """
        query = urllib.parse.urlencode({"name": name, "per_page": 100})
        found = self.call("GET", f"actions/artifacts?{query}")["artifacts"]
        own = [artifact for artifact in found if not artifact["expired"] and _is_own(artifact)]
        if not own:
            return None
        newest = max(own, key=lambda artifact: artifact["created_at"])
        status, headers, content = self._request("GET", newest["archive_download_url"])
        if status != 200:
            _, _, content = self._request("GET", headers["Location"], with_token=False)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(names) != 1 or names[0].file_size > LARGEST_PLAN:
                raise ApiError("GET", name, status, "this is not an artifact of one plan")
            return archive.read(names[0])


def _is_own(artifact):
    run = artifact.get("workflow_run") or {}
    return run.get("repository_id") is not None and run.get("repository_id") == run.get("head_repository_id")


def shortened(text, longest=LONGEST_COMMENT, more="The rest does not fit into a comment; the job's summary has it."):
    """The text, or as many of its lines as GitHub takes, with what is open in them closed."""
    if len(text.encode()) <= longest:
        return text
    room = longest - 200 - len(more.encode())
    kept, size = [], 0
    for line in text.split("\n"):
        size += len(line.encode()) + 1
        if size > room:
            break
        kept.append(line)
    return "\n".join(kept + _closing(kept) + ["", f"> [!NOTE]\n> {more}"])


def _closing(lines):
    """What ends a fence and the folds that these lines leave open."""
    fence, folds = None, 0
    for line in lines:
        ticks = len(line) - len(line.lstrip("`"))
        if fence is None and ticks >= 3:
            fence = "`" * ticks
        elif fence is not None and line.strip() == fence:
            fence = None
        elif fence is None:
            folds += line.count("<details>") - line.count("</details>")
    return ([fence] if fence else []) + ["</details>"] * max(folds, 0)
