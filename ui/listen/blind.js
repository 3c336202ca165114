// The blind player: one sound, or two on one clock of which one is heard. It knows addresses and
// times and no names, so that the page holds nothing that tells who made a sound.

class Blind extends Deck {
  constructor(root) {
    super(root);
    this.heard = 0;
    this.segments = [...root.querySelectorAll(".segment")];
    for (const button of this.segments) {
      button.addEventListener("click", () => this.choose(Number(button.dataset.at)));
    }
  }

  show(data) {
    const id = JSON.stringify(data);
    if (id === this.id) return; // an equal rerun, or only the theme changed: keep playing
    this.forget();
    this.id = id;
    this.position = 0;
    this.total = data.seconds;
    this.sampleRate = data.sample_rate;
    this.sounds = data.urls.map((url, name) => ({ name, url, begins: 0 }));
    const pair = data.urls.length > 1;
    this.find(".choice").hidden = !pair;
    this.find(".hint-ab").hidden = !pair;
    this.find(".join").hidden = !data.lead_s;
    this.find(".lead").hidden = !data.lead_s;
    this.find(".lead").textContent = data.lead_s ? `The first ${data.lead_s} s, up to the mark, were given.` : "";
    this.find(".seekbar").max = this.total;
    this.root.style.setProperty("--join", data.lead_s / this.total);
    this.root.setAttribute("aria-label", data.label);
    this.setState("idle", "");
    this.choose(0, false);
    this.root.dataset.ready = "true";
    // Whoever voted by key has no focus left: the keys work on without a click.
    if (document.activeElement === document.body) this.root.focus({ preventScroll: true });
  }

  drawAt() {}

  level(name) {
    return name === this.heard ? 1 : 0;
  }

  choose(at, tell = true) {
    if (at >= this.sounds.length) return;
    this.heard = at;
    this.root.dataset.heard = at;
    for (const button of this.segments) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.at) === at));
    }
    this.applyLevels();
    if (tell) this.tell(`You hear ${"AB"[at]}`);
    this.draw();
  }

  ownKey(key) {
    const at = ["a", "b"].indexOf(key);
    if (at < 0 || this.sounds.length < 2) return false;
    this.choose(at);
    return true;
  }
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".player");
  let player = players.get(root);
  if (!player) {
    player = new Blind(root);
    players.set(root, player);
  }
  player.show(data);
  return () => player.remove();
}
