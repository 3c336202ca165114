"""weights/manifest.toml: what is read, what is refused, and that writing it is deterministic."""

import hashlib
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from core import registry
from core.errors import ModelUnavailableError
from core.registry import ManifestError, from_table, parse
from tests.models.entries import entry, install, spec_for
from training import manifest
from training.register import register

REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_a_written_manifest_reads_back_and_has_one_form():
    second = from_table(
        "another-one",
        entry(
            file="another.keras",
            repo_id="encore/models",
            revision=REVISION,
            sample_rate=22050,
            spectrogram={"n_fft": 2048, "centred": True, "power": 1.5},
            headline={"metric": "relative_mse", "note": 'a "quoted" \\ line\nand é \x7f'},
            config={"units": [512, 256], "activation": "gelu", "odd key": 1},
        ),
    )
    first = from_table("tiny", entry())
    text = manifest.dumps([first, second])
    assert parse(text) == {"another-one": second, "tiny": first}
    assert manifest.dumps(parse(text).values()) == manifest.dumps([second, first]) == text
    assert second.input_shape == (1, 4)
    assert first.repo_id is None


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("revision", "main", "revision must be a commit's 40 lower-case hex digits"),
        ("revision", REVISION[:-1], "revision must be"),
        ("revision", None, "revision must be given with repo_id"),
        ("repo_id", "no-owner", "repo_id must be OWNER/NAME"),
        ("repo_id", "../evil", "repo_id must be OWNER/NAME"),
        ("sha256", "A" * 64, "sha256 must be 64 lower-case hex digits"),
        ("sha256", "a" * 63, "sha256 must be"),
        ("file", "../tiny.weights.h5", "file must be a plain file name"),
        ("file", "a/b.weights.h5", "file must be"),
        ("file", "a\\b.weights.h5", "file must be"),
        ("file", ".weights.h5", "file must be"),
        ("file", "weights.pkl", "file must be"),
        ("bytes", 40_000_001, "bytes must be at most 40000000"),
        ("bytes", 0, "bytes must be a positive whole number"),
        ("bytes", True, "bytes must be"),
        ("input_shape", [1, 0], "input_shape must be a list of positive whole numbers"),
        ("output_shape", [], "output_shape must be"),
        ("builder", "os.system", "builder must be package.module:function"),
        ("job", "dance", "job must be one of extrapolate, remix"),
        ("licence", None, "licence is missing"),
        ("licence", " ", "licence must be text"),
        ("config", [1], "config must be a table"),
        ("colour", "red", "unknown field colour"),
    ],
)
def test_a_wrong_field_is_named(field, value, says):
    table = entry(repo_id="encore/models", revision=REVISION)
    table.pop(field, None)
    if value is not None:
        table[field] = value
    with pytest.raises(ManifestError, match=r"manifest\.toml: tiny: ") as caught:
        from_table("tiny", table)
    assert says in str(caught.value)


def test_text_that_is_no_manifest_is_refused():
    with pytest.raises(ManifestError, match="is no TOML"):
        parse("[tiny\n")
    with pytest.raises(ManifestError, match="outside a model's table"):
        parse("version = 1\n")
    with pytest.raises(ManifestError, match="id must be"):
        from_table("Tiny Model", entry())


def test_models_share_no_file_and_stay_small_together():
    twice = [from_table(name, entry()) for name in ("one", "two")]
    with pytest.raises(ManifestError, match="two models have the same file"):
        manifest.dumps(twice)
    heavy = [from_table(f"m{i}", entry(file=f"m{i}.keras", bytes=38_000_000)) for i in range(4)]
    assert manifest.dumps(heavy[:3])
    with pytest.raises(ManifestError, match="over 150000000"):
        manifest.dumps(heavy)


def test_an_unknown_model_or_no_manifest_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path))
    assert registry.models() == {}
    with pytest.raises(ModelUnavailableError, match="model ghost is not installed here; choose"):
        registry.model("ghost")
    install(tmp_path, spec_for(b"weights"))
    assert registry.model("tiny") == spec_for(b"weights")


def test_the_registry_imports_no_tensorflow():
    code = (
        "import sys, core.registry, core.loaders; core.registry.models();"
        "print([m for m in ('tensorflow', 'keras', 'httpx2', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def store(path, *values):
    """A weight file with one array."""
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=np.array(values, np.float16))


def test_registering_measures_the_file_and_is_repeatable(tmp_path):
    weights = tmp_path / "last.weights.h5"
    store(weights, 1, 2)
    data = weights.read_bytes()
    given = entry(file=None, bytes=None, sha256=None, keras_version=None)
    folder = tmp_path / "weights"
    folder.mkdir()
    spec = register(weights, "tiny", given, folder)
    assert (spec.file, spec.bytes) == ("tiny.weights.h5", len(data))
    assert spec.sha256 == hashlib.sha256(data).hexdigest()
    assert spec.matches(folder / "tiny.weights.h5")
    text = (folder / "manifest.toml").read_bytes()
    assert register(weights, "tiny", given, folder) == spec
    assert (folder / "manifest.toml").read_bytes() == text
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.toml", "tiny.weights.h5"]

    with pytest.raises(ManifestError, match="sha256 is measured, not given"):
        register(weights, "tiny", entry(file=None, bytes=None), folder)
    store(weights, 3, 4)
    with pytest.raises(ManifestError, match="job must be"):
        register(weights, "tiny", {**given, "job": "dance"}, folder)
    store(weights, 1, np.inf)
    with pytest.raises(ManifestError, match="layers/dense/vars/0 holds values that are not finite"):
        register(weights, "tiny", given, folder)
    assert (folder / "tiny.weights.h5").read_bytes() == data
    assert (folder / "manifest.toml").read_bytes() == text
    assert list(folder.glob("*.part")) == []


def test_new_bytes_drop_the_published_revision_and_old_ones_keep_it(tmp_path):
    weights = tmp_path / "last.weights.h5"
    store(weights, 1, 2)
    install(tmp_path, spec_for(weights.read_bytes(), repo_id="encore/tiny", revision=REVISION))
    given = entry(file=None, bytes=None, sha256=None, keras_version=None)
    assert register(weights, "tiny", given, tmp_path).revision == REVISION
    store(weights, 3, 4)
    spec = register(weights, "tiny", given, tmp_path)
    assert (spec.repo_id, spec.revision) == (None, None)


SHIPPED = registry.parse(
    (Path(registry.__file__).parents[1] / "weights" / "manifest.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("model_id", sorted(SHIPPED))
def test_a_shipped_file_is_the_manifest_s(model_id):
    folder = Path(registry.__file__).parents[1] / "weights"
    spec = SHIPPED[model_id]
    assert spec.matches(folder / spec.file)
    assert (folder / "cards" / f"{model_id}.md").is_file()
