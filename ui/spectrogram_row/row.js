// The comparison player: one clock, one playhead, several continuations that start on the same
// sample. Streamlit calls the default export on mount and whenever data or theme change, and its
// returned function on removal.

const SWITCH_S = 0.01; // gain ramp: too short to hear as a fade, too long to click
const LEAD_S = 0.06; // sources are scheduled this far ahead, so that all start together
const players = new WeakMap();
let sounding = null; // at most one player on the page sounds

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

const tickStep = (seconds) => [1, 2, 5, 10, 20, 30].find((step) => seconds / step <= 5) ?? 60;

class Player {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.context = null;
    this.loading = null;
    this.buffers = null;
    this.take = null;
    this.position = 0;
    this.frame = 0;
    this.slow = matchMedia("(prefers-reduced-motion: reduce)");
    this.listen();
  }

  // ---- what is shown -------------------------------------------------------------------------

  show(data) {
    const id = JSON.stringify(data);
    if (id === this.id) return; // an equal rerun, or only the theme changed: keep playing
    this.stopTake();
    this.id = id;
    this.data = data;
    this.buffers = null;
    this.loading = null;
    this.position = 0;
    this.input = data.panels[0];
    this.others = data.panels.slice(1);
    this.total = this.input.seconds + Math.max(...this.others.map((panel) => panel.seconds));
    const predicted = this.others.filter((panel) => panel.kind === "predicted");
    this.actual = this.others.find((panel) => panel.kind === "actual");
    this.a = predicted[0] ?? this.others[0];
    this.b = this.actual ?? predicted[1];
    this.buildPanels();
    this.buildSegments();
    const join = this.input.seconds / this.total;
    this.root.style.setProperty("--join", join);
    this.find(".seekbar").max = this.total;
    this.find(".last-number").textContent = this.others.length;
    this.find(".hint-number").hidden = this.others.length < 2;
    this.find(".hint-ab").hidden = !this.b;
    this.find(".ab-text").textContent = this.actual ? "predicted and actual" : "between two";
    this.setState("idle");
    this.choose(this.a.name, false);
    this.draw();
    this.root.dataset.loaded = "false";
    this.root.dataset.ready = "true";
  }

  buildPanels() {
    const { panels, ticks, scale } = this.data;
    const longest = Math.max(...panels.map((panel) => panel.seconds));
    const shortest = Math.min(...this.others.map((panel) => panel.seconds));
    // Many or very unequal panels in one row would be slivers: one under the other then.
    this.root.dataset.layout = panels.length <= 5 && longest / shortest <= 4 ? "row" : "stack";
    const host = this.find(".panels");
    host.replaceChildren();
    const columns = panels.map((panel) => `minmax(0, ${panel.seconds}fr)`).join(" ");
    host.style.setProperty("--columns", `${columns} auto`);
    this.heads = new Map();
    this.nodes = new Map();
    for (const panel of panels) {
      const start = panel === this.input ? 0 : this.input.seconds;
      const node = make("figure", "panel");
      node.dataset.name = panel.name;
      node.dataset.kind = panel.kind;
      const caption = make("figcaption");
      caption.append(make("span", "title", panel.title), make("span", "badge", "heard"));
      const plot = make("div", "plot");
      const frequencies = make("div", "frequencies");
      frequencies.setAttribute("aria-hidden", "true");
      frequencies.append(make("span", "unit", "Hz"));
      for (const tick of ticks) {
        const label = make("span", "", tick.label);
        label.style.bottom = `${tick.at * 100}%`;
        frequencies.append(label);
      }
      const picture = make("div", "picture");
      const image = make("img");
      image.src = panel.picture;
      image.alt = `Spectrogram of ${panel.title}, ${panel.seconds.toFixed(1)} seconds`;
      image.draggable = false;
      const head = make("div", "head");
      const hover = make("span", "hover");
      picture.append(image, head, hover);
      const times = make("div", "times");
      times.setAttribute("aria-hidden", "true");
      const step = tickStep(panel.seconds);
      const first = Math.ceil(start / step - 1e-6) * step;
      for (let at = first; at <= start + panel.seconds + 1e-6; at += step) {
        const last = at + step > start + panel.seconds + 1e-6;
        const label = make("span", "", last ? `${at} s` : `${at}`);
        label.style.left = `${((at - start) / panel.seconds) * 100}%`;
        times.append(label);
      }
      plot.append(frequencies, picture, times);
      const notes = make("div", "notes");
      if (panel.caption) notes.append(make("p", "caption", panel.caption));
      if (panel.figures.length) {
        const list = make("dl");
        for (const figure of panel.figures) {
          const pair = make("div");
          pair.append(make("dt", "", figure.title), make("dd", "", figure.text));
          list.append(pair);
        }
        notes.append(list);
      }
      node.append(caption, plot, notes);
      host.append(node);
      this.heads.set(panel.name, head);
      this.nodes.set(panel.name, node);
      const toTime = (event) => {
        const box = picture.getBoundingClientRect();
        const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
        return { share, at: start + share * panel.seconds };
      };
      picture.addEventListener("click", (event) => {
        if (panel !== this.input) this.choose(panel.name);
        this.seek(toTime(event).at);
        this.root.focus({ preventScroll: true });
      });
      picture.addEventListener("pointermove", (event) => {
        const { share, at } = toTime(event);
        hover.textContent = clock(at);
        hover.style.left = `${share * 100}%`;
        hover.dataset.side = share > 0.5 ? "left" : "right";
      });
    }
    host.append(this.colourBar(scale));
  }

  colourBar(scale) {
    const bar = make("div", "scale");
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", `Colours from ${scale.low} to ${scale.high} dB in every picture`);
    const strip = make("div", "strip");
    strip.style.setProperty("--colours", scale.colours.join(", "));
    for (let db = Math.ceil(scale.low / 20) * 20; db <= scale.high; db += 20) {
      const label = make("span", "", `${db}`.replace("-", "−"));
      label.style.setProperty("--at", (db - scale.low) / (scale.high - scale.low));
      strip.append(label);
    }
    bar.append(make("span", "unit", "dB"), strip);
    return bar;
  }

  buildSegments() {
    const host = this.find(".segments");
    host.replaceChildren();
    this.segments = new Map();
    this.others.forEach((panel, index) => {
      const button = make("button", "segment");
      button.type = "button";
      button.dataset.name = panel.name;
      const number = make("span", "number", `${index + 1}`);
      number.setAttribute("aria-hidden", "true");
      button.append(number, make("span", "", panel.title));
      button.addEventListener("click", () => this.choose(panel.name));
      host.append(button);
      this.segments.set(panel.name, button);
    });
  }

  setState(state, message) {
    this.root.dataset.state = state;
    const going = state === "playing" || state === "loading";
    this.find(".play").setAttribute("aria-label", going ? "Pause" : "Play");
    if (message !== undefined) this.find(".status").textContent = message;
    this.find(".status").dataset.error = String(state === "error");
  }

  draw() {
    const at = this.position;
    this.root.dataset.time = at.toFixed(3);
    this.find(".time").value = `${clock(at)} / ${clock(this.total)}`;
    const bar = this.find(".seekbar");
    bar.value = at;
    bar.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${this.total.toFixed(1)} seconds`);
    this.root.style.setProperty("--done", at / this.total);
    const join = this.input.seconds;
    for (const panel of this.data.panels) {
      const own = panel === this.input ? at : at - join;
      const inside = panel === this.input ? at < join : own >= 0 && own <= panel.seconds;
      const head = this.heads.get(panel.name);
      head.style.visibility = inside ? "visible" : "hidden";
      if (inside) head.style.transform = `translateX(${(own / panel.seconds) * 100}%)`;
      const audible = panel === this.input ? at < join : at >= join && panel.name === this.heard;
      this.nodes.get(panel.name).dataset.audible = String(audible);
    }
  }

  // ---- what is heard -------------------------------------------------------------------------

  choose(name, tell = true) {
    const panel = this.others.find((other) => other.name === name);
    if (!panel) return;
    this.heard = name;
    if (panel.kind === "predicted") this.a = panel;
    this.root.dataset.heard = name;
    for (const [other, button] of this.segments) {
      button.setAttribute("aria-pressed", String(other === name));
    }
    for (const [other, node] of this.nodes) node.dataset.chosen = String(other === name);
    if (this.take) {
      const now = this.context.currentTime;
      for (const [other, gain] of this.take.gains) {
        gain.gain.cancelScheduledValues(now);
        gain.gain.setValueAtTime(gain.gain.value, now);
        gain.gain.linearRampToValueAtTime(other === name ? 1 : 0, now + SWITCH_S);
      }
    }
    if (tell) this.find(".status").textContent = `You hear: ${panel.title}`;
    this.draw();
  }

  // Called inside the click or key press, as Safari on phones requires of whoever starts sound.
  openContext() {
    if (this.context) return;
    const Context = window.AudioContext ?? window.webkitAudioContext;
    try {
      this.context = new Context({ sampleRate: this.data.sample_rate }); // nothing is resampled
    } catch {
      this.context = new Context();
    }
    this.volume = this.context.createGain();
    this.volume.gain.value = Number(this.find(".volumebar").value);
    this.volume.connect(this.context.destination);
  }

  load() {
    this.loading ??= Promise.all(
      this.data.panels.map(async (panel) => {
        const answer = await fetch(panel.url);
        if (!answer.ok) throw new Error(`${answer.status}`);
        const bytes = await answer.arrayBuffer();
        return [panel.name, await this.context.decodeAudioData(bytes)];
      }),
    ).then((pairs) => new Map(pairs));
    return this.loading;
  }

  async play() {
    const id = this.id;
    if (sounding && sounding !== this) sounding.pause();
    sounding = this;
    if (this.position >= this.total - 0.01) this.position = 0;
    this.openContext();
    this.setState("loading", "Loading the sound");
    try {
      const [buffers] = await Promise.all([this.load(), this.context.resume()]);
      if (this.gone || id !== this.id) return;
      this.buffers = buffers;
      this.root.dataset.loaded = "true";
    } catch {
      if (this.gone || id !== this.id) return;
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
    const { context } = this;
    const at = this.position;
    const join = this.input.seconds;
    const start = context.currentTime + LEAD_S;
    const fade = context.createGain();
    // From inside a sound a short fade hides the cut; from the very start nothing is touched.
    if (at > 0) {
      fade.gain.setValueAtTime(0, start);
      fade.gain.linearRampToValueAtTime(1, start + SWITCH_S);
    }
    fade.connect(this.volume);
    const take = { at, start, fade, sources: [], gains: new Map() };
    for (const panel of this.data.panels) {
      const buffer = this.buffers.get(panel.name);
      const begins = panel === this.input ? 0 : join;
      const offset = Math.max(at - begins, 0);
      if (offset >= buffer.duration) continue;
      const source = context.createBufferSource();
      source.buffer = buffer;
      if (panel === this.input) {
        source.connect(fade);
      } else {
        const gain = context.createGain();
        gain.gain.value = panel.name === this.heard ? 1 : 0;
        source.connect(gain).connect(fade);
        take.gains.set(panel.name, gain);
      }
      source.start(start + Math.max(begins - at, 0), offset);
      take.sources.push(source);
    }
    this.take = take;
  }

  stopTake() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    const { take } = this;
    if (!take) return;
    this.take = null;
    const now = this.context.currentTime;
    take.fade.gain.cancelScheduledValues(now);
    take.fade.gain.setValueAtTime(take.fade.gain.value, now);
    take.fade.gain.linearRampToValueAtTime(0, now + SWITCH_S);
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

  // ---- who asks ------------------------------------------------------------------------------

  listen() {
    this.find(".play").addEventListener("click", () => this.toggle());
    this.find(".seekbar").addEventListener("input", (event) => this.seek(Number(event.target.value)));
    this.find(".volumebar").addEventListener("input", (event) => {
      if (this.volume) {
        this.volume.gain.setTargetAtTime(Number(event.target.value), this.context.currentTime, 0.01);
      }
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    const step = event.shiftKey ? 5 : 1;
    const key = event.key.toLowerCase();
    const number = Number(event.key);
    if (key === " ") {
      if (on.tagName === "BUTTON") return; // the button's own press
      this.toggle();
    } else if (key === "arrowleft" || key === "arrowright") {
      if (on.classList.contains("volumebar")) return;
      this.seek(this.position + (key === "arrowleft" ? -step : step));
    } else if (number >= 1 && number <= this.others.length) {
      this.choose(this.others[number - 1].name);
    } else if ((key === "a" || key === "b") && this.b) {
      const other = this.heard === this.b.name ? this.a : this.b;
      this.choose(other.name);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // the app around has shortcuts of its own
  }

  remove() {
    this.gone = true;
    this.stopTake();
    this.context?.close();
    if (sounding === this) sounding = null;
  }
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".player");
  let player = players.get(root);
  if (!player) {
    player = new Player(root);
    players.set(root, player);
  }
  player.show(data);
  return () => player.remove();
}
