// The stem mixer: every stem on a channel of the desk, all started on the same sample. The visitor's
// faders are kept here and told to the page once they rest; the page moves them only with another
// version of the desk. Streamlit calls the default export on mount and whenever data or theme
// change, and its returned function on removal.

const SETTLE_MS = 350; // after the last movement of a fader
const FFT = 2048; // samples that a meter looks at: more than pass between two frames
const SLOW_FFT = 16384; // between two looks when motion is reduced
const REFERENCES = { mix: "Mix", original: "Original", actual: "Actual" };

class Mixer extends Deck {
  constructor(root) {
    super(root);
    this.strips = new Map();
    this.heard = MIX;
    this.find(".reset").addEventListener("click", () => this.reset());
    this.find(".export").addEventListener("click", () => this.export());
    // Loaded and decoded before anybody presses Play: at the first sight, or the first touch.
    this.sight = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.prefetch(),
      { rootMargin: "300px" },
    );
    for (const kind of ["pointerenter", "focusin", "pointerdown", "keydown"]) {
      root.addEventListener(kind, () => this.prefetch(), true);
    }
  }

  // ---- what is shown -------------------------------------------------------------------------

  show(data, told) {
    this.told = told;
    // Streamlit fades what a run has not come to yet; each fader moved is a run, and this plays on.
    const frame = this.root.getRootNode().host?.closest("[data-testid=stElementContainer]");
    frame?.style.setProperty("opacity", "1", "important");
    const before = this.data;
    const sounds = JSON.stringify([data.channels, data.actual, data.sample_rate, data.ticks]);
    const other = sounds !== this.soundsId;
    const kept = before && this.desk;
    this.data = data;
    this.soundsId = sounds;
    if (other) this.takeIn(data);
    if (before?.version !== data.version) this.adopt(data.desk);
    else if (other) this.adopt({ ...kept, faders: { ...data.desk.faders, ...kept.faders } });
    this.theme();
    this.root.dataset.ready = "true";
  }

  // Other sounds from now on.
  takeIn(data) {
    this.forget();
    this.closeContext();
    this.graph = null;
    this.taps = null;
    this.sampleRate = data.sample_rate;
    this.total = Math.max(...data.channels.map((channel) => channel.seconds));
    this.position = Math.min(this.position, this.total);
    this.references = [];
    if (data.channels.some((channel) => channel.name === data.solo)) {
      this.references.push({ name: "original", of: data.solo });
    }
    if (data.actual) this.references.push({ name: "actual", of: "actual" });
    this.sounds = data.channels.map(({ name, url }) => ({ name, url, begins: 0 }));
    if (data.actual) this.sounds.push({ name: "actual", url: data.actual.url, begins: 0 });
    this.find(".seekbar").max = this.total;
    this.find(".last-number").textContent = Math.min(data.channels.length, 9);
    this.find(".hint-heard").hidden = !this.references.length;
    this.buildChannels();
    this.buildSegments();
    this.setState("idle");
    if (!this.references.some(({ name }) => name === this.heard)) this.heard = MIX;
    this.hear(this.heard, false);
    this.draw();
    this.sight.disconnect();
    this.sight.observe(this.root);
  }

  buildChannels() {
    const host = this.find(".channels");
    host.replaceChildren();
    this.strips.clear();
    this.heads = [];
    const { channels, range, ticks } = this.data;
    for (const channel of channels) {
      const node = this.find(".channel-template").content.firstElementChild.cloneNode(true);
      node.dataset.name = channel.name;
      node.setAttribute("aria-label", channel.title);
      node.querySelector(".title").textContent = channel.title;
      node.querySelector(".caption").textContent = channel.caption;
      node.querySelector(".caption").hidden = !channel.caption;
      for (const tick of ticks) {
        const label = make("span", "", tick.label);
        label.style.bottom = `${tick.at * 100}%`;
        node.querySelector(".frequencies").append(label);
      }
      this.buildPicture(node.querySelector(".picture"), channel);
      this.heads.push(node.querySelector(".head-line"));
      host.append(node);
      const strip = new Strip(node, channel, range, (part) => this.moved(channel.name, part));
      this.strips.set(channel.name, strip);
    }
    this.buildTimes();
    if (!this.master) {
      this.master = new Fader(this.find(".master"), "the master", range, 2, () => this.moved());
    }
  }

  buildTimes() {
    const host = this.find(".times");
    host.replaceChildren();
    const step = [1, 2, 5, 10, 20, 30].find((size) => this.total / size <= 8) ?? 60;
    for (let at = 0; at <= this.total + 1e-6; at += step) {
      const label = make("span", "", at + step > this.total + 1e-6 ? `${at} s` : `${at}`);
      label.style.left = `${(at / this.total) * 100}%`;
      host.append(label);
    }
  }

  buildPicture(picture, channel) {
    const image = picture.querySelector("img");
    image.src = channel.picture;
    image.alt = `Spectrogram of ${channel.title}, ${channel.seconds.toFixed(1)} seconds`;
    picture.style.width = `${(channel.seconds / this.total) * 100}%`;
    const hover = picture.querySelector(".hover");
    const share = (event) => {
      const box = picture.getBoundingClientRect();
      return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    };
    picture.addEventListener("click", (event) => {
      this.seek(share(event) * channel.seconds);
      picture.closest(".channel").focus({ preventScroll: true });
    });
    picture.addEventListener("pointermove", (event) => {
      hover.textContent = clock(share(event) * channel.seconds);
      hover.style.left = `${share(event) * 100}%`;
      hover.dataset.side = share(event) > 0.5 ? "left" : "right";
    });
  }

  buildSegments() {
    const host = this.find(".segments");
    host.replaceChildren();
    host.hidden = !this.references.length;
    const names = this.references.map(({ name }) => name);
    const order = ["original", MIX, "actual"].filter((name) => name === MIX || names.includes(name));
    for (const name of order) {
      const button = make("button", "segment", REFERENCES[name]);
      button.type = "button";
      button.dataset.name = name;
      button.addEventListener("click", () => this.hear(name));
      host.append(button);
    }
  }

  // Each channel's colour, from the theme's charts.
  theme() {
    const style = getComputedStyle(this.root);
    const colours = style.getPropertyValue("--st-chart-categorical-colors").split(/,(?![^(]*\))/);
    [...this.strips.values()].forEach(({ node }, index) => {
      node.style.setProperty("--colour", colours[index % colours.length].trim() || "var(--accent)");
    });
  }

  drawAt(at) {
    const share = this.total ? (at / this.total) * 100 : 0;
    for (const head of this.heads) head.style.transform = `translateX(${share}%)`;
    this.drawMeters();
  }

  // ---- the desk ------------------------------------------------------------------------------

  // Stand as that desk says.
  adopt(desk) {
    for (const [name, strip] of this.strips) strip.set(desk.faders[name] ?? REST);
    this.master.set({ ...REST, gain_db: desk.master_db });
    this.applyLevels();
    this.toldDesk = JSON.stringify(this.desk);
  }

  get desk() {
    const faders = Object.fromEntries([...this.strips].map(([name, { settings }]) => [name, settings]));
    return { faders, master_db: this.master.settings.gain_db };
  }

  reset() {
    for (const strip of this.strips.values()) strip.set(REST);
    this.master.set(REST);
    this.tell("All faders are back");
    this.moved();
  }

  // A fader has moved: heard at once, told to the page when it rests.
  moved(name, part) {
    this.applyLevels();
    if (name && ("mute" in part || "solo" in part)) {
      const { title, settings } = this.strips.get(name);
      const says = "mute" in part ? (settings.mute ? "muted" : "no longer muted") : settings.solo ? "solo" : "no longer solo";
      this.tell(`${title}: ${says}`);
    }
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.tellDesk(), SETTLE_MS);
  }

  tellDesk() {
    const desk = JSON.stringify(this.desk);
    if (this.gone || desk === this.toldDesk) return;
    this.toldDesk = desk;
    this.told.setStateValue("desk", { version: this.data.version, ...this.desk });
  }

  // By what a channel's samples are multiplied: core.remixing.desk.Desk.level.
  level(name) {
    const { settings, level } = this.strips.get(name);
    const heard = settings.solo || ![...this.strips.values()].some((other) => other.settings.solo);
    return heard && !settings.mute ? level : 0;
  }

  settings(heard) {
    const strips = [...this.strips].map(([name, { settings }]) => [
      name,
      { level: this.level(name), pan: settings.pan },
    ]);
    return { strips: new Map(strips), heard, master: this.master.level };
  }

  applyLevels() {
    for (const [name, strip] of this.strips) strip.show(this.heard === MIX ? this.level(name) : 0);
    this.graph?.set(this.settings(this.heard), SWITCH_S);
  }

  hear(name, tell = true) {
    this.heard = name;
    this.root.dataset.heard = name;
    for (const button of this.find(".segments").children) {
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
    }
    if (!tell) return;
    this.applyLevels();
    this.tell(`You hear: ${REFERENCES[name]}`);
  }

  // ---- sound ---------------------------------------------------------------------------------

  prefetch() {
    this.sight.disconnect();
    if (this.buffers) this.warm();
    if (this.loading || !this.data) return;
    const { generation } = this;
    this.load()
      .then((buffers) => {
        if (generation !== this.generation) return;
        this.buffers = buffers;
        this.root.dataset.loaded = "true";
        this.warm();
      })
      .catch(() => {
        if (generation === this.generation) this.loading = null; // Play tries again, and tells
      });
  }

  // Opening a context takes a tenth of a second and more: done ahead, where a browser lets a page
  // that has been touched do so. It rests until Play.
  warm() {
    if (this.context || this.gone || !navigator.userActivation?.hasBeenActive) return;
    this.openContext();
    this.context.suspend();
  }

  // Decoding needs no context that may sound, so it need not wait for a click.
  decoded(bytes) {
    const buffer = bufferOf(bytes);
    if (buffer) return buffer;
    return new OfflineAudioContext(1, 1, this.sampleRate).decodeAudioData(bytes);
  }

  graphIn(context, heard) {
    const names = [...this.strips.keys()];
    return new DeskGraph(context, names, this.references, this.data.limiter, this.settings(heard));
  }

  openContext() {
    if (this.context) return;
    super.openContext();
    const { context } = this;
    this.graph = this.graphIn(context, this.heard);
    this.graph.output.connect(this.volume);
    const tap = () => new AnalyserNode(context, { fftSize: this.slow.matches ? SLOW_FFT : FFT });
    this.taps = [...this.strips].map(([name, { meter }]) => {
      const analyser = tap();
      this.graph.strips.get(name).level.connect(analyser);
      return { meter, analysers: [analyser] };
    });
    const sides = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    this.graph.output.connect(sides);
    const analysers = [tap(), tap()];
    analysers.forEach((analyser, index) => sides.connect(analyser, index));
    this.taps.push({ meter: this.master.meter, analysers });
  }

  startTake() {
    this.stopTake();
    const take = this.newTake();
    for (const sound of this.sounds) {
      const source = this.begun(take, sound);
      if (source) this.graph.connect(source.connect(this.fadeIn(take)), sound.name);
    }
    this.take = take;
  }

  drawMeters() {
    if (this.root.dataset.state !== "playing" || !this.context) {
      for (const { meter } of this.taps ?? []) meter.rest();
      this.lamp(0);
      return;
    }
    const now = performance.now() / 1000;
    for (const { meter, analysers } of this.taps) {
      const silent = meter !== this.master.meter && this.heard !== MIX;
      const peaks = analysers.map((analyser) => (silent ? 0 : this.peak(analyser)));
      meter.show(peaks, now);
      if (meter === this.master.meter) this.lamp(Math.max(...peaks), now);
    }
  }

  peak(analyser) {
    if (this.samples?.length !== analyser.fftSize) this.samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(this.samples);
    let peak = 0;
    for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
    return peak;
  }

  // Beyond the knee nothing comes out that has not been bent.
  lamp(peak, now = 0) {
    if (decibels(peak) > this.data.limiter.knee_db) this.bent = now;
    this.find(".lamp").dataset.on = String(Boolean(this.bent) && now - this.bent < 0.4);
  }

  setState(state, message) {
    super.setState(state, message);
    if (state !== "playing" && this.taps) this.drawMeters();
  }

  // ---- export --------------------------------------------------------------------------------

  // The mix as it stands, through the same graph, as 16-bit WAV.
  async export() {
    const button = this.find(".export");
    if (button.disabled) return;
    button.disabled = true;
    this.tell("Rendering the mix");
    try {
      const buffers = await this.load();
      const lengths = [...this.strips.keys()].map((name) => buffers.get(name).length);
      const context = new OfflineAudioContext(2, Math.max(...lengths), this.sampleRate);
      const graph = this.graphIn(context, MIX);
      graph.output.connect(context.destination);
      for (const name of this.strips.keys()) {
        const source = new AudioBufferSourceNode(context, { buffer: buffers.get(name) });
        graph.connect(source, name);
        source.start(0);
      }
      this.save(wavOf(await context.startRendering()), this.data.file_name);
      this.tell("The mix has been exported");
    } catch {
      this.loading = this.buffers ? this.loading : null;
      this.tell("The mix could not be exported. Reload the page and try again.");
      this.find(".status").dataset.error = "true";
    }
    button.disabled = false;
  }

  save(blob, name) {
    const link = make("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    this.root.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  // ---- keys ----------------------------------------------------------------------------------

  // The channel, or the master, that holds what was pressed.
  stripAt(node) {
    const channel = node.closest(".channel");
    if (!channel) return null;
    return channel.classList.contains("master") ? this.master : this.strips.get(channel.dataset.name);
  }

  ownKey(key, event) {
    const on = event.target;
    const strip = this.stripAt(on);
    const digit = /^Digit([1-9])$/.exec(event.code ?? "");
    if (strip?.slideKey(key, event)) return true;
    if (digit && Number(digit[1]) <= this.strips.size) {
      [...this.strips.values()][Number(digit[1]) - 1].node.focus();
    } else if (strip && (key === "arrowup" || key === "arrowdown")) {
      strip.nudge((key === "arrowup" ? 1 : -1) * (event.shiftKey ? FINE_DB : COARSE_DB));
    } else if (strip?.name && (key === "m" || key === "s")) {
      strip.flip(key === "m" ? "mute" : "solo");
    } else if (key === "o" && this.references.length) {
      this.hear(this.heard === MIX ? this.references[0].name : MIX);
    } else if ((key === "home" || key === "end") && on.tagName !== "INPUT") {
      this.seek(key === "home" ? 0 : this.total);
    } else {
      return false;
    }
    return true;
  }

  remove() {
    clearTimeout(this.settling);
    this.sight.disconnect();
    super.remove();
  }
}

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".player");
  let player = players.get(root);
  if (!player) {
    player = new Mixer(root);
    players.set(root, player);
  }
  player.show(data, { setStateValue });
  return () => player.remove();
}
