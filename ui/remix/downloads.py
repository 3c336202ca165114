"""What a visitor can take home of a remix, and the link that makes it again."""

from __future__ import annotations

import json
import math

import streamlit as st

from core.audio import encode_wav
from core.downloads import bundle, safe_name
from core.remixing.files import mix, stem_files
from core.remixing.plan import ACTUAL, Plan
from core.remixing.stems import SOLO
from ui import links, sources
from ui.remix.results import Band, Result
from ui.results import wav


def stem(result: Result) -> str:
    """What downloads of this remix are called, without their ending."""
    return f"encore-{safe_name(result.title.rsplit('.', 1)[0], 'remix').lower()}"


def mix_wav(band: Band, plan: Plan) -> bytes:
    """The mix as it is heard, WAV."""
    return encode_wav(mix(band.channels(), plan.desk))


def bundle_zip(result: Result, band: Band, plan: Plan) -> bytes:
    """The band's stems and mix, the true stems, spectrograms, figures, recipe and credit."""
    files = stem_files(band.channels(), plan.desk, plan.recipe(), result.credit, band.arrangement)
    if result.actual is not None and band.name != ACTUAL:
        files |= {f"actual-{name}.wav": wav(result.actual.flacs[name])
                  for name in result.actual.stems}  # fmt: skip
    for name, picture in result.pictures.files.items():
        if name == SOLO or name.startswith((f"{band.name}-", f"{ACTUAL}-")):
            files[f"{name}.png"] = picture
    measured = {name: value if math.isfinite(value) else None
                for name, value in band.metrics.items()}  # fmt: skip
    files["metrics.json"] = (json.dumps(measured, indent=2, sort_keys=True) + "\n").encode()
    return bundle(files)


def show(result: Result, band: Band, plan: Plan) -> None:
    """The buttons, none of which reruns the page, and the link. plan: with the present mix."""
    name = f"{stem(result)}-{band.name}"
    with st.container(horizontal=True):
        st.download_button(
            "Mix (WAV)",
            lambda: mix_wav(band, plan),
            f"{name}.wav",
            "audio/wav",
            key="remix_download_mix",
            help="Solo and band at the present faders, as you hear them",
            on_click="ignore",
            icon=":material/graphic_eq:",
        )
        st.download_button(
            "Stems (zip)",
            lambda: bundle_zip(result, band, plan),
            f"{name}.zip",
            "application/zip",
            key="remix_download_zip",
            help="Every part by itself, the mix, spectrograms, figures, credit and the recipe",
            on_click="ignore",
            icon=":material/folder_zip:",
        )
        st.download_button(
            "Recipe",
            lambda: plan.recipe().to_json().encode(),
            "recipe.json",
            "application/json",
            key="remix_download_recipe",
            help="Makes the same mix on the command line: python -m core remix --desk",
            on_click="ignore",
            icon=":material/receipt_long:",
        )
        links.popover(plan.query(), _SAME if plan.example else _ASKS, "Share")
        if st.button(
            "Continue it",
            key="remix_continue",
            icon=":material/forward_10:",
            help="Opens this mix in Extrapolate, which makes it go on",
        ):
            # The bytes of the download above, so that who has it can follow a link to what comes.
            sources.hand_on(
                f"{result.title}, remixed",
                mix_wav(band, plan),
                result.credit,
                about=f"{band.title} · {band.seconds:.1f} s · seed {plan.seed}",
            )
            st.switch_page("pages/extrapolate.py")


_SAME = "Whoever opens this link hears the same mix, to the byte."
_ASKS = (
    "Whoever opens this link hears the same mix, and is asked for your file unless it is the "
    "gallery's."
)
