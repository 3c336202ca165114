// The pitch keyboard: an octave and a bit of piano keys, for mouse, fingers and computer keys.

const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const BLACK = [1, 3, 6, 8, 10];
const pitchName = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
// As in music programs: the middle row is white keys, the row above black ones.
const TYPED = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK"];
const SHOWN = 13; // keys, from a C to the next

class Keyboard {
  // press(pitch): a key went down. turned(): the octave changed.
  constructor(root, press, turned) {
    this.find = (name) => root.querySelector(name);
    this.host = this.find(".keys");
    this.press = press;
    this.turned = turned;
    this.low = 60;
    this.range = [0, 127];
    this.find(".octave-down").addEventListener("click", () => this.shift(-12));
    this.find(".octave-up").addEventListener("click", () => this.shift(12));
    this.host.addEventListener("pointerdown", (event) => {
      const pitch = this.at(event);
      if (pitch === null) return;
      this.host.setPointerCapture?.(event.pointerId);
      this.last = pitch;
      this.press(pitch);
    });
    // With the button held, gliding over the keys plays them.
    this.host.addEventListener("pointermove", (event) => {
      if (!event.buttons || event.pointerType === "touch") return;
      const pitch = this.at(event);
      if (pitch !== null && pitch !== this.last) {
        this.last = pitch;
        this.press(pitch);
      }
    });
  }

  at(event) {
    const box = this.host.getBoundingClientRect();
    const inside = (key) => {
      const { left, right, top, bottom } = key.getBoundingClientRect();
      return event.clientX >= left && event.clientX < right && event.clientY >= top && event.clientY < bottom;
    };
    if (event.clientX < box.left || event.clientX > box.right) return null;
    const keys = [...this.host.children];
    const key = keys.find((one) => one.dataset.black === "true" && inside(one)) ?? keys.find(inside);
    return key && key.dataset.off === "false" ? Number(key.dataset.pitch) : null;
  }

  setRange(range, pitch) {
    this.range = range;
    const low = Math.floor(pitch / 12) * 12;
    // C of the octave above belongs to this keyboard too.
    if (pitch < this.low || pitch > this.low + 12) this.low = low;
    this.build();
  }

  shift(by) {
    const low = this.low + by;
    if (low + 12 < this.range[0] || low > this.range[1]) return;
    this.low = low;
    this.build();
    this.turned();
  }

  pitches() {
    const all = Array.from({ length: SHOWN }, (_, i) => this.low + i);
    return all.filter((pitch) => pitch >= this.range[0] && pitch <= this.range[1]);
  }

  build() {
    this.find(".octave").value = pitchName(this.low);
    this.find(".octave-down").disabled = this.low < this.range[0] + 1;
    this.find(".octave-up").disabled = this.low + 12 > this.range[1];
    const keys = [];
    let white = 0;
    for (let step = 0; step < SHOWN; step += 1) {
      const pitch = this.low + step;
      const black = BLACK.includes(step % 12);
      const key = make("span", "key");
      key.dataset.pitch = pitch;
      key.dataset.black = String(black);
      key.dataset.off = String(pitch < this.range[0] || pitch > this.range[1]);
      key.style.setProperty("--at", black ? white - 0.32 : white);
      if (!black) white += 1;
      key.append(make("span", "typed", TYPED[step].slice(3)));
      if (step % 12 === 0) key.append(make("span", "name", pitchName(pitch)));
      keys.push(key);
    }
    this.host.replaceChildren(...keys);
    this.mark(this.marked);
  }

  // Show which key the sound has.
  mark(pitch) {
    this.marked = pitch === null ? null : Math.round(pitch);
    for (const key of this.host.children) key.dataset.on = String(Number(key.dataset.pitch) === this.marked);
  }

  // Whether the computer's key is one of ours; plays it.
  typed(event) {
    const step = TYPED.indexOf(event.code);
    if (step >= 0) {
      const pitch = this.low + step;
      if (!event.repeat && pitch >= this.range[0] && pitch <= this.range[1]) this.press(pitch);
      return true;
    }
    if (event.code === "KeyZ" || event.code === "KeyX") {
      this.shift(event.code === "KeyZ" ? -12 : 12);
      return true;
    }
    return false;
  }
}
