"""What the tests of the Remix page do to it, and read off it."""

from core.remixing.desk import Desk, Fader
from tests.app.drive import players, press, settle
from ui.remix import downloads, stage

DESK = Desk({"drums": Fader(-6, 0.5), "solo": Fader(mute=True)}, -3)


def shown(at):
    """(the mixer's data, that of the row of spectrograms below it)."""
    mixer, row = players(at)
    return mixer, row


def result(at):
    return at.session_state["remix_result"]


def names(data):
    return [channel["name"] for channel in data["channels"]]


def give(at, data, name="own.wav"):
    at.segmented_control(key="remix_source").set_value("Upload").run()
    return at.file_uploader(key="remix_upload").set_value((name, data, "audio/wav")).run()


def ask(at, *wanted):
    at.button_group(key="remix_engines").set_value(list(wanted))
    return settle(press(at, "Add a band"), job="remix_job")


def mix(at):
    """The bytes of the download of what is heard."""
    found = result(at)
    band = found.band(at.session_state[stage.HEARD])
    return downloads.mix_wav(band, found.plan.mixed(band.name, at.session_state[stage.DESK]))
