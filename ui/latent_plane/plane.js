// The plane of sounds: any place of it can be heard, walked to, or passed on a path. What is not
// there yet is asked of the page: one question at a time, the latest wins, and its sound starts as
// soon as it comes. Streamlit calls the default export on mount and whenever data or theme change,
// and its returned function on removal.

const STEP = 0.02; // of the plane, for an arrow key; with shift five times that
const SLACK = 11; // px within which a click means the training sound
const TOUCH_SLACK = 16;
const MAX_STOPS = 12;
const PATIENCE_MS = 90000; // a first question may load the engine
const LOST_MS = 4000;
const REST_MS = 900;
const SETTLE_MS = 260; // after the last arrow key or slider step
const QUIET = ["keys", "rest"]; // questions after which nothing sounds
const GOING = ["playing", "asked", "loading"]; // states in which the button says stop
const SLOW_MS = 400;
const RING_S = 0.7; // a path's last sound rings on
const SPARE = 2; // keys asked for ahead at a time, so that they start at once

class Instrument {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.canvas = this.find(".canvas");
    this.map = new PlaneMap(root, this.canvas);
    this.voice = new Voice(this.find(".volumebar"));
    this.keyboard = new Keyboard(root, (pitch) => this.strike(pitch), () => this.spare());
    this.slow = matchMedia("(prefers-reduced-motion: reduce)");
    this.path = [];
    this.ready = new Map(); // pitch -> {id, url}: this place's other notes
    this.count = 0;
    this.find(".play").addEventListener("click", () => this.toggle());
    this.find(".share").addEventListener("click", () => this.share());
    this.find(".pen").addEventListener("click", () => this.setPen(!this.pen));
    this.find(".zoom-in").addEventListener("click", () => this.zoom(1.5));
    this.find(".zoom-out").addEventListener("click", () => this.zoom(1 / 1.5));
    this.find(".zoom-fit").addEventListener("click", () => this.zoom(0));
    this.find(".path-add").addEventListener("click", () => this.addStop(this.place));
    this.find(".path-clear").addEventListener("click", () => this.setPath([]));
    this.find(".path-play").addEventListener("click", () => this.playPath());
    this.find(".velocity").addEventListener("change", () => this.touched());
    this.find(".length").addEventListener("change", () => this.touched());
    this.find(".length").addEventListener("input", () => this.showLength());
    this.find(".keys").addEventListener("pointerenter", () => this.spare());
    this.find(".keys").addEventListener("focus", () => this.spare());
    for (const axis of ["x", "y"]) {
      this.find(`.slide-${axis}`).addEventListener("input", () => this.slid());
    }
    root.addEventListener("keydown", (event) => this.key(event));
    this.hands = new Hands(this);
    new ResizeObserver(() => this.layout()).observe(this.find(".map"));
  }

  // ---- what is shown -------------------------------------------------------------------------

  show(data, tell) {
    this.told = tell;
    const { answer, sound } = data;
    // What is waited for comes first; the rest of the page can be drawn while it is decoded.
    if (answer?.wav && answer.id === this.flight?.id && this.voice.context) {
      this.voice.load(sound.id, sound.url, unpacked(answer.wav)).catch(() => {});
    }
    this.map.theme();
    const before = this.data;
    this.data = data;
    if (before?.points !== data.points) this.loadPoints(data);
    const id = [data.plan, answer?.id, data.points].join();
    if (id !== this.id) this.take(data, before);
    this.id = id;
    this.buildLegend();
    this.buildNear();
    this.repaint();
    if (!before) tell.setTriggerValue("asked", { id: "hello", kind: "hello" });
  }

  async loadPoints(data) {
    const { points } = data;
    this.map.setPlane(data.plane);
    this.map.fit();
    this.map.hidden.clear();
    this.map.points = [];
    this.ready.clear();
    try {
      const rows = points ? await (await fetch(points)).json() : [];
      if (this.data.points !== points) return;
      this.map.points = rows.map(([x, y, name, family, pitch]) => ({
        place: [x, y], name: data.names[name], family, pitch,
      }));
    } catch {
      this.tell("The training sounds could not be loaded. Reload the page to see them.", true);
    }
    this.map.cloud = null;
    this.root.dataset.count = this.map.points.length;
    this.layout();
    this.root.dataset.ready = "true";
  }

  // New data: an answer to what was asked, or another sound that the page has put here.
  take(data, before) {
    const { answer } = data;
    const mine = this.flight && answer?.id === this.flight.id;
    const moved = !before || before.plan !== data.plan;
    if (!before || before.points !== data.points || (moved && !mine && !this.wanted)) {
      this.place = data.place;
      if (data.path.length && !this.pen) this.setPen(true);
      this.setPath(data.path);
      this.map.show(this.place);
    }
    if (moved) {
      if (before?.timbre !== data.timbre) this.ready.clear();
      if (!mine && before && !this.wanted) {
        this.voice.stop();
        this.walk(null);
        this.setState("idle");
        this.tell("");
      }
    }
    const { pitch, velocity, held_s } = data.touch;
    if (!mine || !this.wanted) {
      this.find(".velocity").value = velocity;
      this.find(".length").value = held_s;
    }
    this.showLength();
    this.keyboard.setRange(data.pitches, pitch);
    this.keyboard.mark(data.plays_pitches ? pitch : null);
    this.root.dataset.pitched = String(data.plays_pitches);
    this.find(".keyboard-none").hidden = data.plays_pitches;
    this.find(".keyboard-none").textContent = `${data.title} has no pitch control: a place on its plane is a sound with its pitch.`;
    this.find(".hint-keys").hidden = !data.plays_pitches;
    this.find(".title").textContent = data.here;
    this.find(".more").textContent = data.more;
    this.canvas.setAttribute("aria-label", `Plane of ${data.count} training sounds. Now at: ${data.here}, ${data.more}`);
    if (mine) this.answered(answer);
    this.drawPlace();
  }

  buildLegend() {
    const host = this.find(".legend");
    const id = `${this.data.families}|${[...this.map.hidden]}|${this.map.dark}`;
    if (host.dataset.id === id) return;
    host.dataset.id = id;
    const focused = this.root.getRootNode().activeElement?.dataset?.family;
    host.replaceChildren();
    this.data.families.forEach((name, family) => {
      const chip = make("button", "family");
      chip.type = "button";
      chip.dataset.family = family;
      chip.append(this.map.symbol(family), make("span", "", name.replace("_", " ")));
      chip.setAttribute("aria-pressed", String(!this.map.hidden.has(family)));
      chip.title = "Show or hide; with shift, this family alone";
      chip.addEventListener("click", (event) => this.filter(family, event.shiftKey));
      host.append(chip);
    });
    if (focused) host.querySelector(`[data-family="${focused}"]`)?.focus();
  }

  filter(family, alone) {
    const { hidden } = this.map;
    const all = this.data.families.map((_, index) => index);
    if (alone) {
      const others = all.filter((index) => index !== family);
      const was = !hidden.has(family) && others.every((index) => hidden.has(index));
      hidden.clear();
      if (!was) others.forEach((index) => hidden.add(index));
    } else if (!hidden.delete(family)) {
      hidden.add(family);
    }
    this.root.dataset.shown = this.map.points.filter((point) => this.map.visible(point)).length;
    this.map.cloud = null;
    this.buildLegend();
    this.repaint();
    this.tell(`${this.root.dataset.shown} sounds shown`);
  }

  buildNear() {
    const host = this.find(".near-list");
    const id = JSON.stringify(this.data.nearest.map((one) => [one.index, one.distance])) + this.map.dark;
    if (host.dataset.id === id) return;
    host.dataset.id = id;
    const focused = this.root.getRootNode().activeElement?.dataset?.near;
    host.replaceChildren();
    this.data.nearest.forEach((one, order) => {
      const card = make("li", "card");
      const head = make("p", "card-name");
      head.append(this.map.symbol(one.family), make("span", "", one.name));
      const kind = `${this.data.families[one.family].replace("_", " ")} · ${pitchName(one.pitch)}`;
      const row = make("p", "card-row");
      const go = make("button", "go", "Visit");
      go.type = "button";
      go.dataset.near = `go-${order}`;
      go.setAttribute("aria-label", `Go to ${one.name} and play it`);
      go.addEventListener("click", () => this.goTo(one.index));
      row.append(go);
      if (one.note) {
        const real = make("button", "real", "Recording");
        real.type = "button";
        real.dataset.near = `real-${order}`;
        real.title = one.credit;
        real.setAttribute("aria-label", `Play the recorded ${one.name}`);
        real.addEventListener("click", () => this.sound(one.note, one.note));
        row.append(real);
      }
      card.append(head, make("p", "card-words", kind), make("p", "card-words", `${one.distance.toFixed(2)} away`), row);
      host.append(card);
    });
    this.find(".near").hidden = !this.data.nearest.length;
    if (focused) host.querySelector(`[data-near="${focused}"]`)?.focus();
  }

  layout() {
    const box = this.find(".map");
    const width = box.clientWidth;
    if (width < 20) return;
    this.map.width = width;
    this.map.height = Math.round(between(width * (width < 480 ? 0.95 : 0.62), 280, 520));
    this.canvas.style.height = `${this.map.height}px`;
    this.drawPlace();
  }

  repaint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const { place, path, hover } = this;
      this.map.draw({ place, path, hover, moving: this.moving ?? null });
    });
  }

  drawPlace() {
    if (!this.place || !this.map.plane) return;
    const [u, v] = this.map.share(this.place);
    this.find(".slide-x").value = u * 1000;
    this.find(".slide-y").value = v * 1000;
    for (const [axis, value] of [["x", this.place[0]], ["y", this.place[1]]]) {
      this.find(`.slide-${axis}`).setAttribute("aria-valuetext", value.toFixed(2));
      this.root.dataset[axis] = value;
    }
    this.repaint();
  }

  zoom(factor) {
    if (factor) this.map.zoomAt(factor, ...this.map.pixel(this.place));
    else this.map.fit();
    this.root.dataset.zoom = this.map.zoom.toFixed(2);
    this.repaint();
  }

  setState(state) {
    this.root.dataset.state = state;
    clearTimeout(this.slowly);
    if (state !== "loading") this.find(".more").textContent = this.data?.more ?? "";
    this.find(".play").setAttribute("aria-label", GOING.includes(state) ? "Stop" : "Play");
  }

  // Nothing turns and nothing blinks unless it takes long: drawing that would only take longer.
  await() {
    if (this.root.dataset.state === "loading") return;
    this.setState("asked");
    this.slowly = setTimeout(() => {
      this.setState("loading");
      this.slowly = setTimeout(() => {
        this.find(".more").textContent = "getting the engine ready; its first sound takes longest";
        this.tell("Getting the engine ready");
      }, LOST_MS / 2);
    }, SLOW_MS);
  }

  tell(message, wrong = false) {
    this.find(".status").textContent = message;
    this.find(".status").dataset.error = String(wrong);
  }

  // ---- asking and hearing --------------------------------------------------------------------

  touch() {
    const held_s = Number(this.find(".length").value);
    return { pitch: this.data.touch.pitch, velocity: Number(this.find(".velocity").value), held_s };
  }

  // Ask for a sound, inside the click or key press that wants it.
  ask(kind, fields) {
    this.voice.open();
    this.wanted = { kind, touch: this.touch(), ...fields, since: performance.now() };
    this.send();
  }

  send() {
    const { wanted } = this;
    const waiting = this.flight && this.flight.kind !== "keys";
    // A question may be lost where the page was drawn anew for another reason: ask again then.
    if (!wanted || (waiting && performance.now() - this.flight.sent < LOST_MS)) return;
    this.wanted = null;
    this.count += 1;
    const id = `${Date.now().toString(36)}-${this.count}`;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.lost(id), PATIENCE_MS);
    const { since, ...rest } = wanted;
    this.flight = { id, kind: wanted.kind, since, sent: performance.now() };
    if (!QUIET.includes(wanted.kind)) this.await();
    this.told.setTriggerValue("asked", { id, ...rest });
  }

  lost(id) {
    if (this.flight?.id !== id) return;
    this.flight = null;
    this.setState("idle");
    this.tell("No sound has come. Reload the page and try again.", true);
  }

  async answered(answer) {
    const { flight } = this;
    this.flight = null;
    clearTimeout(this.patience);
    if (answer.error) {
      this.setState("idle");
      this.tell(answer.error, true);
    } else if (flight.kind === "keys") {
      for (const { pitch, id, url } of answer.notes) {
        this.ready.set(pitch, { id, url });
        this.voice.load(id, url).catch(() => this.ready.delete(pitch));
      }
    } else if (flight.kind !== "rest") {
      if (flight.kind === "key") this.ready.set(this.data.touch.pitch, this.data.sound);
      await this.sound(this.data.sound.id, this.data.sound.url, flight);
    }
    if (!QUIET.includes(flight.kind)) this.rest();
    if (this.wanted) this.send();
    else if (this.sparing) this.spare();
  }

  // Once nothing more is asked for a while, the page hears what sounded last, for its address.
  rest(touch) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.flight || this.wanted) this.rest(touch);
      else this.ask("rest", touch ? { touch } : {});
    }, REST_MS);
  }

  // Play a sound; `flight` is the question that it answers.
  async sound(id, url, flight) {
    this.voice.open();
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (!this.voice.has(id)) this.await();
    try {
      const poly = flight?.kind === "key";
      const take = await this.voice.start(id, url, { alone: !poly, ended: (over) => this.ended(over) });
      if (!take) return;
      this.heard = take;
      if (flight) this.root.dataset.waitMs = Math.round(performance.now() - flight.since);
      this.root.dataset.played = Number(this.root.dataset.played) + 1;
      if (turn !== this.turn) return;
      this.setState("playing");
      this.tell(`${this.data.here}, ${this.data.more}`);
      this.walk(id === this.data.sound.id && this.data.path.length > 1 ? this.data.path : null);
    } catch {
      this.setState("idle");
      this.tell("The sound could not be loaded. Reload the page to hear it.", true);
    }
  }

  ended(take) {
    if (take !== this.heard) return;
    this.walk(null);
    if (this.root.dataset.state === "playing") this.setState("idle");
  }

  // While a path sounds, the place moves along it.
  walk(path) {
    cancelAnimationFrame(this.walking);
    this.moving = null;
    if (path && !this.slow.matches) {
      const take = this.heard;
      const marks = [0];
      path.slice(1).forEach(([x, y], i) => marks.push(marks[i] + Math.hypot(x - path[i][0], y - path[i][1])));
      const step = () => {
        const part = between(this.voice.elapsed(take) / Math.max(take.seconds - RING_S, 0.1), 0, 1);
        const at = part * marks.at(-1);
        const leg = Math.max(marks.findIndex((mark) => mark >= at), 1);
        const share = (at - marks[leg - 1]) / (marks[leg] - marks[leg - 1] || 1);
        this.moving = path[leg].map((value, axis) => path[leg - 1][axis] + (value - path[leg - 1][axis]) * share);
        this.repaint();
        this.walking = requestAnimationFrame(step);
      };
      step();
    }
    this.repaint();
  }

  toggle() {
    if (GOING.includes(this.root.dataset.state)) {
      this.voice.stop();
      this.walk(null);
      this.setState("idle");
    } else {
      this.play();
    }
  }

  play() {
    const { sound } = this.data;
    if (sound.url && !this.wanted && !this.flight) this.sound(sound.id, sound.url);
    else this.ask("place", { place: this.place });
  }

  async share() {
    const { origin, pathname } = window.location;
    const link = `${origin}${pathname}?${this.data.link}`;
    try {
      await navigator.clipboard.writeText(link);
      this.tell("Link copied: whoever opens it hears the same sound");
      this.find(".share").textContent = "Copied";
      setTimeout(() => { this.find(".share").textContent = "Copy link"; }, 1600);
    } catch {
      window.prompt("Copy this link:", link); // a page without https may not write to the clipboard
    }
  }

  // ---- going somewhere -----------------------------------------------------------------------

  goTo(index) {
    this.place = this.map.points[index].place;
    this.ask("point", { index });
    this.setPath([]);
    this.map.show(this.place);
    this.drawPlace();
  }

  // To the place under the pointer, or to the training sound that lies there.
  goUnder(x, y, slack) {
    const index = slack ? this.map.hit(x, y, slack) : null;
    if (index !== null) {
      this.goTo(index);
      return;
    }
    this.walkTo(this.map.under(x, y));
  }

  walkTo(place) {
    this.place = place;
    this.ask("place", { place });
    if (this.path.length) this.setPath([]);
    this.drawPlace();
  }

  // Arrow keys and sliders come in quick succession: ask once they rest.
  settle(place) {
    this.voice.open();
    this.place = place;
    this.map.show(place);
    this.drawPlace();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.walkTo(place), this.flight ? SETTLE_MS : SETTLE_MS / 4);
  }

  slid() {
    const to = this.map.place([this.find(".slide-x").value / 1000, this.find(".slide-y").value / 1000]);
    if (this.pen) this.moveQuietly(to);
    else this.settle(to);
  }

  // ---- paths ---------------------------------------------------------------------------------

  setPen(on) {
    this.pen = on;
    this.root.dataset.mode = on ? "path" : "point";
    this.find(".pen").setAttribute("aria-pressed", String(on));
    this.find(".pathbar").hidden = !on;
    if (!on && this.path.length) this.setPath([]);
    this.setPath(this.path);
  }

  setPath(path) {
    this.path = path;
    const enough = path.length > 1;
    this.find(".path-play").disabled = !enough;
    this.find(".path-clear").disabled = !path.length;
    this.find(".path-add").disabled = path.length >= MAX_STOPS;
    this.find(".path-note").textContent = path.length
      ? `${path.length} stop${path.length > 1 ? "s" : ""}`
      : "Drag over the plane, or click stop after stop.";
    this.root.dataset.stops = path.length;
    this.repaint();
  }

  addStop(place) {
    if (this.path.length < MAX_STOPS) this.setPath([...this.path, place]);
  }

  playPath() {
    if (this.path.length > 1) this.ask("path", { path: this.path });
  }

  // ---- pitches -------------------------------------------------------------------------------

  showLength() {
    this.find(".length-s").value = `${Number(this.find(".length").value).toFixed(1)} s`;
  }

  touched() {
    this.ready.clear();
    this.ask("key", { touch: this.touch() });
  }

  strike(pitch) {
    if (!this.data.plays_pitches) return;
    const found = this.ready.get(pitch);
    this.keyboard.mark(pitch);
    const touch = { ...this.touch(), pitch };
    if (found && this.voice.has(found.id)) {
      this.voice.open();
      this.sound(found.id, found.url, { kind: "key", since: performance.now() });
      this.rest(touch);
    } else {
      this.ask("key", { touch });
    }
    this.sparing = true;
  }

  // Ask for this octave's notes ahead, once the visitor turns to the keyboard.
  spare() {
    if (!this.data?.plays_pitches || this.flight || this.wanted || !this.voice.context) return;
    this.sparing = true;
    const missing = this.keyboard.pitches().filter((pitch) => !this.ready.has(pitch));
    if (!missing.length) return;
    this.wanted = { kind: "keys", touch: this.touch(), pitches: missing.slice(0, SPARE) };
    this.send();
  }

  // ---- keys ----------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    const inField = on.tagName === "INPUT";
    const key = event.key.toLowerCase();
    const arrow = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, 1], arrowdown: [0, -1] }[key];
    const pressed = key === "enter" || key === " ";
    if (pressed && on.tagName === "BUTTON") return; // the button's own press
    if (pressed && !inField) {
      if (this.pen && on === this.canvas && key === "enter" && !event.repeat) this.addStop(this.place);
      else if (this.pen && this.path.length > 1) this.playPath();
      else if (!event.repeat) this.play();
    } else if (arrow && !inField) {
      const far = (event.shiftKey ? 5 : 1) * STEP / Math.sqrt(this.map.zoom);
      const [u, v] = this.map.share(this.place);
      const to = this.map.place([u + arrow[0] * far, v + arrow[1] * far]);
      if (this.pen) this.moveQuietly(to);
      else this.settle(to);
    } else if (key === "escape") {
      this.voice.stop();
      this.setState("idle");
    } else if (key === "+" || key === "=") {
      this.zoom(1.5);
    } else if (key === "-") {
      this.zoom(1 / 1.5);
    } else if (!this.data.plays_pitches || !this.keyboard.typed(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // the app around has shortcuts of its own
  }

  moveQuietly(place) {
    this.place = place;
    this.map.show(place);
    this.drawPlace();
    this.tell(`At ${place[0].toFixed(2)}, ${place[1].toFixed(2)}; enter adds a stop`);
  }

  remove() {
    this.hands.remove();
    clearTimeout(this.patience);
    clearTimeout(this.settling);
    clearTimeout(this.resting);
    clearTimeout(this.slowly);
    cancelAnimationFrame(this.walking);
    this.voice.close();
  }
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".plane");
  let instrument = players.get(root);
  if (!instrument) {
    instrument = new Instrument(root);
    players.set(root, instrument);
  }
  instrument.show(data, { setStateValue, setTriggerValue });
  return () => instrument.remove();
}
