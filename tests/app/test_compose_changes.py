import csv
import hashlib
import io
import zipfile

import pytest

from core import gallery
from core.composition import plan as plans
from core.composition.controls import Controls
from core.composition.plan import Plan
from core.composition.steps import Step, Taken
from core.midi_files import read_midi, write_midi
from core.score import Key
from tests.app.composing import compose, current, give, notes, primer
from tests.app.drive import page, players, problems, settle
from ui.compose import downloads, stage

pytestmark = pytest.mark.usefixtures("composing")


def test_melody_is_redrawn_in_the_chosen_bars_alone_and_undone(monkeypatch):
    monkeypatch.setattr(stage, "_roll", chosen_bars(stage._roll, (2, 3)))
    at = page("compose")
    before = notes(at)
    at = settle(at.button(key="compose_redraw_melody").click().run(), job="compose_job")
    after = notes(at)
    assert [a == b for a, b in zip(after, before, strict=True)] == [False, True, True, True]
    moved = set(after[0].notes) ^ set(before[0].notes)
    assert {note.start // 96 for note in moved} <= {2, 3}
    assert "redrawn once" in " ".join(caption.value for caption in at.caption)
    assert "redraws" in at.query_params
    at.button(key="compose_undo").click().run()
    assert notes(at) == before
    assert not [b for b in at.button if b.key == "compose_undo"]


def test_locked_bars_stay_when_all_is_redrawn(monkeypatch):
    real = stage._roll
    monkeypatch.setattr(stage, "_roll", chosen_bars(real, (0, 1)))
    at = page("compose")
    before = notes(at)
    at.button(key="compose_lock").click().run()
    assert players(at)[0]["locked"] == [0, 1]
    monkeypatch.setattr(stage, "_roll", chosen_bars(real, ()))
    at = settle(at.run().button(key="compose_redraw_all").click().run(), job="compose_job")
    for old, new in zip(before, notes(at), strict=True):
        assert [n for n in old.notes if n.start < 192] == [n for n in new.notes if n.start < 192]
    assert notes(at) != before
    assert players(at)[0]["locked"] == [0, 1]


def test_a_taken_choice_stands_and_what_follows_is_new(monkeypatch):
    real = stage._roll
    at = page("compose")
    note = notes(at)[0].notes[3]
    taken = Taken(0, note.start, note.pitch, note.pitch + 2)
    told = [taken]

    def touched(piece, *, editable):
        found = real(piece, editable=editable)
        return type(found)((), told.pop()) if told else found

    monkeypatch.setattr(stage, "_roll", touched)
    before = notes(at)
    at = settle(at.run(), job="compose_job")
    after = notes(at)
    assert (note.start, note.pitch + 2) in {(n.start, n.pitch) for n in after[0].notes}
    assert note not in after[0].notes
    for old, new in zip(before, after, strict=True):
        early = [n for n in old.notes if n.start < note.start]
        assert early == [n for n in new.notes if n.start < note.start]
    assert current(at).plan.steps[0].taken == taken


def chosen_bars(real, bars):
    def touched(piece, *, editable):
        found = real(piece, editable=editable)
        return type(found)(bars, found.taken)

    return touched


def test_a_link_replays_the_very_notes_with_its_redraws():
    plan = Plan("composer", 8, 3, Controls(genre="jazz", key=Key(7, "major"))).then(
        Step(frozenset({2, 3}), frozenset({0}), 11)
    )
    made = plans.make(plan, None)
    runs = [settle(page("compose", **plan.query()), job="compose_job") for _ in range(2)]
    for at in runs:
        assert problems(at) == []
        assert current(at).plan == plan
        assert current(at).made.score == made.score
    assert runs[0].selectbox(key="compose_genre_composer").value == "jazz"


def test_the_finished_pieces_own_link_makes_nothing(monkeypatch):
    monkeypatch.setattr(plans, "make", lambda *a, **k: pytest.fail("composed"))
    at = page("compose", engine="composer", bars="8", seed="0", genre="pop")
    assert at.header[0].value == "Piece study"
    assert "compose_job" not in at.session_state


def test_a_link_with_a_primer_asks_for_it_and_then_makes_the_piece():
    data = write_midi(primer())
    plan = Plan("composer", 4, 2, primer_sha256=hashlib.sha256(data).hexdigest())
    at = page("compose", **plan.query())
    assert plan.primer_sha256[:12] in at.info[0].value
    at = give(at, "other.mid", write_midi(primer(5)))
    assert "compose_job" not in at.session_state
    at = settle(give(at, "tune.mid", data), job="compose_job")
    assert current(at).plan == plan
    assert current(at).made.score.bars == 8


@pytest.mark.parametrize(
    "query",
    [
        {"engine": "magic"},
        {"engine": "composer", "bars": "1e9"},
        {"engine": "composer", "seed": "-1", "tempo_bpm": "nan"},
        {"engine": "composer", "key": "H minor"},
        {"engine": "composer", "redraws": "b0-99999999_t0_s1"},
        {"engine": "composer", "genre": "../../etc"},
    ],
)
def test_a_wrong_link_is_answered_with_one_sentence_and_defaults(query):
    at = settle(page("compose", **query, **({"bars": "4"} if "bars" not in query else {})),
                job="compose_job")  # fmt: skip
    assert not at.exception
    assert current(at).plan.engine == "composer"


def test_downloads_hold_the_notes_and_a_recipe_that_replays_them():
    at = compose(page("compose"), compose_bars=4, compose_seed=9)
    piece = current(at)
    with zipfile.ZipFile(io.BytesIO(downloads.bundle_zip(piece))) as archive:
        assert archive.read("piece.mid")[:4] == b"MThd"
        assert b"<score-partwise" in archive.read("piece.musicxml")
        assert archive.read("piece.wav")[:4] == b"RIFF"
        rows = list(csv.DictReader(io.StringIO(archive.read("notes.csv").decode())))
        recipe = gallery.Recipe.from_json(archive.read("recipe.json").decode())
    assert len(rows) == piece.made.score.note_count
    again = plans.make(plans.of_recipe(recipe), None)
    assert again.score == piece.made.score
    read = read_midi(downloads.midi(piece))
    ours = sorted((n.start, n.pitch, n.duration) for _, n in piece.made.score.notes())
    assert sorted((n.start, n.pitch, n.duration) for _, n in read.notes()) == ours


def test_sheet_music_and_table_come_when_asked_for():
    at = page("compose")
    at.button_group(key="compose_view").set_value("Sheet music").run()
    assert not at.exception
    sheet = players(at)[1]
    assert len(sheet["wide"]) == 1
    assert len(sheet["narrow"]) >= 1
    at.button_group(key="compose_view").set_value("Note table").run()
    assert len(at.dataframe[0].value) == current(at).made.score.note_count


def test_gallery_shows_pieces_and_filters_by_kind(monkeypatch, gallery_folder, pieces_folder):
    at = page("gallery")
    assert [box.value for box in at.header] == ["Piece study"]
    assert players(at) == []
    at.toggle(key="gallery_open_compose_study").set_value(True).run()
    assert players(at)[0]["tracks"][0]["name"] == "lead"
