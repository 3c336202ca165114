"""The one vocabulary of figures: what each is called, its unit, and how it is read."""

from __future__ import annotations

from core.comparing.metric_names import COMPARED
from core.metric import Metric as Metric  # which many take from here
from core.retrieving.metric_names import RETRIEVED

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "log_mel_distance_db", "Log-mel distance", "dB", "lower", 2,
            "How far the picture of the sound is from the true one, on average; 0 is identical.",
        ),
        Metric(
            "spectral_convergence_db", "Spectral convergence", "dB", "lower", 1,
            "How large the error of the sound's spectrogram is beside the one asked for: at -20 dB "
            "a tenth of it, at -40 dB a hundredth.",
        ),
        Metric(
            "onset_correlation", "Onset correlation", "", "higher", 2,
            "Whether hits and note starts fall where they truly do; 1 is always, 0 is by chance.",
        ),
        Metric(
            "chroma_correlation", "Chroma correlation", "", "higher", 2,
            "Whether the same notes sound at the same time; 1 is always, 0 is by chance.",
        ),
        Metric(
            "chord_tone_rate", "Chord tones", "", "higher", 2,
            "Share of the pitched parts' energy on notes that the true band plays at that beat or "
            "that belong to the bar's chord; overtones keep even the true band under 1.",
        ),
        Metric(
            "onset_f", "Onsets on the beat", "", "higher", 2,
            "F-measure of the band's hits and note starts against the beats of the solo, within "
            "50 ms; a band that plays between the beats too, as true ones do, is under 1.",
        ),
        Metric(
            "beat_f", "Beat F-measure", "", "higher", 2,
            "Share of beats that fall within 70 ms of the true ones.",
        ),
        Metric(
            "bar_f", "Bar lines", "", "higher", 2,
            "Share of bars that begin within 70 ms of where they truly do.",
        ),
        Metric(
            "single_note_f", "Notes of single lines", "", "higher", 2,
            "F-measure of notes: begun within 50 ms of a true one of the same pitch.",
        ),
        Metric(
            "chord_note_f", "Notes of chords", "", "higher", 2,
            "F-measure of notes: begun within 50 ms of a true one of the same pitch.",
        ),
        Metric(
            "chord_accuracy", "Chords", "", "higher", 2,
            "Share of beats at which the root and the third of the chord are those that the true "
            "band plays, told from the tune alone.",
        ),
        Metric(
            "loudness_difference_db", "Loudness difference", "dB", "lower", 1,
            "How much louder or quieter than the true music it is overall.",
        ),
        Metric(
            "loudness_balance_db", "Balance", "dB", "lower", 1,
            "How far each part's loudness beside the solo is from that of the true part, on "
            "average.",
        ),
        Metric(
            "seam_discontinuity", "Seam", "x", "lower", 2,
            "How abruptly the sound changes at the join, next to the clip's own beats: at 1 or "
            "less the join is no more abrupt than they are.",
        ),
        Metric(
            "detection_accuracy", "Detection accuracy", "", "lower", 2,
            "How often a judge trained to tell true music from this is right; at 0.5 it cannot "
            "tell, at 1 it always can.",
        ),
        Metric(
            "frechet_distance", "Fréchet distance of track-identity embeddings of one-second "
            "patches", "", "lower", 1,
            "How far all its sounds together are from all the true ones, as a network hears them "
            "that learned to tell tracks apart; 0 is the same mixture of sounds.",
        ),
        Metric(
            "loudness_drift_db", "Loudness drift", "dB", "lower", 2,
            "How far the loudness rises or falls from the first 10 s to the last.",
        ),
        Metric(
            "source_variety", "Source variety", "", "higher", 2,
            "Share of the clip's seconds that are heard again.",
        ),
        Metric(
            "relative_mse", "Relative MSE", "", "lower", 2,
            "Squared error of the samples as a share of the music's power; silence scores 1, so "
            "this figure says little about music.",
        ),
        Metric(
            "mse", "MSE", "", "lower", 4,
            "Squared error of the samples, the figure the paper reports; of stems the mean.",
        ),
        Metric(
            "mix_mse", "MSE of the mix", "", "lower", 4,
            "Squared error of the samples of the whole band.",
        ),
        Metric(
            "drums_log_mel_distance_db", "Log-mel distance of drums", "dB", "lower", 2,
            "How far the picture of this stem is from the true one, where the true band plays it.",
        ),
        Metric(
            "bass_log_mel_distance_db", "Log-mel distance of bass", "dB", "lower", 2,
            "How far the picture of this stem is from the true one, where the true band plays it.",
        ),
        Metric(
            "piano_log_mel_distance_db", "Log-mel distance of piano", "dB", "lower", 2,
            "How far the picture of this stem is from the true one, where the true band plays it.",
        ),
        Metric(
            "other_log_mel_distance_db", "Log-mel distance of other parts", "dB", "lower", 2,
            "How far the picture of this stem is from the true one, where the true band plays it.",
        ),
        Metric(
            "compute_ratio", "Compute", "s per s", "lower", 3,
            "Seconds of computing for each second of sound.",
        ),
        Metric(
            "nats_per_event", "Surprise per note", "nats", "lower", 3,
            "How much each true note (its time, instrument, pitch, length and loudness) surprises "
            "the model; a model that expects what comes has few nats.",
        ),
        Metric(
            "chord_note_rate", "Notes in the chord", "", "higher", 2,
            "Share of the band's pitched notes that belong to the chord that the true band plays "
            "there; passing notes keep even the true band under 1.",
        ),
        Metric(
            "bass_root_agreement", "Bass on the root", "", "higher", 2,
            "Share of the true band's chords that the bass begins with the chord's root.",
        ),
        Metric(
            "groove_similarity", "Groove", "", "higher", 2,
            "Whether notes begin at the same places of the bar as the true ones, part by part; 1 "
            "is just as often at each place.",
        ),
        Metric(
            "density_ratio", "Density", "x", "neither", 2,
            "Notes of the band beside the true number.",
        ),
        Metric(
            "register_difference", "Register", "semitones", "lower", 1,
            "How far the mean pitch of a part is from that of the true one.",
        ),
        Metric(
            "measure_distance", "Distance to the data", "spreads", "lower", 2,
            "How far its pieces as a whole are from test pieces: the mean of the seven distances "
            "that follow, each in units of the test pieces' own spread.",
        ),
        Metric(
            "pitch_class_entropy_distance", "Pitch-class entropy", "spreads", "lower", 2,
            "How evenly the twelve pitch classes are used, as a distance to test pieces.",
        ),
        Metric(
            "scale_consistency_distance", "Scale consistency", "spreads", "lower", 2,
            "How many notes keep to one major or minor scale, as a distance to test pieces.",
        ),
        Metric(
            "groove_consistency_distance", "Groove consistency", "spreads", "lower", 2,
            "How alike the rhythms of neighbouring bars are, as a distance to test pieces.",
        ),
        Metric(
            "polyphony_distance", "Polyphony", "spreads", "lower", 2,
            "How many pitches sound at once, as a distance to test pieces.",
        ),
        Metric(
            "note_length_distance", "Note lengths", "spreads", "lower", 2,
            "The shares of short and long notes, as a distance to test pieces.",
        ),
        Metric(
            "note_density_distance", "Note density", "spreads", "lower", 2,
            "Notes in a bar, as a distance to test pieces.",
        ),
        Metric(
            "form_distance", "Form", "spreads", "lower", 2,
            "How alike bars are that stand 1, 2, 4 and 8 apart, as a distance to test pieces.",
        ),
        Metric(
            "degenerate_share", "Degenerate pieces", "", "lower", 3,
            "Share of pieces that stay on one note or chord for over 4 bars, or repeat under 2 "
            "bars over 8 times.",
        ),
        Metric(
            "copied_bars", "Longest copied passage", "bars", "neither", 2,
            "The longest passage of one part that stands in a training piece too, in whatever "
            "key, on average; true music shares some figures.",
        ),
        Metric(
            "copied_share", "Pieces with a copied passage over 2 bars", "", "lower", 3,
            "Share of pieces with over 2 bars, all parts together, that stand in a training piece.",
        ),
        Metric(
            "notes_per_second", "Speed", "notes/s", "higher", 0,
            "Notes written in a second of computing.",
        ),
        Metric(
            "sixteen_bars_s", "Sixteen bars", "s", "lower", 1,
            "Seconds of computing for sixteen bars.",
        ),
        Metric(
            "pitch_accuracy", "Notes in tune", "", "higher", 2,
            "Share of notes that two estimators both hear within 50 cents of the pitch meant; "
            "estimators slip on true notes too.",
        ),
        Metric(
            "family_accuracy", "Family recognised", "", "higher", 2,
            "Share of notes whose family of instruments a network names that learned it from "
            "other instruments.",
        ),
        Metric(
            "diversity_db", "Diversity", "dB", "neither", 1,
            "How far two random sounds of it are from each other, on average.",
        ),
        Metric(
            "largest_step", "Largest step", "medians", "lower", 2,
            "On a walk of 20 steps from sound to sound, the largest change beside the usual one.",
        ),
        Metric(
            "heard_share", "Notes placed", "", "higher", 2,
            "Share of notes that the engine finds by itself, without being told their pitch.",
        ),
        Metric(
            "sample_ms", "Time for a sound", "ms", "lower", 0,
            "Milliseconds from a place to 3 s of sound.",
        ),
        *COMPARED,
        *RETRIEVED,
    )
}  # fmt: skip
