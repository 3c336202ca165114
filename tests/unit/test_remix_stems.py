"""The remixers' material: excerpts of multitrack MIDI as aligned stems, and recordings."""

import csv
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile as sf

from core.remixing.stems import SOLO, STEMS
from training import remix_stems, stem_choice
from training.dataset import tracks
from training.remix_stems import RATE, build, load, real_pieces
from training.stem_excerpts import bar_lines, excerpt_of
from training.stem_parts import Line, read_song
from training.stem_programs import draw_program

BUNDLED = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
SECONDS = 4.0


def part(name, program, rows, is_drum=False):
    made = pretty_midi.Instrument(program, is_drum, name)
    made.notes = [pretty_midi.Note(velocity, pitch, on, off) for on, off, pitch, velocity in rows]
    return made


def tune(seconds, start=0.0, pitches=(67, 69, 71, 72, 74)):
    times = np.arange(start, seconds, 0.5)
    return [(t, t + 0.45, pitches[i * 2 % len(pitches)], 90) for i, t in enumerate(times)]


def chords(seconds, low=48):
    times = np.arange(0, seconds, 1.0)
    return [(t, t + 0.9, low + step, 70) for t in times for step in (0, 4, 7)]


def beat(seconds):
    return [
        (t, t + 0.1, 36 if i % 2 == 0 else 42, 100)
        for i, t in enumerate(np.arange(0, seconds, 0.5))
    ]


def band(seconds):
    return [
        part("bass", 32, [(t, t + 0.9, 36, 100) for t in np.arange(0, seconds, 1.0)]),
        part("drums", 0, beat(seconds), is_drum=True),
        part("piano", 0, chords(seconds)),
    ]


def write(data, subset, rows, songs):
    """A subset: an index of `rows`, each (id, further columns), and their MIDI files."""
    folder = data / subset
    (folder / "midi").mkdir(parents=True)
    rows = [
        {"path": f"{subset}/midi/{row['id']}.mid", "group": row["id"], "split": "train"} | row
        for row in rows
    ]
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)
    for row, (instruments, metre, tempo) in zip(rows, songs, strict=True):
        midi = pretty_midi.PrettyMIDI(initial_tempo=tempo)
        midi.time_signature_changes.append(pretty_midi.TimeSignature(*metre, 0))
        midi.instruments += instruments
        midi.write(str(data / row["path"]))


def arranged(name, **more):
    return {"id": name, "genre": "rock", "meter": "4/4", "heldout_groove": "0", **more}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    songs = [
        ([part("solo", 73, tune(10, 2.0)), *band(10)], (4, 4), 120),
        ([part("solo", 73, tune(8)), *band(8)], (3, 4), 150),
    ]
    write(data, "midi_arranged", [arranged("tune"), arranged("waltz", meter="3/4")], songs)
    return data


@pytest.fixture(scope="module")
def built(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("stems")
    files = build(data, out, split="train", seconds=SECONDS, soundfont=BUNDLED)
    return out, files


def by_id(out):
    return {piece.id: piece for piece in load(out, "train")}


def song(folder, subset, instruments, metre=(4, 4), tempo=120, marks=None):
    write(folder, subset, [{"id": "x"}], [(instruments, metre, tempo)])
    return read_song(tracks(folder, subset)[0], marks)


def test_stems_are_whole_aligned_and_do_not_clip(built):
    piece = by_id(built[0])["tune"]
    assert (piece.subset, piece.split, piece.genre) == ("midi_arranged", "train", "rock")
    sounds = {SOLO: piece.solo, **piece.stems}
    assert tuple(sounds) == (SOLO, *STEMS) == tuple(piece.notes)
    assert {(x.shape, x.dtype) for x in sounds.values()} == {
        ((round(SECONDS * RATE),), np.dtype(np.float32))
    }
    assert not piece.stems["other"].any()
    assert len(piece.notes["other"]) == 0
    assert set(piece.programs) == {SOLO, "drums", "bass", "piano"}
    assert piece.programs["drums"] == -1
    for name in piece.programs:
        assert 0.02 < np.abs(sounds[name]).max() <= remix_stems.PEAK
    assert 0.5 < np.abs(sum(sounds.values())).max() <= remix_stems.PEAK


def test_beats_and_notes_say_when_things_sound(built):
    piece = by_id(built[0])["tune"]
    assert (piece.metre, by_id(built[0])["waltz"].metre) == ((4, 4), (3, 4))
    assert piece.tempo_bpm == pytest.approx(120, abs=0.01)
    assert piece.beats[:, 0] == pytest.approx(np.arange(8) * 0.5, abs=0.002)
    assert piece.beats[:, 1].tolist() == [0, 1, 2, 3] * 2
    # Notes were written on the beats: as played they are a little beside them, and sound there.
    for name in (SOLO, "drums", "bass"):
        late = np.min(np.abs(piece.notes[name][:, :1] - piece.beats[:, 0]), axis=1)
        assert 0 < late.max() < 0.025
    drums = np.abs(piece.stems["drums"])
    for onset in piece.notes["drums"][1:, 0]:
        at = round(onset * RATE)
        assert drums[at : at + 200].max() > 2 * drums[at - 220 : at - 20].max()


def test_compound_bars_have_beats_of_dotted_quarters(tmp_path):
    jig = [part("solo", 73, tune(12)), *band(12)]
    found = song(tmp_path, "midi_arranged", jig, metre=(6, 4), tempo=180)
    excerpt = excerpt_of(found, 3.9, np.random.default_rng(0))
    assert excerpt.metre == (6, 8)
    assert excerpt.tempo_bpm == pytest.approx(60, abs=0.01)
    assert excerpt.beats[:, 1].tolist() == [0, 1, 0, 1]


def test_what_is_there_is_kept_and_other_parameters_are_other_files(data, built):
    out, files = built
    before = [(file, file.stat().st_mtime_ns) for file in files]
    assert build(data, out, split="train", seconds=SECONDS, soundfont=BUNDLED, limit=1) == files[:1]
    files[0].unlink()
    again = build(data, out, split="train", seconds=SECONDS, soundfont=BUNDLED)
    assert again == files
    assert files[1].stat().st_mtime_ns == before[1][1]
    assert files[0].stat().st_mtime_ns > before[0][1]
    longer = build(data, out, split="train", seconds=5.0, soundfont=BUNDLED, limit=1)
    assert not set(longer) & set(files)
    assert [len(piece.solo) for piece in load(out, "train")] == [5 * RATE]
    build(data, out, split="train", seconds=SECONDS, soundfont=BUNDLED)


def test_the_seed_decides_and_the_soundfont_does_not(data, built, tmp_path):
    kept = load(built[0], "train")[0]
    copy = tmp_path / "other.sf2"
    copy.write_bytes(BUNDLED.read_bytes())

    def first(name, **options):
        build(data, tmp_path / name, split="train", seconds=SECONDS, limit=1, **options)
        return load(tmp_path / name, "train")[0]

    same, seeded = first("a", soundfont=copy), first("b", soundfont=BUNDLED, seed=1)
    assert same.id == seeded.id == kept.id
    assert all(np.array_equal(same.notes[name], kept.notes[name]) for name in kept.notes)
    assert same.programs == kept.programs
    assert np.array_equal(same.solo, kept.solo)
    assert not np.array_equal(seeded.notes[SOLO], kept.notes[SOLO])


def test_few_jigs_and_held_out_grooves_first(tmp_path):
    rows = [arranged(f"j{at}", meter="6/8", path="p", group="g", split="test") for at in range(50)]
    rows += [arranged(f"t{at}", path="p", group="g", split="test") for at in range(40)]
    rows += [arranged("new", heldout_groove="1", path="p", group="g", split="test")]
    (tmp_path / "midi_arranged").mkdir()
    with (tmp_path / "midi_arranged" / "index.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)
    order = [track for _, track, _ in stem_choice.wanted(tmp_path, "test", 0, ("midi_arranged",))]
    jigs = np.cumsum([track.row["meter"] == "6/8" for track in order])
    assert (jigs <= 0.1 * np.arange(1, len(jigs) + 1)).all()
    assert (jigs[-1], len(order), order[0].id) == (4, 45, "new")


def test_the_tune_of_a_song_leads_and_its_copies_are_left_out(tmp_path):
    seconds = 20
    lead = tune(seconds)
    echo = [(on + 0.02, off + 0.02, pitch - 12, 60) for on, off, pitch, _ in lead]
    found = song(
        tmp_path,
        "midi_multitrack",
        [
            part("a", 48, chords(seconds, 55)),
            part("b", 73, lead),
            part("c", 80, echo),
            part("d", 33, [(t, t + 0.9, 36 + int(t) % 5, 90) for t in range(seconds)]),
            part("e", 4, chords(seconds)),
            part("f", 0, beat(seconds), is_drum=True),
        ],
    )
    assert found.solo.program == 73
    assert {name: [x.program for x in lines] for name, lines in found.stems.items()} == {
        "drums": [-1],
        "bass": [33],
        "piano": [4],
        "other": [48],
    }


def test_pop_songs_have_the_annotations_beats_from_the_first_downbeat(tmp_path):
    marks = {"beats": [[0.1 + 0.6 * at, 0, int(at % 4 == 2)] for at in range(40)]}
    found = song(
        tmp_path,
        "midi_pop909",
        [part("MELODY", 0, tune(20)), part("BRIDGE", 0, tune(20)), part("PIANO", 0, chords(20))],
        marks=marks,
    )
    assert set(found.stems) == {"piano", "other"}
    assert found.beats[:5].tolist() == pytest.approx(
        np.array([[1.3, 0], [1.9, 1], [2.5, 2], [3.1, 3], [3.7, 0]])
    )
    assert read_song(tracks(tmp_path, "midi_pop909")[0], {"beats": marks["beats"][:6]}) is None


def test_programs_suit_the_part_and_its_range():
    rng = np.random.default_rng(0)
    low, tuned = Line(0, np.array([[0, 1, 41, 90.0]])), Line(0, np.array([[0, 1, 74, 90.0]]))

    def drawn(name, line):
        return {draw_program(name, line, rng) for _ in range(200)}

    solos = {name: drawn(SOLO, line) for name, line in (("low", low), ("tune", tuned))}
    assert 73 in solos["tune"] - solos["low"]
    assert 70 in solos["low"] - solos["tune"]
    assert min(len(programs) for programs in solos.values()) >= 4
    assert drawn("bass", low) <= set(range(32, 39))
    assert drawn("piano", low) <= set(range(6))
    assert not drawn("other", low) & set(range(8))
    assert drawn("other", Line(119, low.notes)) == {119}
    assert drawn("drums", low) == {-1}


def test_a_song_with_an_upbeat_has_its_bar_lines_where_the_metre_changes_say(tmp_path):
    write(tmp_path, "midi_lieder", [{"id": "x"}], [([], (3, 4), 60)])
    midi = pretty_midi.PrettyMIDI(initial_tempo=60)
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(3, 4, 0),
        pretty_midi.TimeSignature(2, 4, 7.5),
    ]
    midi.instruments = [part("voice", 53, tune(14)), part("piano", 0, chords(14))]
    midi.write(str(tmp_path / "midi_lieder" / "midi" / "x.mid"))
    found = read_song(tracks(tmp_path, "midi_lieder")[0])
    # An upbeat of a beat and a half: the first whole beat is the bar's last.
    assert found.beats[:9].tolist() == [
        [0.5, 2], [1.5, 0], [2.5, 1], [3.5, 2], [4.5, 0], [5.5, 1], [6.5, 2], [7.5, 0], [8.5, 1]
    ]  # fmt: skip
    assert found.metres[6:8] == [(3, 4), (2, 4)]


def test_excerpts_start_where_enough_is_playing(tmp_path):
    late = song(tmp_path / "a", "midi_arranged", [part("solo", 73, tune(40, 20.0)), *band(40)])
    starts = late.beats[bar_lines(late, 10.0), 0]
    assert starts.min() == pytest.approx(16.0, abs=2.0)
    assert starts.max() <= 30.0
    alone = song(tmp_path / "b", "midi_arranged", [part("solo", 73, tune(5)), *band(40)])
    assert excerpt_of(alone, 20.0, np.random.default_rng(0)) is None


def test_recordings_are_cut_where_both_play(tmp_path):
    rng = np.random.default_rng(0)
    guitar, band = rng.normal(0, 0.3, (2, 7 * RATE))
    band[3 * RATE : 4 * RATE] = 0
    (tmp_path / "audio_stems_guitar").mkdir()
    for name, samples in (("g", guitar), ("b", band)):
        sf.write(tmp_path / f"{name}.wav", np.clip(samples, -1, 1), RATE)
    row = {"id": "song", "guitar": "g.wav", "band": "b.wav", "genre": "metal", "split": "test"}
    with (tmp_path / "audio_stems_guitar" / "index.csv").open("w", encoding="utf-8") as file:
        out = csv.DictWriter(file, row.keys())
        out.writeheader()
        out.writerow(row)
    pieces = real_pieces(tmp_path, "test", 1.0)
    assert [piece.start_s for piece in pieces] == [0, 1, 2, 4, 5, 6]
    first = pieces[0]
    assert not any(first.stems[name].any() for name in ("drums", "bass", "piano"))
    assert np.abs(first.solo + first.stems["other"]).max() <= remix_stems.PEAK + 1e-6
    guitar, band = np.clip(guitar[:RATE], -1, 1), np.clip(band[:RATE], -1, 1)
    gain = np.abs(first.solo).max() / np.abs(guitar).max()
    assert np.abs(first.solo - gain * guitar).max() < 1e-3
    assert np.abs(first.stems["other"] - gain * band).max() < 1e-3
    assert real_pieces(tmp_path, "train", 1.0) == []
    assert real_pieces(tmp_path / "nowhere", "train", 1.0) == []
