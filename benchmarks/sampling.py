"""Samplers on notes of instruments that they never heard: what comes back, in tune or not.

    python -m benchmarks sampling --data DIR --json benchmarks/results/sampling.json

Each engine encodes test notes and decodes what it found; rungs stand beside it. An engine that
plays pitches is told the note's pitch where it hears none by itself (heard_share says how often it
does), and is asked for other pitches too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.frechet import TRUE, Embeddings
from benchmarks.results import Results, Row, Table, summarise
from benchmarks.sampling_networks import Families, detected
from benchmarks.sampling_notes import (
    PARAMS,
    Nearest,
    Sound,
    comparable,
    from_picture,
    mean_sound,
    notes,
)
from benchmarks.sampling_pitch import in_tune
from core.audio import Clip, FloatArray
from core.engines import Sampler, engines, sampler
from core.errors import ModelUnavailableError, UserInputError
from core.metrics import log_mel_distance_db, spectral_convergence_db
from core.sampling.playing import along
from core.sampling.sound import Latent, Touch
from core.spectrogram import log_mel_db, mel_power, stft, to_db

TEST_NOTES, JUDGE_NOTES, SEARCHED = 108, 120, 1200
"""Notes that are tested, those that judges learn from, and those that are searched."""
EPOCHS = 12
LOWEST_ASKED, HIGHEST_ASKED = 36, 84
SAMPLES, PAIRS = 500, 4000
WALKS, STEPS = 10, 20
GAINS_DB = range(-30, 31)
TRUTH, NEAREST, MEAN, INVERTED = (
    "true notes", "nearest training note", "mean of all training notes",
    "mel inversion of the true note",
)  # fmt: skip
PIANO = "mel-vae-2d-piano"
"""It learned 3 s of piano music, no single notes: its figures on notes would say nothing."""


@dataclass
class Tally:
    """What one engine or rung made of the test notes, and the figures of each."""

    name: str
    kind: str
    pictures: list[FloatArray] = field(default_factory=list)
    figures: list[dict[str, float]] = field(default_factory=list)

    def add(self, sound: Sound, made: Clip, heard: Embeddings, **more: float) -> None:
        """One test note and what was made of it; `more` are figures of its own."""
        made = comparable(made)
        picture = log_mel_db(made, PARAMS)
        self.pictures.append(picture)
        heard.add(self.name, sound.track.id, sound.clip, made, sound.clip)
        self.figures.append(
            {
                "log_mel_distance_db": distance_db(made, sound),
                "spectral_convergence_db": spectral_convergence_db(
                    made.samples[0], sound.magnitude, PARAMS
                ),
                **({} if "pitch_accuracy" in more else {
                    "pitch_accuracy": float(in_tune(made, sound.pitch))
                }),
                **more,
            }
        )  # fmt: skip


def distance_db(made: Clip, sound: Sound) -> float:
    """Log-mel distance from the true note, at the level at which the sound is nearest to it.

    A blurred picture at the note's own root mean square is louder nearly everywhere: that would
    count its level against it, which a listener would turn down.
    """
    power = mel_power(np.abs(stft(made.samples[0], PARAMS)), PARAMS)
    return min(
        log_mel_distance_db(to_db(power * np.float32(10 ** (gain / 10)), PARAMS), sound.picture)
        for gain in GAINS_DB
    )


def placed(engine: Sampler, sound: Sound) -> tuple[Latent, bool]:
    """(latent, whether the engine found it by itself); else it is told the pitch, if it may be."""
    try:
        return engine.encode(sound.clip), True
    except UserInputError:
        told = getattr(engine, "encode_at", None)
        if told is None:
            raise
        return told(sound.clip, float(sound.pitch)), False


def touch_of(latent: Latent, sound: Sound) -> Touch:
    """As the true note was played: at its pitch, held as long."""
    pitch = float(sound.pitch) if latent.pitch is None else latent.pitch
    return Touch(pitch=pitch)


def reconstruct(
    name: str, sounds: Sequence[Sound], heard: Embeddings, *, ask: bool = True
) -> Tally | None:
    """What an engine makes of the notes; None where its weights are missing."""
    engine, tally = sampler(name), Tally(name, "engine")
    rng = np.random.default_rng(0)
    for index, sound in enumerate(sounds):
        try:
            latent, alone = placed(engine, sound)
            touch = touch_of(latent, sound)
            if index == 0:
                engine.decode(latent, touch)
            start = time.perf_counter()
            made = engine.decode(latent, touch)
            spent = 1000 * (time.perf_counter() - start)
        except ModelUnavailableError as error:
            print(f"{name}: {error}", flush=True)
            return None
        more = {"sample_ms": spent}
        if engine.plays_pitches:
            more["heard_share"] = float(alone)
            if ask:
                asked = float(rng.integers(LOWEST_ASKED, HIGHEST_ASKED + 1))
                other = engine.decode(latent, Touch(pitch=asked))
                more["pitch_accuracy"] = float(in_tune(other, asked))
        tally.add(sound, made, heard, **more)
        if index % 20 == 19:
            print(f"{name}: {index + 1}/{len(sounds)}", flush=True)
    return tally


def rungs(sounds: Sequence[Sound], training: Sequence[Sound], heard: Embeddings) -> list[Tally]:
    """The truth, and what needs no network."""
    nearest, mean = Nearest(training), mean_sound(training)
    out = [Tally(name, "rung") for name in (TRUTH, NEAREST, MEAN, INVERTED)]
    for sound in sounds:
        made = (sound.clip, nearest.to(sound), mean, from_picture(sound.picture))
        for tally, clip in zip(out, made, strict=True):
            tally.add(sound, clip, heard)
    # The truth's distance to itself says nothing; what the estimators hear in it does.
    out[0].figures = [{"pitch_accuracy": item["pitch_accuracy"]} for item in out[0].figures]
    return out


def random_places(engine: Sampler, count: int, rng: np.random.Generator) -> list[Latent]:
    """Anywhere on what is shown of the plane."""
    plane = engine.plane
    x = rng.uniform(plane.x_low, plane.x_high, count)
    y = rng.uniform(plane.y_low, plane.y_high, count)
    return [engine.at(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def diversity_db(pictures: Sequence[FloatArray], rng: np.random.Generator) -> list[float]:
    """Log-mel distances of PAIRS random pairs."""
    first, second = rng.integers(0, len(pictures), (2, PAIRS))
    return [
        log_mel_distance_db(pictures[a], pictures[b])
        for a, b in zip(first, second, strict=True) if a != b
    ]  # fmt: skip


def sampled(name: str, pitches: Sequence[int], count: int) -> list[FloatArray]:
    """Pictures of random samples, at random training pitches where the engine plays any."""
    engine, rng = sampler(name), np.random.default_rng(1)
    places = random_places(engine, count, rng)
    return [
        log_mel_db(comparable(engine.decode(place, Touch(float(rng.choice(pitches))))), PARAMS)
        for place in places
    ]


def steps_of_walks(name: str, walks: int) -> list[float]:
    """Of each walk between two training sounds: its largest step over its median step."""
    engine, rng = sampler(name), np.random.default_rng(2)
    points = engine.points()
    found = []
    for _ in range(walks):
        ends = [points[int(i)].latent for i in rng.choice(len(points), 2, replace=False)]
        pictures = [
            log_mel_db(comparable(engine.decode(place, Touch(60.0))), PARAMS)
            for place in along(ends, STEPS + 1)
        ]
        changes = [log_mel_distance_db(a, b) for a, b in pairwise(pictures)]
        found.append(max(changes) / max(float(np.median(changes)), 1e-6))
    return found


def judged(name: str, training: Sequence[Sound], tally: Tally, true: Tally) -> list[float]:
    """A judge's accuracy on the test notes, learned from what the engine makes of training ones."""
    own = reconstruct(name, training, Embeddings(), ask=False)
    if own is None:
        return []
    pairs = ([sound.picture for sound in training], own.pictures)
    return list(detected(pairs, (true.pictures, tally.pictures), EPOCHS))


def interval(values: Sequence[float]) -> dict[str, float]:
    """{mean, low, high} of values that stand for themselves."""
    row = summarise("", "rung", [{"diversity_db": v} for v in values],
                    [str(i) for i in range(len(values))])  # fmt: skip
    return dict(row.metrics["diversity_db"])


def by_family(tallies: Sequence[Tally], sounds: Sequence[Sound]) -> Table:
    """Log-mel distance of each family of instruments."""
    families = sorted({sound.family for sound in sounds})
    lines = []
    for tally in tallies:
        if tally.name != TRUTH:
            distances = np.array([item["log_mel_distance_db"] for item in tally.figures])
            own = [np.array([sound.family == family for sound in sounds]) for family in families]
            lines.append([tally.name, *(f"{distances[rows].mean():.1f}" for rows in own)])
    return Table(
        "Log-mel distance by family", "dB, of instruments that no engine heard in training.",
        ["what", *families], lines,
    )  # fmt: skip


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark. limit: test notes; the judges then learn from as many."""
    sounds = notes(data, split, min(limit or TEST_NOTES, TEST_NOTES))
    training = notes(data, "train", min(20 * (limit or SEARCHED), SEARCHED))
    few = notes(data, "train", min(limit or JUDGE_NOTES, JUDGE_NOTES))
    heard = Embeddings()
    for sound in sounds:
        heard.add(TRUE, sound.track.id, sound.clip, sound.clip, sound.clip)
    names = [e.name for e in engines("sample") if e.name != PIANO and e.name in (wanted or e.name)]
    tallies = [t for name in names if (t := reconstruct(name, sounds, heard)) is not None]
    still = rungs(sounds, training, heard)
    families = Families(training, EPOCHS)
    rows: list[Row] = []
    instruments = [sound.instrument for sound in sounds]
    pitches = [sound.pitch for sound in training]
    for tally in [*tallies, *still]:
        right = families.right(tally.pictures, sounds)
        detections: Sequence[float] = []
        if tally.kind == "engine":
            detections = judged(tally.name, few, tally, still[0])
        for index, item in enumerate(tally.figures):
            item["family_accuracy"] = float(right[index])
            if len(detections):
                item["detection_accuracy"] = float(detections[index])
        row = summarise(tally.name, tally.kind, tally.figures, instruments)  # type: ignore[arg-type]
        more = {}
        if tally.kind == "engine":
            count = min(SAMPLES, 4 * (limit or SAMPLES))
            more["diversity_db"] = interval(
                diversity_db(sampled(tally.name, pitches, count), np.random.default_rng(3))
            )
            more["largest_step"] = interval(steps_of_walks(tally.name, min(WALKS, limit or WALKS)))
        elif tally.name == TRUTH:
            more["diversity_db"] = interval(
                diversity_db([s.picture for s in training], np.random.default_rng(3))
            )
        if tally.name != TRUTH and (distance := heard.interval(tally.name)):
            more["frechet_distance"] = distance
        rows.append(replace(row, metrics={**row.metrics, **more}))
        print(tally.name, flush=True)
    described = (
        f"notes/{split}, {len(set(instruments))} instruments in {len({s.family for s in sounds})} "
        f"families, none of them in training; 3 s at {PARAMS.sample_rate} Hz, each at the level at "
        "which it is nearest to the true note"
    )
    return Results(
        "sampling", described, len(sounds), rows, [by_family([*tallies, *still], sounds)]
    )
