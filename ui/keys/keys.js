// A tune played on the keys: sounded at once, kept with its times, sent when asked.

const GAP_S = 3; // a longer rest than this is thinking, and is made as short
const LEVEL = 0.22;

class Keys {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.notes = []; // {start, end, pitch}: seconds from the first note on
    this.keyboard = new Keyboard(root, (pitch) => this.press(pitch), () => {});
    this.keyboard.setRange([21, 108], 60);
    this.host = this.find(".keys");
    this.host.addEventListener("pointerup", () => this.release());
    this.host.addEventListener("pointercancel", () => this.release());
    this.find(".send").addEventListener("click", () => this.send());
    this.find(".back").addEventListener("click", () => this.change(this.notes.slice(0, -1)));
    this.find(".clear").addEventListener("click", () => this.change([]));
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("keyup", () => this.release());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
  }

  show(data, setStateValue) {
    this.data = data;
    this.set = setStateValue;
    this.find(".send").textContent = data.button;
    this.tell();
    this.root.dataset.ready = "true";
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mine = event.code === "Enter" && event.target === this.host;
    if (mine) this.send();
    else if (!this.keyboard.typed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  now() {
    return performance.now() / 1000;
  }

  press(pitch) {
    this.release();
    this.sound(pitch);
    if (this.notes.length >= this.data.most) return;
    const now = this.now();
    if (!this.notes.length) this.zero = now;
    const last = this.notes.at(-1);
    if (last) this.zero += Math.max(now - this.zero - last.start - GAP_S, 0);
    const start = now - this.zero;
    this.down = { start, end: start + 0.25, pitch };
    this.change([...this.notes, this.down]);
    this.keyboard.mark(pitch);
  }

  release() {
    if (this.down) this.down.end = Math.min(Math.max(this.now() - this.zero, this.down.start + 0.05), this.down.start + GAP_S);
    this.down = null;
    this.keyboard.mark(null);
    this.fade?.();
    this.fade = null;
    this.draw();
  }

  // A plucked triangle wave, with a little of the octave.
  sound(pitch) {
    this.context ??= new (window.AudioContext ?? window.webkitAudioContext)({ latencyHint: "interactive" });
    const { context } = this;
    context.resume();
    const gain = context.createGain();
    gain.connect(context.destination);
    const begin = context.currentTime;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LEVEL, begin + 0.008);
    gain.gain.setTargetAtTime(0, begin + 0.01, 0.6);
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    for (const [times, level] of [[1, 1], [2, 0.25]]) {
      const wave = context.createOscillator();
      const part = context.createGain();
      part.gain.value = level;
      wave.type = "triangle";
      wave.frequency.value = frequency * times;
      wave.connect(part).connect(gain);
      wave.start(begin);
      wave.stop(begin + 2.5);
    }
    this.fade = () => gain.gain.setTargetAtTime(0, context.currentTime, 0.08);
  }

  change(notes) {
    this.notes = notes;
    if (!notes.includes(this.down)) this.down = null;
    this.tell();
    this.draw();
  }

  tell() {
    const count = this.notes.length;
    this.root.dataset.notes = count;
    for (const name of [".send", ".back", ".clear"]) this.find(name).disabled = !count;
    this.find(".told").textContent = !count
      ? "Play a tune; eight notes or more find most."
      : `${count} ${count === 1 ? "note" : "notes"}${count >= this.data.most ? ", which is all there is room for" : ""}`;
  }

  draw() {
    const canvas = this.find(".strip");
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.notes.length) return;
    const pitches = this.notes.map((note) => note.pitch);
    const [low, high] = [Math.min(...pitches) - 3, Math.max(...pitches) + 3];
    const last = Math.max(this.notes.at(-1).end, 4);
    context.fillStyle = getComputedStyle(this.root).getPropertyValue("--accent");
    for (const { start, end, pitch } of this.notes) {
      const y = ((high - pitch) / (high - low)) * (height - 6);
      context.fillRect((start / last) * width, y, Math.max(((end - start) / last) * width - 1, 3), 5);
    }
  }

  send() {
    this.release();
    if (!this.notes.length) return;
    const round = (seconds) => Math.round(seconds * 1000) / 1000;
    this.set("tune", { notes: this.notes.map(({ start, end, pitch }) => [round(start), round(end), pitch]) });
  }

  remove() {
    this.resized.disconnect();
    this.context?.close();
    this.context = null;
    players.delete(this.root);
  }
}

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".own-keys");
  let mine = players.get(root);
  if (!mine) {
    mine = new Keys(root);
    players.set(root, mine);
  }
  mine.show(data, setStateValue);
  return () => mine.remove();
}
