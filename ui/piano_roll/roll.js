// The piano roll: tracks that can be muted while they sound, a playhead over the notes, bars to
// choose, and for every note what else the model might have written. While a piece is being made it
// shows the notes so far. Streamlit calls the default export on mount and whenever data or theme
// change, and its returned function on removal.

const HEIGHT = 400; // px of all rows together; fewer on a phone
const NARROW = 720;
const FIT_BARS = 16; // a longer piece starts zoomed in
const MIN_BAR = 7; // px

class Roll extends Deck {
  constructor(root) {
    super(root);
    this.picture = new Picture(root);
    this.silent = new Set();
    this.solo = new Set();
    this.chosenBars = new Set();
    this.locked = new Set();
    this.picked = null;
    this.scroller = this.find(".scroller");
    this.canvas = this.find(".notes");
    this.data = null;
    new ResizeObserver(() => this.layout()).observe(this.scroller);
    this.scroller.addEventListener("scroll", () => this.repaint(), { passive: true });
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("pointermove", (event) => {
      this.canvas.dataset.over = this.noteAt(event) ? "note" : "";
    });
    this.find(".zoom-in").addEventListener("click", () => this.zoom(1.5));
    this.find(".zoom-out").addEventListener("click", () => this.zoom(1 / 1.5));
    this.find(".zoom-fit").addEventListener("click", () => this.setBarWidth(0));
    this.find(".choices-close").addEventListener("click", () => this.closeChoices());
  }

  // ---- what is shown -------------------------------------------------------------------------

  show(data, tell) {
    this.told = tell;
    this.picture.theme();
    const before = this.data;
    const id = JSON.stringify(data);
    if (id === this.id) {
      this.buildTracks(); // the theme may have changed
      this.repaint();
      return;
    }
    this.id = id;
    this.data = data;
    this.locked = new Set(data.locked);
    const sameMusic = before && before.piece === data.piece && before.live === data.live;
    if (sameMusic) {
      this.buildRuler();
      this.repaint();
      return;
    }
    const sameWork = before && before.work === data.work;
    const names = data.tracks.map((track) => track.name).join("|");
    if (!before || names !== before.tracks.map((track) => track.name).join("|")) {
      this.silent.clear();
      this.solo.clear();
    }
    if (data.live) this.remember(before, data);
    else this.picture.born.clear();
    this.forget();
    this.closeChoices(false);
    this.picked = null;
    this.choicesOf = null;
    this.total = data.seconds;
    if (!data.live && this.sampleRate !== data.sample_rate) {
      this.closeContext();
      this.sampleRate = data.sample_rate;
    }
    this.sounds = data.tracks.flatMap((track, index) =>
      track.url ? [{ name: `${index}`, url: track.url, begins: 0 }] : [],
    );
    if (!sameWork) {
      this.position = 0;
      this.userWidth = null;
      if (this.chosenBars.size) this.chooseBars([]);
    } else if ([...this.chosenBars].some((bar) => bar >= data.bars)) {
      this.chooseBars([]);
    }
    this.position = Math.min(this.position, this.total);
    this.find(".seekbar").max = this.total;
    this.find(".seekbar").disabled = data.live;
    this.find(".play").disabled = data.live;
    this.find(".last-number").textContent = Math.min(data.tracks.length, 9);
    this.find(".hint-tracks").hidden = data.tracks.length < 2;
    this.find(".hint-bars").hidden = !data.editable;
    for (const hint of this.root.querySelectorAll(".hint-choices")) hint.hidden = !data.live && !data.choices;
    this.root.setAttribute("aria-label", ["Piano roll player", data.title].filter(Boolean).join(": "));
    this.canvas.setAttribute("aria-label", data.alt);
    this.root.dataset.live = String(data.live);
    this.root.dataset.notes = data.tracks.reduce((sum, track) => sum + track.notes.length, 0);
    this.setState("idle");
    this.buildTracks();
    this.layout();
    if (before?.live && !data.live) this.scroller.scrollLeft = this.headX() - 24;
    if (data.live) {
      this.showEdge();
      if (!before?.live) this.comeIntoSight();
    }
    this.root.dataset.ready = "true";
  }

  // Which notes are new since the last look, so that they fade in.
  remember(before, data) {
    const { born } = this.picture;
    const now = performance.now();
    const old = before?.live && before.work === data.work ? born : null;
    if (!old) born.clear();
    data.tracks.forEach((track, index) => {
      for (const [start, pitch] of track.notes) {
        const key = `${index}:${start}:${pitch}`;
        if (!born.has(key)) born.set(key, this.slow.matches ? -1e6 : now);
      }
    });
  }

  buildTracks() {
    const host = this.find(".tracks");
    const focused = this.root.getRootNode().activeElement?.dataset?.place;
    host.replaceChildren();
    this.data.tracks.forEach((track, index) => {
      const chip = make("div", "track");
      chip.style.setProperty("--colour", this.picture.colour(index));
      const mute = make("button", "mute");
      mute.type = "button";
      mute.dataset.place = `mute-${index}`;
      mute.append(make("span", "swatch"), make("span", "", track.name));
      mute.title = "Mute or unmute";
      mute.addEventListener("click", () => this.toggleMute(index));
      const solo = make("button", "solo", "Solo");
      solo.type = "button";
      solo.dataset.place = `solo-${index}`;
      solo.setAttribute("aria-label", `Only ${track.name}`);
      solo.addEventListener("click", () => this.toggleSolo(index));
      chip.append(mute);
      if (this.data.tracks.length > 1 && !this.data.live) chip.append(solo);
      host.append(chip);
    });
    if (focused) host.querySelector(`[data-place="${focused}"]`)?.focus();
    this.drawTracks();
  }

  drawTracks() {
    [...this.find(".tracks").children].forEach((chip, index) => {
      const audible = this.audible(index);
      chip.dataset.audible = String(audible);
      const mute = chip.querySelector(".mute");
      mute.setAttribute("aria-pressed", String(audible));
      mute.setAttribute("aria-label", `${this.data.tracks[index].name}, ${audible ? "heard" : "muted"}`);
      chip.querySelector(".solo")?.setAttribute("aria-pressed", String(this.solo.has(index)));
    });
    const heard = this.data.tracks.map((_, index) => index).filter((index) => this.audible(index));
    this.root.dataset.heard = heard.join(",");
  }

  buildRuler() {
    const { data } = this;
    const host = this.find(".ruler");
    const root = this.root.getRootNode();
    const focused = root.activeElement?.dataset?.bar;
    host.replaceChildren();
    const every = [1, 2, 4, 8, 16].find((step) => step * this.barWidth >= 26) ?? 32;
    for (let bar = 0; bar < data.bars; bar += 1) {
      const button = make("button", "bar", bar % every === 0 ? `${bar + 1}` : "");
      button.type = "button";
      button.dataset.bar = bar;
      button.dataset.locked = String(this.locked.has(bar));
      button.dataset.given = String(bar < data.given);
      button.style.left = `${bar * this.barWidth}px`;
      button.style.width = `${this.barWidth}px`;
      button.tabIndex = bar === (this.barFocus ?? 0) ? 0 : -1;
      const what = bar < data.given ? ", yours" : "";
      button.setAttribute("aria-label", `Bar ${bar + 1}${what}${this.locked.has(bar) ? ", locked" : ""}`);
      if (data.editable) button.setAttribute("aria-pressed", String(this.chosenBars.has(bar)));
      button.addEventListener("click", (event) => this.pressBar(bar, event.shiftKey));
      host.append(button);
    }
    if (focused) host.querySelector(`[data-bar="${focused}"]`)?.focus();
  }

  // ---- size and zoom -------------------------------------------------------------------------

  layout() {
    if (!this.data) return;
    const width = this.scroller.clientWidth;
    if (width < 20) return;
    this.width = width;
    const narrow = this.root.clientWidth < NARROW;
    const fit = width / this.data.bars;
    const start = this.data.bars > FIT_BARS || narrow ? width / (narrow ? 6 : FIT_BARS) : fit;
    this.fitWidth = Math.max(fit, MIN_BAR);
    this.barWidth = Math.max(this.userWidth ?? start, this.fitWidth);
    this.tickWidth = this.barWidth / this.data.bar_ticks;
    this.find(".paper").style.width = `${this.barWidth * this.data.bars}px`;
    this.picture.rows(this.data.tracks, narrow ? HEIGHT * 0.8 : HEIGHT);
    this.buildRuler();
    this.draw();
  }

  setBarWidth(wanted) {
    const { scroller } = this;
    const head = this.headX();
    const anchor = head >= scroller.scrollLeft && head <= scroller.scrollLeft + this.width ? head : scroller.scrollLeft;
    const offset = anchor - scroller.scrollLeft;
    const share = anchor / this.barWidth;
    this.userWidth = Math.min(Math.max(wanted, this.fitWidth), 480);
    this.layout();
    scroller.scrollLeft = share * this.barWidth - offset;
    this.repaint();
  }

  zoom(factor) {
    this.setBarWidth(this.barWidth * factor);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300));
  }

  headX() {
    return (this.position / this.data.seconds_per_tick) * this.tickWidth;
  }

  // On a phone the form is below, and what it has started is up here.
  comeIntoSight() {
    const { top, bottom } = this.root.getBoundingClientRect();
    if (bottom > 120 && top < window.innerHeight - 120) return;
    this.root.scrollIntoView({ block: "center", behavior: this.slow.matches ? "auto" : "smooth" });
  }

  showEdge() {
    const x = this.data.edge * this.tickWidth;
    const { scroller } = this;
    if (x > scroller.scrollLeft + this.width - 40 || x < scroller.scrollLeft) {
      const left = x - this.width * 0.7;
      scroller.scrollTo({ left, behavior: this.slow.matches ? "auto" : "smooth" });
    }
  }

  // ---- drawing -------------------------------------------------------------------------------

  drawAt() {
    this.turnPage();
    this.repaint();
  }

  startTake() {
    super.startTake();
    const { scroller } = this;
    const x = this.headX();
    if (x < scroller.scrollLeft || x > scroller.scrollLeft + this.width) scroller.scrollLeft = x - 24;
    this.lastHead = x;
  }

  // Keep the playhead in sight, unless the visitor scrolled away from it.
  turnPage() {
    if (this.root.dataset.state !== "playing" || !this.barWidth) return;
    const { scroller } = this;
    const x = this.headX();
    const [left, right] = [scroller.scrollLeft, scroller.scrollLeft + this.width];
    const seen = this.lastHead >= left && this.lastHead <= right;
    this.lastHead = x;
    if (seen && x > right - 12 && right < this.barWidth * this.data.bars - 1) {
      this.lastHead = x;
      scroller.scrollLeft = x - 24;
    }
  }

  repaint() {
    if (!this.data || !this.barWidth) return;
    const { data, scroller } = this;
    const playing = this.root.dataset.state === "playing";
    const tick = this.position / data.seconds_per_tick;
    const view = {
      data,
      left: scroller.scrollLeft,
      width: this.width,
      barWidth: this.barWidth,
      tickWidth: this.tickWidth,
      chosenBars: this.chosenBars,
      locked: this.locked,
      audible: (index) => this.audible(index),
      at: playing ? tick : null,
      head: data.live ? null : this.headX(),
      edge: data.live ? data.edge : null,
      picked: this.picked,
      now: performance.now(),
      from: scroller.scrollLeft / (this.barWidth * data.bars),
      share: this.width / (this.barWidth * data.bars),
    };
    const growing = this.picture.notes(view);
    this.picture.keyboard(this.find(".keys").clientWidth || 46, playing ? this.lit(tick) : new Map(), data.drums);
    const seek = this.find(".seek");
    this.picture.overview(seek.clientWidth, seek.clientHeight, view);
    const { dataset } = this.root;
    dataset.tickWidth = this.tickWidth.toFixed(4);
    dataset.highest = this.picture.high;
    dataset.row = this.picture.row.toFixed(3);
    if (growing) {
      cancelAnimationFrame(this.fading);
      this.fading = requestAnimationFrame(() => this.repaint());
    }
  }

  // The keys that sound, with their track's colour; drums as -1 - pitch.
  lit(tick) {
    const keys = new Map();
    this.data.tracks.forEach((track, index) => {
      if (!this.audible(index)) return;
      for (const [start, pitch, duration] of track.notes) {
        if (start > tick) break;
        if (start + duration > tick) keys.set(track.drum ? -1 - pitch : pitch, this.picture.colour(index));
      }
    });
    return keys;
  }

  // ---- what is heard -------------------------------------------------------------------------

  audible(index) {
    return this.solo.size ? this.solo.has(index) : !this.silent.has(index);
  }

  level(name) {
    return this.audible(Number(name)) ? this.data.gain : 0;
  }

  placed(source, name) {
    const { pan } = this.data.tracks[Number(name)];
    const panner = this.context.createStereoPanner?.();
    if (!panner) return source;
    panner.pan.value = pan;
    return source.connect(panner);
  }

  toggleMute(index) {
    if (this.solo.size) {
      this.silent = new Set(this.data.tracks.keys());
      for (const heard of this.solo) this.silent.delete(heard);
      this.solo.clear();
    }
    if (!this.silent.delete(index)) this.silent.add(index);
    this.mixed(`${this.data.tracks[index].name} ${this.silent.has(index) ? "muted" : "heard"}`);
  }

  toggleSolo(index) {
    if (!this.solo.delete(index)) this.solo.add(index);
    this.mixed(this.solo.has(index) ? `Only ${this.data.tracks[index].name}` : "All tracks");
  }

  mixed(message) {
    this.applyLevels();
    this.drawTracks();
    this.repaint();
    this.tell(message);
  }

  // ---- bars ----------------------------------------------------------------------------------

  pressBar(bar, extend) {
    this.barFocus = bar;
    if (!this.data.editable) {
      this.seek(bar * this.data.bar_ticks * this.data.seconds_per_tick);
      return;
    }
    let bars;
    if (extend && this.anchor !== undefined) {
      const [low, high] = [Math.min(this.anchor, bar), Math.max(this.anchor, bar)];
      bars = Array.from({ length: high - low + 1 }, (_, i) => low + i);
    } else {
      const alone = this.chosenBars.size === 1 && this.chosenBars.has(bar);
      bars = alone ? [] : [bar];
      this.anchor = bar;
    }
    this.chooseBars(bars);
    this.buildRuler();
    this.repaint();
  }

  chooseBars(bars) {
    this.chosenBars = new Set(bars);
    this.root.dataset.bars = bars.join(",");
    const name = bars.length > 1 ? `Bars ${bars[0] + 1} to ${bars.at(-1) + 1} chosen` : `Bar ${bars[0] + 1} chosen`;
    this.tell(bars.length ? name : "No bars chosen");
    this.told.setStateValue("bars", bars);
  }

  barKey(key, event) {
    const bar = Number(event.target.dataset.bar);
    const next = { arrowleft: bar - 1, arrowright: bar + 1, home: 0, end: this.data.bars - 1 }[key];
    if (next === undefined) return false;
    const to = Math.min(Math.max(next, 0), this.data.bars - 1);
    if (event.shiftKey && this.data.editable) {
      if (!this.chosenBars.has(bar)) this.anchor = bar;
      this.pressBar(to, true);
    }
    this.barFocus = to;
    const button = this.find(`.bar[data-bar="${to}"]`);
    for (const other of this.find(".ruler").children) other.tabIndex = other === button ? 0 : -1;
    button.focus();
    return true;
  }

  // ---- notes and their choices ---------------------------------------------------------------

  noteAt(event) {
    if (!this.data || !this.barWidth) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left + this.scroller.scrollLeft;
    const y = event.clientY - box.top;
    const slack = event.pointerType === "touch" ? 7 : 2;
    let best = null;
    let distance = Infinity;
    this.data.tracks.forEach((track, index) => {
      const thick = this.picture.thick(track);
      track.notes.forEach(([start, pitch, duration], order) => {
        const left = start * this.tickWidth;
        const long = track.drum ? Math.min(duration, 6) : duration;
        const right = left + Math.max(long * this.tickWidth, 3);
        if (x < left - slack || x > right + slack) return;
        const off = Math.abs(y - this.picture.top(track, pitch) - thick / 2);
        if (off <= thick / 2 + slack && off + (this.audible(index) ? 0 : 5) < distance) {
          distance = off;
          best = { track: index, order };
        }
      });
    });
    return best;
  }

  click(event) {
    if (this.data.live) return;
    const found = this.noteAt(event);
    this.root.focus({ preventScroll: true });
    if (found) {
      this.pick(found);
      this.openChoices(false);
      return;
    }
    this.closeChoices(false);
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left + this.scroller.scrollLeft;
    this.seek((x / this.tickWidth) * this.data.seconds_per_tick);
  }

  where(note) {
    const { bar_ticks, beats } = this.data;
    const bar = Math.floor(note[0] / bar_ticks);
    const beat = ((note[0] % bar_ticks) / bar_ticks) * beats + 1;
    return `bar ${bar + 1}, beat ${Number(beat.toFixed(2))}`;
  }

  called(track, pitch) {
    return track.drum ? (this.data.drums[pitch] ?? `drum ${pitch}`) : pitchName(pitch);
  }

  pick(found) {
    this.picked = found;
    const track = this.data.tracks[found.track];
    const note = track.notes[found.order];
    this.root.dataset.picked = `${found.track}:${note[0]}:${note[1]}`;
    this.tell(`${this.called(track, note[1])}, ${track.name}, ${this.where(note)}`);
    const x = note[0] * this.tickWidth;
    const { scroller } = this;
    if (x < scroller.scrollLeft || x > scroller.scrollLeft + this.width - 20) {
      scroller.scrollLeft = x - this.width / 3;
    }
    this.repaint();
  }

  // The next or previous note in time, over all tracks that are heard.
  step(by) {
    const all = this.data.tracks.flatMap((track, index) =>
      this.audible(index) ? track.notes.map((note, order) => ({ track: index, order, note })) : [],
    );
    if (!all.length) return;
    all.sort((a, b) => a.note[0] - b.note[0] || b.note[1] - a.note[1] || a.track - b.track);
    const tick = this.position / this.data.seconds_per_tick;
    const at = this.picked
      ? all.findIndex((one) => one.track === this.picked.track && one.order === this.picked.order) + by
      : all.findIndex((one) => one.note[0] >= tick - 0.5);
    const { track, order } = all[Math.min(Math.max(at, 0), all.length - 1)];
    this.closeChoices(false);
    this.pick({ track, order });
  }

  async openChoices(focus) {
    if (!this.picked || this.data.live) return;
    const { picked, data } = this;
    const track = data.tracks[picked.track];
    const note = track.notes[picked.order];
    try {
      this.choicesOf ??= data.choices ? await (await fetch(data.choices)).json() : [];
    } catch {
      this.tell("The choices could not be loaded. Reload the page to see them.");
      return;
    }
    if (this.picked !== picked || this.data !== data) return;
    const choices = this.choicesOf[picked.track]?.[picked.order] ?? [];
    const panel = this.find(".choices");
    panel.style.setProperty("--colour", this.picture.colour(picked.track));
    this.find(".choices-title").textContent = `${this.called(track, note[1])} · ${track.name}`;
    this.find(".choices-note").textContent = this.where(note);
    const list = this.find(".choices-list");
    list.replaceChildren();
    for (const [pitch, share] of choices) list.append(this.choiceRow(track, note, pitch, share));
    const bar = Math.floor(note[0] / data.bar_ticks);
    const given = bar < data.given ? "This note is your own; the model did not choose it." : "The model left no choices for this note.";
    const foot = data.editable
      ? "Take another, and the piece is redrawn from there; locked bars stay."
      : "What the model found likely here.";
    this.find(".choices-foot").textContent = choices.length ? foot : given;
    panel.hidden = false;
    this.place(panel, track, note);
    if (focus) (list.querySelector(".take") ?? this.find(".choices-close")).focus();
  }

  choiceRow(track, note, pitch, share) {
    const own = pitch === note[1];
    const row = make("li", "choice-row");
    row.dataset.own = String(own);
    const name = this.called(track, pitch);
    const percent = share >= 0.995 ? "100 %" : share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`;
    const bar = make("span", "share");
    bar.setAttribute("aria-hidden", "true");
    const fill = make("span");
    fill.style.width = `${share * 100}%`;
    bar.append(fill);
    row.append(make("span", "choice-pitch", name), bar, make("span", "percent", percent));
    if (own) {
      row.append(make("span", "own", "played"));
    } else if (this.data.editable) {
      const take = make("button", "take", "Take");
      take.type = "button";
      take.setAttribute("aria-label", `Take ${name} and redraw from here`);
      take.addEventListener("click", () => {
        this.closeChoices(true);
        this.told.setTriggerValue("taken", {
          track: this.picked.track, start: note[0], pitch: note[1], taken: pitch,
        });
      });
      row.append(take);
    }
    return row;
  }

  place(panel, track, note) {
    const keys = this.find(".keys").clientWidth;
    const ruler = this.find(".ruler").clientHeight;
    const x = keys + note[0] * this.tickWidth - this.scroller.scrollLeft;
    const y = ruler + this.picture.top(track, note[1]);
    const room = this.find(".stage").clientWidth;
    const below = y + this.picture.thick(track) + 8;
    const fits = below + panel.offsetHeight < ruler + this.picture.height + 120;
    panel.style.left = `${Math.min(Math.max(x - 20, 4), Math.max(room - panel.offsetWidth - 4, 4))}px`;
    panel.style.top = `${fits ? below : Math.max(y - panel.offsetHeight - 8, 4)}px`;
  }

  closeChoices(refocus = true) {
    const panel = this.find(".choices");
    if (panel.hidden) return;
    panel.hidden = true;
    if (refocus) this.root.focus({ preventScroll: true });
  }

  // ---- keys ----------------------------------------------------------------------------------

  ownKey(key, event) {
    const on = event.target;
    if (on.classList.contains("bar") && this.barKey(key, event)) return true;
    const onButton = on.tagName === "BUTTON";
    const digit = /^Digit([1-9])$/.exec(event.code ?? "");
    if (this.data.live) return key === " "; // nothing to hear yet
    if (digit && Number(digit[1]) <= this.data.tracks.length) {
      if (event.shiftKey) this.toggleSolo(Number(digit[1]) - 1);
      else this.toggleMute(Number(digit[1]) - 1);
    } else if (key === "," || key === ".") {
      this.step(key === "," ? -1 : 1);
    } else if (key === "enter" && !onButton && this.picked) {
      this.openChoices(true);
    } else if (key === "escape" && !this.find(".choices").hidden) {
      this.closeChoices();
    } else if (key === "+" || key === "=") {
      this.zoom(1.5);
    } else if (key === "-") {
      this.zoom(1 / 1.5);
    } else if (key === "home" || key === "end") {
      this.seek(key === "home" ? 0 : this.total);
    } else {
      return false;
    }
    return true;
  }
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  let player = players.get(root);
  if (!player) {
    player = new Roll(root);
    players.set(root, player);
  }
  player.show(data, { setStateValue, setTriggerValue });
  return () => player.remove();
}
