#!/usr/bin/env python3
"""The Dockerfile's steps where no Docker engine is at hand: `make container`, as root on Linux.

It takes the files that .dockerignore lets through, installs the requirements, runs the RUN lines
that are Python's, and starts the CMD as the Dockerfile's user on a file system that is read-only
but for /tmp. Then it asks what HEALTHCHECK asks, opens the app, and sees that nothing else can be
written. apt-get and useradd lines are not run: the machine's own packages and user 1000 stand in.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S = 120
TRIAL = "exec python -m core extrapolate -o /tmp/out.wav --engine structure"
"""Started as the app is: weights, and librosa's compiled parts on a read-only file system."""
NOT_HERE = ("apt-get", "useradd", "pip install")
"""What begins RUN lines that are not run: packages are installed by `install`."""


@dataclass
class Image:
    """What the Dockerfile says. run: commands of the user's. command, health: their arguments."""

    user: int = 0
    env: dict[str, str] = field(default_factory=dict)
    run: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def read(text: str) -> Image:
    """The Dockerfile's instructions, continued lines joined."""
    image = Image()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "USER":
            image.user = int(rest)
        elif word == "ENV":
            image.env |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "RUN" and not rest.strip().startswith(NOT_HERE):
            image.run.append(rest.strip())
        elif word == "CMD":
            image.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            image.health = json.loads(rest.split("CMD", 1)[1])
    return image


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore holds a file back: patterns stand at the root but for `**`."""
    for pattern in patterns:
        shape = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{shape}(?:/|$)", path):
            return True
    return False


def copy(app: Path) -> int:
    """Copy what git knows and .dockerignore lets through; how many files."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    kept = [name for name in listed if not ignored(name, patterns) and (ROOT / name).is_file()]
    for name in kept:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, app / name)
    return len(kept)


def install(app: Path, home: Path, venv: Path | None) -> Path:
    """The folder of the environment's programs. venv: one that is there already, to save time."""
    if venv is None:
        venv = home / "venv"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run(
            [venv / "bin" / "pip", "install", "-q", "-r", app / "requirements.txt"], check=True
        )
    return venv / "bin"


def as_user(image: Image, command: list[str]) -> list[str]:
    """The command, run as the image's user without any privilege."""
    user = str(image.user)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *command]


def read_only(command: list[str]) -> list[str]:
    """The command in a mount namespace where nothing but an empty /tmp can be written."""
    mounts = "mount -o remount,ro,bind / && mount -t tmpfs -o mode=1777 tmpfs /tmp"
    return ["unshare", "--mount", "--", "sh", "-c", f'{mounts} && exec "$@"', "sh", *command]


def wait_healthy(
    health: list[str], env: dict[str, str], cwd: Path, started: subprocess.Popen[bytes]
) -> float:
    """Seconds until the health check passes."""
    begin = time.monotonic()
    while time.monotonic() - begin < START_S:
        if started.poll() is not None:
            raise SystemExit(f"the app ended with {started.returncode}")
        if subprocess.run(health, env=env, cwd=cwd, capture_output=True).returncode == 0:
            return time.monotonic() - begin
        time.sleep(0.5)
    raise SystemExit(f"not healthy within {START_S} s")


def main() -> None:
    """Build, start, look, stop. Ends with a sentence and status 1 where something is amiss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, help="an environment to use instead of a new one")
    args = parser.parse_args()
    image = read((ROOT / "Dockerfile").read_text())
    if image.user == 0 or not image.command or not image.health:
        raise SystemExit("the Dockerfile names no user, command or health check")
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="encore-container-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        app = home / "app"
        app.mkdir()
        print(f"{copy(app)} files copied", flush=True)
        programs = install(app, home, args.venv and args.venv.resolve())
        for path in (home, *home.rglob("*")):
            if home / "venv" not in (path, *path.parents):
                os.chown(path, image.user, image.user, follow_symlinks=False)
        own = {name: value.replace("/home/encore", str(home)) for name, value in image.env.items()}
        env = {"PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8", **own}
        for line in image.run:
            subprocess.run(as_user(image, ["sh", "-c", line]), cwd=app, env=env, check=True)
            print(f"ran: {line}", flush=True)
        sound = next(app.glob("gallery/extrapolate/*/source.flac"))
        before, _, _ = image.command[-1].partition("exec ")
        trial = ["sh", "-c", f"{before}{TRIAL} {shlex.quote(str(sound))}"]
        subprocess.run(read_only(as_user(image, trial)), cwd=app, env=env, check=True)
        check(image, home, app, env)
        space = env | {"SPACE_ID": "someone/encore"}
        check(image, home, app, space, wanted="--server.xsrfCookieSameSite none")


def check(image: Image, home: Path, app: Path, env: dict[str, str], wanted: str = "") -> None:
    """Start the command, read-only, and see that it keeps what the Dockerfile promises."""
    command = read_only(as_user(image, image.command))
    places = " ".join(
        shlex.quote(str(folder / "probe")) for folder in (app, home, Path("/var/tmp"))
    )
    probe = f"for at in {places}; do touch $at 2>/dev/null && echo $at; done; touch /tmp/probe"
    tried = subprocess.run(
        read_only(as_user(image, ["sh", "-c", probe])), env=env, cwd=app, capture_output=True
    )
    if tried.stdout or tried.returncode:
        raise SystemExit(f"written where nothing may be, or /tmp is not: {tried.stdout.decode()}")
    started = subprocess.Popen(command, cwd=app, env=env, start_new_session=True)
    try:
        seconds = wait_healthy(image.health, env, app, started)
        line = Path(f"/proc/{started.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        owner = Path(f"/proc/{started.pid}").stat().st_uid
        with urllib.request.urlopen("http://127.0.0.1:7860/", timeout=10) as answer:
            page = answer.read()
        if owner != image.user or wanted not in line or b"<title>" not in page:
            raise SystemExit(f"user {owner}, command {line!r}")
        print(f"healthy after {seconds:.1f} s as user {owner}: {line.strip()}", flush=True)
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(20)


if __name__ == "__main__":
    main()
