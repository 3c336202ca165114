"""The house stands as designed: who imports whom, what is pinned, what is allowed into the tree."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 320
MAX_WEIGHT_BYTES = 40 * 10**6
MAX_WEIGHTS_BYTES = 150 * 10**6
CODE = ("app.py", "core", "ui", "pages", "training", "benchmarks", "tests")
PRODUCT = ("app.py", "core", "ui", "pages")
HEAVY = {"tensorflow", "keras"}
IGNORED_FOLDERS = {".git", ".venv", "runs", "data", "__pycache__"}


def python_files(*places):
    found = []
    for place in places:
        path = ROOT / place
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


@cache
def imported(path):
    """The modules a file imports, anywhere in it, as dotted names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def breaches(files, forbidden):
    """`file: module` of every import whose first part is forbidden."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in sorted(imported(path))
        if name.split(".")[0] in forbidden
    ]


@cache
def tree():
    """Every file that is or would be committed."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not IGNORED_FOLDERS & set(path.relative_to(ROOT).parts)
    ]


def test_the_scan_sees_imports_inside_functions(tmp_path):
    path = tmp_path / "lazy.py"
    path.write_text("def f():\n    from tensorflow.io import gfile\n    import numpy as np\n")
    assert imported(path) == {"tensorflow.io", "tensorflow.io.gfile", "numpy"}


def test_core_knows_nothing_above_it():
    files = python_files("core")
    assert len(files) > 5
    assert breaches(files, {"app", "pages", "ui", "training", "benchmarks", "tests"}) == []
    without_loaders = [path for path in files if path != ROOT / "core/loaders.py"]
    assert breaches(without_loaders, {"streamlit"}) == []


def test_ui_training_and_benchmarks_know_only_what_is_below_them():
    assert breaches(python_files("ui"), {"app", "pages", "training", "benchmarks", "tests"}) == []
    above = {"app", "pages", "ui", "streamlit", "tests"}
    # The load test's client speaks Streamlit's wire format, which is all that it takes of it.
    client = {ROOT / "benchmarks/load_client.py", ROOT / "benchmarks/load_widgets.py"}
    files = [path for path in python_files("training", "benchmarks") if path not in client]
    assert breaches(files, above) == []
    assert all(name.startswith("streamlit.proto") for path in client for name in imported(path)
               if name.split(".")[0] in above)  # fmt: skip


def test_pages_hold_no_signal_processing_and_no_model_code():
    science = {"numpy", "scipy", "librosa", "soundfile", "soxr", "av", "matplotlib"}
    files = python_files("app.py", "pages")
    assert len(files) > 1
    assert breaches(files, science | HEAVY | {"training", "benchmarks", "tests"}) == []


def test_only_loaders_and_models_import_tensorflow_or_keras():
    files = [
        path
        for path in python_files(*PRODUCT)
        if path != ROOT / "core/loaders.py" and not path.name.endswith("_model.py")
    ]
    assert breaches(files, HEAVY) == []


def test_files_are_short():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(*CODE)
    }
    assert {name: n for name, n in lengths.items() if n > MAX_LINES} == {}
    assert lengths["app.py"] <= 40


def test_listing_the_engines_loads_nothing_heavy():
    script = (
        "import sys, core.engines, core.gallery; core.engines.engines('extrapolate');"
        "print(*({'tensorflow', 'keras', 'librosa', 'streamlit', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_direct_requirements_are_pinned_with_a_reason_and_locked(name):
    locked = (ROOT / name).with_suffix(".txt").read_text(encoding="utf-8")
    assert "://" not in locked
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    direct = [line for line in lines if line and not line.startswith(("#", "-r"))]
    assert direct
    for line in direct:
        match = re.fullmatch(r"([A-Za-z0-9_.-]+)==([^\s;]+)( *;[^#]+?)?\s+# (\w.*)", line)
        assert match, f"{name}: not pinned, or without a reason: {line}"
        pin = f"{match[1].replace('_', '-').lower()}=={match[2]}"
        assert re.search(rf"^{re.escape(pin)}(\s|$)", locked, re.MULTILINE), f"make lock: {pin}"


def make_targets():
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_readme_and_ci_run_the_makefiles_targets():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE))
    assert {"app", "test"} <= commands <= make_targets()
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    steps = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    assert steps == ["make test"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_every_picture_of_the_readme_is_there_and_small():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]+)\]\((docs/[^)]+)\)", readme))
    files = {f"docs/{path.name}": path for path in (ROOT / "docs").iterdir()}
    assert set(shown.values()) == set(files)
    assert {name: n for name, path in files.items() if (n := path.stat().st_size) > 120_000} == {}


def test_modules_that_the_makefile_runs_exist():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    modules = set(re.findall(r"\$\(RUN\) -m ([\w.]+)", text))
    assert "benchmarks" in modules
    assert [name for name in sorted(modules) if find_spec(name) is None] == []


def test_space_front_matter_dockerfile_and_project_agree():
    _, front, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    parser = configparser.ConfigParser(delimiters=(":",))
    parser.read_string("[space]\n" + front)
    space = parser["space"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert space["sdk"] == "docker"
    assert f"EXPOSE {space['app_port']}\n" in docker
    assert space["license"] == project["license"].lower()
    assert "USER 1000" in docker
    assert "/_stcore/health" in docker
    assert project["version"] == core.__version__


def test_weights_are_small():
    sizes = {path.name: path.stat().st_size for path in tree() if path.parent == ROOT / "weights"}
    assert {name: size for name, size in sizes.items() if size > MAX_WEIGHT_BYTES} == {}
    assert sum(sizes.values()) <= MAX_WEIGHTS_BYTES


def test_no_file_names_a_machine_or_a_registry():
    # Put together here, so that this file does not name them either.
    folders = r"(?<![\w.-])/(?:work|root|opt/wheels|tmp/bash_jobs)(?:/|\b)"
    hosts = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org"]
    forbidden = re.compile("|".join([folders, *map(re.escape, hosts), re.escape(f"{ROOT}/")]))
    found = []
    for path in tree():
        data = path.read_bytes()
        if b"\0" in data[:8192] or path.name == "LICENSE":
            continue
        text = data.decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in forbidden.finditer(text)]
    assert found == []


def config():
    return tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))


def test_visitors_see_no_traceback_and_cannot_upload_more_than_we_decode():
    from core.decoding import MAX_BYTES

    settings = config()
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["server"]["fileWatcherType"] == "none"
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["maxUploadSize"] * 2**20 == MAX_BYTES


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def mixed(over, under, share):
    """`share` of one colour over another."""
    parts = zip(*(bytes.fromhex(text[1:]) for text in (over, under)), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02X}" for a, b in parts)


@pytest.mark.parametrize("base", ["light", "dark"])
def test_the_theme_can_be_read(base):
    theme = config()["theme"][base]
    grounds = {
        ground[key]
        for ground in (theme, theme["sidebar"])
        for key in ("backgroundColor", "secondaryBackgroundColor")
    }
    for ground in grounds:
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["linkColor"], ground) >= 4.5
        for colour in theme["chartCategoricalColors"]:
            assert contrast(colour, ground) >= 3
        # Chosen options and values of sliders are this colour on a ground that has a tenth of it.
        assert contrast(theme["primaryColor"], mixed(theme["primaryColor"], ground, 0.1)) >= 4.5
        assert contrast(mixed(theme["textColor"], ground, 0.6), ground) >= 4.5  # captions
    on_primary = {"light": "#FFFFFF", "dark": theme["backgroundColor"]}[base]  # ui/page.css
    assert contrast(theme["primaryColor"], on_primary) >= 4.5


def test_no_full_garbage_collection_follows_a_page_run():
    # With TensorFlow loaded it takes longer than the pause between two looks at a progress bar,
    # and the run that the bar shows comes to a standstill.
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False
