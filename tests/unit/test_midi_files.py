"""MIDI files in and out: round trips, what other programs read, and everything odd."""

import dataclasses
import io
import time
import tracemalloc
from itertools import pairwise

import numpy as np
import pretty_midi
import pytest

from core.errors import UserInputError
from core.limits import MAX_BARS
from core.merging import MAX_TRACKS
from core.midi_files import read_midi, write_midi
from core.score import Key, Note, Score, Track
from core.score_files import note_csv, note_table, read_score
from tests.unit.scores import END, chunk, delta, event, head, melody, midi, song


def starts(score):
    return [note.start for _, note in score.notes()]


def plain(count=8, length=24, first=60):
    return [Note(length * i, first + i, length) for i in range(count)]


def test_a_written_score_is_read_again_as_it_was():
    score = song()
    assert read_midi(write_midi(score)) == dataclasses.replace(score, tempo_bpm=100.0)
    waltz = dataclasses.replace(
        song(6, 87.5, Key(0, "minor")), beats=3, bars=8, tracks=song(6).tracks[:2]
    )
    assert read_midi(write_midi(waltz)) == waltz
    assert write_midi(score) == write_midi(song())


def test_pretty_midi_reads_the_same_notes_and_programs():
    score = song()
    other = pretty_midi.PrettyMIDI(io.BytesIO(write_midi(score)))
    assert other.get_tempo_changes()[1].tolist() == [100.0]
    assert [(k.key_number, k.time) for k in other.key_signature_changes] == [(7, 0.0)]
    assert [(t.name, t.program, t.is_drum) for t in score.tracks] == [
        (t.name, t.program, t.is_drum) for t in other.instruments
    ]
    for track, instrument in zip(score.tracks, other.instruments, strict=True):
        second = score.seconds_per_tick
        want = sorted((n.pitch, n.velocity, n.start * second, n.end * second) for n in track.notes)
        got = sorted((n.pitch, n.velocity, n.start, n.end) for n in instrument.notes)
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_more_pitched_tracks_than_channels_keep_their_programs():
    tracks = tuple(Track(f"T{i}", i, tuple(plain(4, 24, 40 + i))) for i in range(20))
    score = Score(tracks, 1)
    other = pretty_midi.PrettyMIDI(io.BytesIO(write_midi(score)))
    assert [t.program for t in other.instruments] == list(range(20))
    assert [len(t.notes) for t in other.instruments] == [4] * 20
    assert not any(t.is_drum for t in other.instruments)


def test_overlapping_notes_of_one_pitch_end_where_the_next_begins():
    score = Score((Track("A", 0, (Note(0, 60, 48), Note(24, 60, 24), Note(24, 60, 12))),), 1)
    assert read_midi(write_midi(score)).tracks[0].notes == (Note(0, 60, 24), Note(24, 60, 24))


@pytest.mark.parametrize("key", [Key(t, mode) for t in range(12) for mode in ("major", "minor")])
def test_every_key_is_written_and_read(key):
    # C major is doubted where the notes contradict it, so these are of the key itself.
    steps = (0, 4, 7, 12) if key.mode == "major" else (0, 3, 7, 12)
    notes = tuple(Note(24 * i, 60 + key.tonic + step, 24) for i, step in enumerate(steps))
    score = Score((Track("A", 0, notes),), 1, key=key)
    assert read_midi(write_midi(score)).key == key


def test_without_a_key_or_with_an_unlikely_default_it_is_estimated():
    steps = [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0]
    notes = tuple(Note(24 * i, 52 + step, 24) for i, step in enumerate(steps))
    score = Score((Track("A", 0, notes),), 3)
    assert read_midi(write_midi(score)).key == Key(4, "major")
    default = dataclasses.replace(score, key=Key(0, "major"))
    assert read_midi(write_midi(default)).key == Key(4, "major")


def test_types_0_1_and_2():
    both = melody(0) + event(0, 0xC1, 40) + melody(1)
    assert [t.program for t in read_midi(midi(both)).tracks] == [0, 40]
    score = read_midi(midi(melody(0), melody(1, 4), midi_type=1))
    assert [len(t.notes) for t in score.tracks] == [8, 4]
    assert starts(score)[:2] == [0, 0]
    one_after_another = read_midi(midi(melody(0), melody(1, 4), midi_type=2))
    assert starts(one_after_another)[8:] == [192, 216, 240, 264]


def test_running_status_and_velocity_0_as_note_off():
    body = event(0, 0x90, 60, 80) + b"".join(
        event(480, 60 + i, 0) + event(0, 61 + i, 80) for i in range(7)
    )
    score = read_midi(midi(body + event(480, 67, 0)))
    assert [n.pitch for n in score.tracks[0].notes] == list(range(60, 68))
    assert {n.duration for n in score.tracks[0].notes} == {24}


def test_unknown_meta_and_exclusive_events_are_passed_over():
    odd = event(0, 0xFF, 0x7A, 3, 1, 2, 3) + event(0, 0xF0, 3, 1, 2, 0xF7) + event(0, 0xF1, 5)
    odd += event(0, 0xFF, 0x01, 0) + event(0, 0xF8) + event(0, 0xE0, 1, 2) + event(0, 0xD0, 7)
    assert len(read_midi(midi(odd + melody())).tracks[0].notes) == 8


def tempo(ticks, quarter_us):
    return event(ticks, 0xFF, 0x51, 3, *quarter_us.to_bytes(3, "big"))


def test_tempo_0_is_ignored_and_the_lasting_tempo_is_the_scores():
    assert read_midi(midi(tempo(0, 0) + melody())).tempo_bpm == 120.0
    assert read_midi(midi(tempo(0, 1_000_000) + melody())).tempo_bpm == 60.0
    # A tempo for one instant, and a ritardando at the end.
    body = tempo(0, 250_000) + tempo(1, 750_000) + melody() + tempo(0, 900_000)
    assert read_midi(midi(body)).tempo_bpm == 80.0
    assert read_midi(midi(tempo(0, 1) + melody())).tempo_bpm == 480.0


def test_a_tempo_map_does_not_move_the_notes():
    body = b"".join(tempo(0, 400_000 + 50_000 * i) + melody(count=1) for i in range(8))
    assert starts(read_midi(midi(body))) == [24 * i for i in range(8)]


@pytest.mark.parametrize("division", [1, 96, 100, 220, 960, 32767])
def test_every_resolution(division):
    score = read_midi(midi(melody(length=division), division=division))
    assert starts(score) == [24 * i for i in range(8)]
    assert {n.duration for n in score.tracks[0].notes} == {24}


def test_smpte_time_is_taken_for_120_quarters_a_minute():
    # 25 frames of 40 ticks: a thousand a second, 500 a quarter.
    score = read_midi(midi(melody(length=500), division=(256 - 25) << 8 | 40))
    assert (score.tempo_bpm, starts(score)) == (120.0, [24 * i for i in range(8)])
    assert read_midi(midi(melody(), division=0xFFFF)).note_count > 0


def test_division_0_is_taken_for_the_usual_one():
    assert starts(read_midi(midi(melody(), division=0))) == [24 * i for i in range(8)]


def test_a_negative_time_is_a_very_long_one_and_ends_in_a_sentence():
    with pytest.raises(UserInputError, match="longer than 2,000 bars"):
        read_midi(midi(melody() + b"\xff\xff\xff\x7f" + bytes([0x90, 60, 80]) + melody()))


def test_a_performance_goes_to_the_grid_of_each_beat():
    rng = np.random.default_rng(1)
    straight = [6 * i for i in range(64)]
    triplets = [384 + 8 * i for i in range(48)]
    exact = np.array(straight + triplets)
    played = np.maximum(exact * 20 + rng.normal(0, 14, len(exact)), 0).round().astype(int)
    body, now = b"", 0
    for at in sorted(played):
        body += event(int(at - now), 0x90, 60, 80) + event(30, 0x90, 60, 0)
        now = at + 30
    score = read_midi(midi(body))
    assert np.mean(np.array(starts(score)) == exact) > 0.97
    assert all(n.start % 6 == 0 or n.start % 8 == 0 for n in score.tracks[0].notes)


def test_a_pickup_ends_where_a_bar_begins():
    metres = event(0, 0xFF, 0x58, 4, 1, 2, 24, 8) + melody(count=1)
    metres += event(0, 0xFF, 0x58, 4, 3, 2, 24, 8) + melody(count=9)
    score = read_midi(midi(metres))
    assert (score.beats, score.bars) == (3, 4)
    assert starts(score)[:2] == [48, 72]


def test_impossible_metres_and_keys_are_ignored():
    odd = event(0, 0xFF, 0x58, 4, 0, 2, 24, 8) + event(0, 0xFF, 0x58, 4, 4, 9, 24, 8)
    odd += event(0, 0xFF, 0x59, 2, 100, 0) + event(0, 0xFF, 0x59, 2, 1, 77)
    score = read_midi(midi(odd + melody()))
    assert (score.beats, score.beat_unit) == (4, 4)


def test_drums_alone_are_a_score():
    score = read_midi(midi(melody(9, first=36)))
    assert [t.is_drum for t in score.tracks] == [True]
    assert score.key is None


def test_a_thousand_tracks_are_merged_by_instrument():
    tracks = [event(0, 0xC0, i % 5) + melody(0, 2, first=40 + i % 60) for i in range(1000)]
    tracks[::10] = [melody(9, 2, first=36 + i % 9) for i in range(100)]
    score = read_midi(midi(*tracks, midi_type=1))
    assert sorted((t.is_drum, t.program) for t in score.tracks) == [
        *((False, i) for i in range(5)),
        (True, 0),
    ]
    many = [event(0, 0xC0, i % 128) + melody(0, 2) for i in range(1000)]
    assert len(read_midi(midi(*many, midi_type=1)).tracks) == MAX_TRACKS


def test_names_of_strangers_are_cleaned():
    name = b"Gr\xfc\xdfe\x00\x1b[31m " + b"x" * 200
    score = read_midi(midi(b"\0\xff\x03" + delta(len(name)) + name + melody()))
    assert score.tracks[0].name.startswith("Grüße [31m xxx")
    assert len(score.tracks[0].name) == 60


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"MThd", "no notes"),
        (head() + chunk(b"MTrk", END), "no notes"),
        (b"\0" * 100, "Notes are read from"),
        (b"RIFF....WAVEfmt ", "Notes are read from"),
    ],
)
def test_what_is_no_music_is_refused_with_a_sentence(data, says):
    with pytest.raises(UserInputError, match=says):
        read_score(data, "file")


def test_a_file_cut_anywhere_gives_what_is_left_or_a_sentence():
    whole = write_midi(song(1))
    counts = []
    for end in range(0, len(whole), 7):
        try:
            counts.append(read_score(whole[:end], "a.mid").note_count)
        except UserInputError:
            counts.append(0)
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] == song(1).note_count


def test_a_track_whose_length_is_wrong_does_not_hide_the_next():
    wrong = b"MTrk" + b"\xff\xff\xff\xff" + melody() + END
    data = head(1, 2) + wrong + chunk(b"MTrk", melody(1) + END)
    assert read_midi(data).note_count == 16
    assert read_midi(b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + midi(melody())).note_count == 8


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (event(0, 0x90, 60, 80) + event(1, 0x90, 60, 0), "more than 100,000 notes"),
        (event(0, 0xB0, 7, 80), "no notes"),
        (event(1, 0xFF, 0x51, 3, 7, 7, 7), "no notes"),
        (b"\x00", "no notes"),
    ],
)
def test_5_mb_of_anything_end_soon(one, says):
    data = midi(one * (5_000_000 // len(one)))
    before = time.thread_time()
    with pytest.raises(UserInputError, match=says):
        read_midi(data)
    assert time.thread_time() - before < 10


def test_reading_stops_at_the_limit_and_takes_little_memory(monkeypatch):
    monkeypatch.setattr("core.midi_events.MAX_NOTES", 5_000)
    one = event(0, 0x90, 60, 80) + event(1, 0x90, 60, 0)
    data = midi(one * (5_000_000 // len(one)))
    tracemalloc.start()
    try:
        with pytest.raises(UserInputError, match="notes"):
            read_midi(data)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_two_hours_are_too_long_and_half_an_hour_is_not():
    two_hours = midi(melody(count=1) + event(120 * 60 * 960, 0x90, 60, 80) + event(9, 0x80, 60, 0))
    with pytest.raises(UserInputError, match="cut it to the part you want"):
        read_midi(two_hours)
    half = midi(melody(count=1) + event(30 * 60 * 960, 0x90, 60, 80) + event(9, 0x80, 60, 0))
    assert read_midi(half).bars == 901
    assert MAX_BARS == 2000


def test_empty_bars_at_the_end_stay_but_not_without_end():
    short = Score((Track("A", 0, tuple(plain())),), 5)
    assert read_midi(write_midi(short)).bars == 5
    assert read_midi(write_midi(dataclasses.replace(short, bars=500))).bars == 10


def test_the_note_table_has_the_papers_columns():
    score = song(1, tempo_bpm=120.0)
    rows = note_table(score)
    assert len(rows) == score.note_count
    assert rows[0]._fields == ("pitch", "start", "end", "step", "duration", "instrument")
    assert [r.start for r in rows] == sorted(r.start for r in rows)
    assert rows[0].step == 0.0
    for before, row in pairwise(rows):
        assert row.step == pytest.approx(row.start - before.start, abs=2e-6)
        assert row.duration == pytest.approx(row.end - row.start, abs=2e-6)
    lines = note_csv(score).decode().splitlines()
    assert lines[0] == "pitch,start,end,step,duration,instrument"
    assert len(lines) == len(rows) + 1
    assert lines[1].split(",")[5] == "Bass"
