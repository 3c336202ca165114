// The deck: one clock for several sounds that start on the same sample, with its transport. A
// player extends it, and says what there is to hear (`sounds`), how loud each is (`level`), what
// its playhead looks like (`drawAt`), and which keys it has besides.

const SWITCH_S = 0.01; // gain ramp: too short to hear as a fade, too long to click
const LEAD_S = 0.06; // sources are scheduled this far ahead, so that all start together
const players = new WeakMap();
const SOUNDING = Symbol.for("encore.sounding"); // at most one player on the page sounds: it is kept
// at the window, for every component is a module of its own

// A colour of any CSS notation as [r, g, b].
const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgb = (colour) => {
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
};
const withAlpha = (colour, alpha) => `rgb(${colour.join(" ")} / ${alpha})`;

const clock = (seconds) => {
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  const rest = tenths % 600;
  return `${Math.floor(tenths / 600)}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
};

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

class Deck {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.context = null;
    this.take = null;
    this.frame = 0;
    this.slow = matchMedia("(prefers-reduced-motion: reduce)");
    this.sounds = []; // {name, url, begins}: begins in seconds on the common clock
    this.position = 0;
    this.total = 0;
    this.sampleRate = 44100;
    this.forget();
    this.find(".play").addEventListener("click", () => this.toggle());
    this.find(".seekbar").addEventListener("input", (event) => this.seek(Number(event.target.value)));
    this.find(".volumebar")?.addEventListener("input", (event) => {
      if (this.volume) {
        this.volume.gain.setTargetAtTime(Number(event.target.value), this.context.currentTime, 0.01);
      }
    });
    root.addEventListener("keydown", (event) => this.key(event));
  }

  // Other sounds from now on: stop, and load them when they are asked for.
  forget() {
    this.stopTake();
    this.buffers = null;
    this.loading = null;
    this.generation = (this.generation ?? 0) + 1;
    this.root.dataset.loaded = "false";
  }

  level() {
    return 1;
  }

  // Where in the stereo field a source sits: as it is, unless a subclass says more.
  placed(source) {
    return source;
  }

  setState(state, message) {
    this.root.dataset.state = state;
    const going = state === "playing" || state === "loading";
    this.find(".play").setAttribute("aria-label", going ? "Pause" : "Play");
    if (message !== undefined) this.find(".status").textContent = message;
    this.find(".status").dataset.error = String(state === "error");
  }

  tell(message) {
    this.find(".status").textContent = message;
  }

  draw() {
    const at = this.position;
    this.root.dataset.time = at.toFixed(3);
    this.find(".time").value = `${clock(at)} / ${clock(this.total)}`;
    const bar = this.find(".seekbar");
    bar.value = at;
    bar.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${this.total.toFixed(1)} seconds`);
    // On the bar alone: what the root has is inherited by all in it, and computed anew each frame.
    bar.style.setProperty("--done", this.total ? at / this.total : 0);
    this.drawAt(at);
  }

  // Called inside the click or key press, as Safari on phones requires of whoever starts sound.
  openContext() {
    if (this.context) return;
    const Context = window.AudioContext ?? window.webkitAudioContext;
    try {
      this.context = new Context({ sampleRate: this.sampleRate }); // nothing is resampled
    } catch {
      this.context = new Context();
    }
    this.volume = this.context.createGain();
    this.volume.gain.value = Number(this.find(".volumebar")?.value ?? 1);
    this.volume.connect(this.context.destination);
  }

  closeContext() {
    this.stopTake();
    this.context?.close();
    this.context = null;
  }

  load() {
    this.loading ??= Promise.all(
      this.sounds.map(async (sound) => {
        const answer = await fetch(sound.url);
        if (!answer.ok) throw new Error(`${answer.status}`);
        const bytes = await answer.arrayBuffer();
        return [sound.name, await this.decoded(bytes)];
      }),
    ).then((pairs) => new Map(pairs));
    return this.loading;
  }

  decoded(bytes) {
    return this.context.decodeAudioData(bytes);
  }

  async play() {
    const { generation } = this;
    if (window[SOUNDING] && window[SOUNDING] !== this) window[SOUNDING].pause();
    window[SOUNDING] = this;
    if (this.position >= this.total - 0.01) this.position = 0;
    this.openContext();
    this.setState("loading", "Loading the sound");
    try {
      const [buffers] = await Promise.all([this.load(), this.context.resume()]);
      if (this.gone || generation !== this.generation) return;
      this.buffers = buffers;
      this.root.dataset.loaded = "true";
    } catch {
      if (this.gone || generation !== this.generation) return;
      this.loading = null;
      this.setState("error", "The sound could not be loaded. Reload the page to hear it.");
      return;
    }
    if (this.root.dataset.state !== "loading") return; // paused meanwhile
    this.startTake();
    this.setState("playing", "Playing");
    this.follow();
  }

  startTake() {
    this.stopTake();
    const take = this.newTake();
    const fade = this.fadeIn(take);
    fade.connect(this.volume);
    for (const sound of this.sounds) {
      const source = this.begun(take, sound);
      if (!source) continue;
      const gain = this.context.createGain();
      gain.gain.value = this.level(sound.name);
      this.placed(source, sound.name).connect(gain).connect(fade);
      take.gains.set(sound.name, gain);
    }
    this.take = take;
  }

  // What sounds from the playhead on. Both ends lie on whole samples: between two of them a browser
  // would interpolate, and the sound would be another one.
  newTake() {
    const rate = this.context.sampleRate;
    const start = Math.ceil((this.context.currentTime + LEAD_S) * rate) / rate;
    const at = Math.round(this.position * rate) / rate;
    return { at, start, fades: [], sources: [], gains: new Map() };
  }

  // From inside a sound a short fade hides the cut; from the very start nothing is touched.
  fadeIn({ at, start, fades }) {
    const fade = this.context.createGain();
    if (at > 0) {
      fade.gain.setValueAtTime(0, start);
      fade.gain.linearRampToValueAtTime(1, start + SWITCH_S);
    }
    fades.push(fade);
    return fade;
  }

  // The sound's source, due to start with the take; none where the sound is over by then.
  begun({ at, start, sources }, { name, begins }) {
    const buffer = this.buffers.get(name);
    const offset = Math.max(at - begins, 0);
    if (offset >= buffer.duration) return null;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.start(start + Math.max(begins - at, 0), offset);
    sources.push(source);
    return source;
  }

  // Bring every sound to its level at once.
  applyLevels() {
    if (!this.take) return;
    const now = this.context.currentTime;
    for (const [name, { gain }] of this.take.gains) {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(this.level(name), now + SWITCH_S);
    }
  }

  stopTake() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    const { take } = this;
    if (!take) return;
    this.take = null;
    const now = this.context.currentTime;
    for (const { gain } of take.fades) {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(0, now + SWITCH_S);
    }
    for (const source of take.sources) source.stop(now + SWITCH_S);
  }

  follow() {
    if (!this.take) return;
    const { at, start } = this.take;
    const late = this.context.outputLatency || 0;
    this.position = Math.min(Math.max(at, at + this.context.currentTime - late - start), this.total);
    this.draw();
    if (this.position >= this.total) {
      this.stopTake();
      this.setState("ended", "The end");
      return;
    }
    const next = () => this.follow();
    if (this.slow.matches) this.timer = setTimeout(next, 250);
    else this.frame = requestAnimationFrame(next);
  }

  pause() {
    if (!["playing", "loading"].includes(this.root.dataset.state)) return;
    this.stopTake();
    this.setState("paused", "Paused");
    this.draw();
  }

  toggle() {
    if (["playing", "loading"].includes(this.root.dataset.state)) this.pause();
    else this.play();
  }

  seek(to) {
    this.position = Math.min(Math.max(to, 0), this.total);
    if (this.root.dataset.state === "playing") {
      this.startTake();
      this.follow();
    } else if (this.root.dataset.state === "ended") {
      this.setState("paused");
    }
    this.draw();
  }

  // Keys that every player has. A subclass's `ownKey(key, event)` comes first; true: it was one.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    const step = event.shiftKey ? 5 : 1;
    const key = event.key.toLowerCase();
    if (this.ownKey(key, event)) {
      // done
    } else if (key === " ") {
      if (on.tagName === "BUTTON") return; // the button's own press
      this.toggle();
    } else if (key === "arrowleft" || key === "arrowright") {
      if (on.classList.contains("volumebar")) return;
      this.seek(this.position + (key === "arrowleft" ? -step : step));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // the app around has shortcuts of its own
  }

  remove() {
    this.gone = true;
    this.closeContext();
    if (window[SOUNDING] === this) window[SOUNDING] = null;
  }
}
