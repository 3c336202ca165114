"""The engines that there are: what a page says of each before it is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineInfo:
    """What a page or the command line says of an engine before it is imported.

    published: it is a paper's model, as published, and not ours.
    model_id: the weights' id in weights/manifest.toml; None where there is nothing to load.
    target: "module:class", imported when the engine is first used.
    more_models: ids of further weights that it works with.
    """

    job: str
    name: str
    title: str
    summary: str
    published: bool
    model_id: str | None
    target: str
    more_models: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of all weights that it needs, its own first."""
        return (self.model_id, *self.more_models) if self.model_id else ()


ENGINES = (
    EngineInfo(
        "extrapolate",
        "structure",
        "Structure",
        "Predicts which past moments will fit what comes next, and plays your clip's own sound "
        "along that path.",
        False,
        "structure",
        "core.extrapolation.structure:Structure",
    ),
    EngineInfo(
        "extrapolate",
        "spectral",
        "Spectral",
        "Paints the coming spectrogram, band by band: new sound, in a softer colour than the "
        "clip's.",
        False,
        "spectral",
        "core.extrapolation.spectral:Spectral",
    ),
    EngineInfo(
        "extrapolate",
        "loop",
        "Loop",
        "Finds the moment in your clip most like its last seconds and plays on from there.",
        False,
        None,
        "core.extrapolation.loop:Loop",
    ),
    EngineInfo(
        "extrapolate",
        "paper-encdec",
        "Published encoder-decoder (2023)",
        "The paper's network, second by second on raw samples. Expect noise: that is the result.",
        True,
        "paper-encdec",
        "core.extrapolation.paper_encdec:PaperEncDec",
    ),
    EngineInfo(
        "extrapolate",
        "lstm-seq2seq",
        "Published LSTM comparator (2023)",
        "LSTMs for the paper's job, which it could not train; small enough here. Expect noise too.",
        True,
        "lstm-seq2seq",
        "core.extrapolation.lstm_seq2seq:LstmSeq2Seq",
    ),
    EngineInfo(
        "compose",
        "composer",
        "Composer",
        "Writes for a whole band, note by note, in the genre, key and tempo that you choose; "
        "redraws any part of it.",
        False,
        "composer",
        "core.composition.composer:Composer",
    ),
    EngineInfo(
        "compose",
        "chorale",
        "Chorale",
        "Four voices in Bach's manner. It continues a piece, or adds the voices that are missing.",
        False,
        "chorale",
        "core.composition.chorale:Chorale",
    ),
    EngineInfo(
        "compose",
        "notes-lstm",
        "Published LSTM (2023)",
        "The report's network: note names and chords, half a quarter apart, the likeliest each "
        "time. Expect a few notes over and over.",
        True,
        "notes-lstm",
        "core.composition.notes_lstm:NotesLstm",
    ),
    EngineInfo(
        "remix",
        "band",
        "Band",
        "Hears the tune's notes, beats and chords, and plays along at your pace: drums, bass, "
        "piano and one more, in the style that you choose.",
        False,
        "band",
        "core.remixing.band:RemixBand",
        ("hearing-notes", "hearing-beats", "hearing-bars", "hearing-chords"),
    ),
    EngineInfo(
        "remix",
        "one2four-split",
        "Published split LSTMs (2023)",
        "The paper's chosen networks, one for each of drums, bass, piano and other, on raw "
        "samples. Expect noise: that is the result.",
        True,
        "one2four-split",
        "core.remixing.one2four:One2FourSplit",
    ),
    EngineInfo(
        "remix",
        "one2four-combined",
        "Published combined LSTMs (2023)",
        "The same four LSTMs in one network, which share the layers before them. Expect noise.",
        True,
        "one2four-combined",
        "core.remixing.one2four:One2FourCombined",
    ),
    EngineInfo(
        "remix",
        "one2one",
        "Published single LSTM (2023)",
        "One LSTM for the whole band, which comes as one stem. Expect noise.",
        True,
        "one2one",
        "core.remixing.one2one:One2One",
    ),
    EngineInfo(
        "sample",
        "timbre-vae",
        "Timbre",
        "Any pitch in any colour between the instruments of its map; places your own note there "
        "and plays tunes with it.",
        False,
        "timbre-vae",
        "core.sampling.timbre_vae:TimbreVae",
    ),
    EngineInfo(
        "sample",
        "mel-vae-2d",
        "Published plane of notes (2023)",
        "The paper's autoencoder: every point of a plane is a sound. Expect a blurred, phasy tone, "
        "and no say over the pitch.",
        True,
        "mel-vae-2d",
        "core.sampling.mel_vae_2d:MelVae2d",
    ),
    EngineInfo(
        "sample",
        "mel-vae-2d-piano",
        "Published plane of piano (2023)",
        "The same autoencoder on three seconds of piano music. Expect a wash of sound.",
        True,
        "mel-vae-2d-piano",
        "core.sampling.mel_vae_2d:MelVae2dPiano",
    ),
    EngineInfo(
        "compare",
        "midi-lstm",
        "LSTM",
        "Writes step by step and knows the likelihood of every step.",
        False,
        "midi-lstm-melody-2",
        "core.comparing.network:midi_lstm",
        ("midi-lstm-melody-16", "midi-lstm-trio-2", "midi-lstm-trio-16"),
    ),
    EngineInfo(
        "compare",
        "midi-vae",
        "VAE",
        "Holds whole patterns in a space: each place is a pattern, and so is all between two.",
        False,
        "midi-vae-melody-2",
        "core.comparing.network:midi_vae",
        ("midi-vae-melody-16", "midi-vae-trio-2", "midi-vae-trio-16"),
    ),
    EngineInfo(
        "compare",
        "midi-vae-adversarial",
        "Adversarial VAE",
        "The same network, in which an adversary stands in for most of the divergence.",
        False,
        "midi-vae-adversarial-melody-2",
        "core.comparing.network:midi_vae_adversarial",
    ),
)
