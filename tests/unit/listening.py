"""Votes, and a small gallery, for the tests of the listening test."""

import json

import numpy as np
import soundfile as sf

from core.audio import Clip, encode_flac
from core.composition.stems import encode_mp3
from core.listening.votes import NOISE, PAIR, TRUE_OR_GENERATED, TRUTH, Vote


def vote(visit="a" * 16, *, kind=PAIR, shown=("x", "y"), choice=0, item="one", waited_s=10.0):
    """One that counts, unless something else is asked for."""
    return Vote(visit, "2026-11-26", kind, "extrapolate", item, shown, choice, 12.0, waited_s)


def single(visit="a" * 16, *, shown=TRUTH, choice=0, **rest):
    return vote(visit, kind=TRUE_OR_GENERATED, shown=(shown,), choice=choice, **rest)


def check(visit="a" * 16, *, right=True):
    return vote(visit, shown=(NOISE, TRUTH), choice=int(right), item="check")


def sound(hz, seconds, rate, level=0.2):
    """Notes that beat, with a bit of noise."""
    t = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(round(hz)).standard_normal(len(t))
    tone = np.sin(2 * np.pi * hz * t) * (1.2 + np.sin(2 * np.pi * 3 * t)) + 0.1 * noise
    return Clip((level * tone)[None].astype(np.float32), rate)


def make_listening_gallery(root, slugs=("first",)):
    """A finished example of each job but composing, by hand: no engine runs. Levels are unequal."""

    def entry(job, slug, engines, files, parameters, **own):
        folder = root / job / slug
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        recipe = {
            "job": job, "engines": dict.fromkeys(engines), "seed": 0, "parameters": parameters,
            "input_sha256": "", "example": slug,
        }  # fmt: skip
        words = {
            "title": f"Study {slug}", "artist": "A. Player", "genre": "folk",
            "licence": "CC0-1.0", "source": "made for this test",
        }  # fmt: skip
        (folder / "item.json").write_text(json.dumps({"rank": 0, "recipe": recipe, **words, **own}))

    for number, slug in enumerate(slugs):
        files = {
            "source.flac": encode_flac(sound(220 + number, 30.0, 22_050)),
            "loop.flac": encode_flac(sound(330 + number, 10.0, 22_050, 0.02)),
            "paper-encdec.flac": encode_flac(sound(440 + number, 10.0, 22_050, 0.4)),
        }
        names = ["loop", "paper-encdec"]
        made = [{"engine": name, "file": f"{name}.flac", "metrics": {}, "compute_seconds": 1.0}
                for name in names]  # fmt: skip
        entry("extrapolate", slug, names, files, {"start_s": 0.0, "seconds": 10.0},
              continuations=made)  # fmt: skip
    files = {
        "source.flac": encode_flac(sound(500, 6.0, 22_050)),
        "actual-drums.flac": encode_flac(sound(100, 6.0, 22_050)),
        "band-drums.flac": encode_flac(sound(120, 6.0, 44_100, 0.01)),
    }
    band = {"engine": "band", "files": {"drums": "band-drums.flac"}, "metrics": {},
            "compute_seconds": 1.0}  # fmt: skip
    entry("remix", "tune", ["band"], files, {"start_s": 0.0, "seconds": 6.0}, bands=[band],
          actual={"drums": "actual-drums.flac"})  # fmt: skip
    entry("sample", "timbre-vae", ["timbre-vae"],
          {"sound.flac": encode_flac(sound(260, 3.0, 32_000))}, {"at": "0,0"})  # fmt: skip
    mp3s = {f"{at}.mp3": encode_mp3(sound(200 + 60 * at, 4.0, 44_100)) for at in range(2)}
    sides = [
        {"model": model, "pattern": [[0]], "semitones": 0, "stems": [f"{at}.mp3"], "gain": 1.0,
         "pans": [0.0], "seconds": 4.0, "sample_rate": 44_100}
        for at, model in enumerate(("midi-lstm", "midi-vae"))
    ]  # fmt: skip
    entry("compare", "study", ["midi-lstm", "midi-vae"], mp3s, {"kind": "melody-2"}, sides=sides)
    notes = root / "notes"
    notes.mkdir()
    tone = sound(440, 2.6, 16_000).samples[0] * (np.arange(41_600) > 4800)
    sf.write(notes / "harp.mp3", tone, 16_000)
    (notes / "credits.toml").write_text(
        '[[note]]\nfile = "harp.mp3"\ncredit = "A. Player"\nlicence = "CC0-1.0"\n'
    )
