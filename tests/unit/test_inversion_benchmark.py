import pytest

from benchmarks import inversion
from core.audio import encode_flac
from core.inversion import DEFAULT, METHODS
from tests.unit.sounds import riff, sine


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Two notes and a track; no weights; the first and the last method."""
    kept = {name: METHODS[name] for name in ("griffin-lim-32", DEFAULT)}
    monkeypatch.setattr(inversion, "METHODS", kept)
    monkeypatch.setattr(inversion, "MUSIC_S", 1.0)
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(tmp_path / "none"))
    for subset in ("notes", "audio"):
        (tmp_path / subset).mkdir()
    lines = ["id,path,split,instrument"]
    for name, hertz in (("a", 220.0), ("b", 330.0)):
        (tmp_path / "notes" / f"{name}.flac").write_bytes(encode_flac(sine(hertz, 1.2, 16_000)))
        lines.append(f"{name},notes/{name}.flac,test,organ")
    (tmp_path / "notes" / "index.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "audio" / "c.flac").write_bytes(encode_flac(riff(31.0)))
    (tmp_path / "audio" / "index.csv").write_text("id,path,split,group\nc,audio/c.flac,test,c\n")
    return tmp_path


def test_methods_have_rows_and_integrating_helps(data):
    results = inversion.run(data)
    assert results.items == 2
    assert [row.name for row in results.rows] == [
        inversion.NAMES[name] for name in inversion.METHODS
    ]
    mean = {row.name: row.metrics["spectral_convergence_db"]["mean"] for row in results.rows}
    default = mean[inversion.NAMES[DEFAULT]]
    assert default < mean[inversion.NAMES["griffin-lim-32"]] - 6
    assert all(row.metrics["compute_ratio"]["mean"] > 0 for row in results.rows)
    (music,) = results.tables
    assert len(music.rows) == 2
    assert METHODS.keys() == inversion.NAMES.keys()
