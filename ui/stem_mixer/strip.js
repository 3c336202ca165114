// A channel of the desk, or its master: fader, pan, mute, solo and meter, as the visitor handles
// them.

const FALL_DB_S = 26; // how fast a meter falls
const HOLD_S = 1.4; // how long its peak stays marked
const COARSE_DB = 1; // an arrow key; with shift FINE_DB
const FINE_DB = 0.1;
const REST = { gain_db: 0, pan: 0, mute: false, solo: false };

const decibels = (level) => (level > 0 ? 20 * Math.log10(level) : -Infinity);
const signed = (db, low) => (db <= low ? "−∞" : `${db > 0 ? "+" : ""}${db.toFixed(1)}`.replace("-", "−"));
const side = (pan) => {
  const share = Math.round(Math.abs(pan) * 100);
  return share === 0 ? "C" : `${pan < 0 ? "L" : "R"} ${share}`;
};
const sideInWords = (pan) => {
  const share = Math.round(Math.abs(pan) * 100);
  return share === 0 ? "centre" : `${share} percent ${pan < 0 ? "left" : "right"}`;
};

// A bar for each side, on the fader's scale.
class Meter {
  constructor(host, title, sides, [low, high]) {
    this.host = host;
    this.low = low;
    this.range = high - low;
    host.setAttribute("role", "meter");
    host.setAttribute("aria-label", `Level of ${title}, decibels of full scale`);
    host.setAttribute("aria-valuemin", low);
    host.setAttribute("aria-valuemax", high);
    host.style.setProperty("--full", -low / this.range);
    this.bars = Array.from({ length: sides }, () => {
      const bar = make("span", "bar");
      const lit = make("span", "lit");
      const hold = make("span", "hold");
      bar.append(lit, hold);
      host.append(bar);
      return { lit, hold, db: low, top: low, since: 0 };
    });
    this.rest();
  }

  rest() {
    for (const bar of this.bars) {
      bar.db = this.low;
      bar.top = this.low;
      this.paint(bar);
    }
    this.say(-Infinity, Infinity);
  }

  // peaks: one for each side, of the samples since the last look. now: seconds.
  show(peaks, now) {
    const passed = Math.min(Math.max(now - (this.last ?? now), 0), 1);
    this.last = now;
    this.bars.forEach((bar, index) => {
      const peak = Math.max(decibels(peaks[index]), this.low);
      bar.db = Math.max(peak, bar.db - FALL_DB_S * passed);
      if (peak >= bar.top) [bar.top, bar.since] = [peak, now];
      else if (now - bar.since > HOLD_S) bar.top = Math.max(bar.db, bar.top - FALL_DB_S * passed);
      this.paint(bar);
    });
    this.say(decibels(Math.max(...peaks)), now);
  }

  paint({ lit, hold, db, top }) {
    const share = (value) => Math.min(Math.max((value - this.low) / this.range, 0), 1);
    lit.style.clipPath = `inset(0 ${(1 - share(db)) * 100}% 0 0)`;
    hold.style.transform = `translateX(${share(top) * 100}%)`;
    hold.style.visibility = top > this.low ? "visible" : "hidden";
  }

  // For those who do not see it; seldom, for each change costs the page something.
  say(db, now) {
    if (now - (this.said ?? 0) < 0.5) return;
    this.said = now === Infinity ? 0 : now;
    const value = Math.max(db, this.low);
    this.host.setAttribute("aria-valuenow", value.toFixed(1));
    this.host.setAttribute("aria-valuetext", value <= this.low ? "silent" : `${value.toFixed(1)} decibels`);
  }
}

// What a channel and the master have: a fader and a meter. `moved` is called at every change.
class Fader {
  constructor(node, title, range, sides, moved) {
    this.node = node;
    this.title = title;
    [this.low, this.high] = range;
    this.moved = moved;
    this.settings = { ...REST };
    this.find = (name) => node.querySelector(name);
    this.fader = this.find(".fader");
    Object.assign(this.fader, { min: this.low, max: this.high, step: FINE_DB });
    this.fader.setAttribute("aria-label", `Fader of ${title}`);
    this.fader.title = "Double-click: back to 0 dB";
    this.fader.addEventListener("input", () => this.change({ gain_db: Number(this.fader.value) }));
    this.fader.addEventListener("dblclick", () => this.change({ gain_db: 0 }));
    this.meter = new Meter(this.find(".meter"), title, sides, range);
  }

  change(part) {
    this.set({ ...this.settings, ...part });
    this.moved(part);
  }

  // By so many decibels; the fader stays within its range.
  nudge(db) {
    const to = Math.min(Math.max(this.settings.gain_db + db, this.low), this.high);
    this.change({ gain_db: Math.round(to * 10) / 10 });
  }

  set(settings) {
    this.settings = { ...settings };
    const { gain_db } = settings;
    this.fader.value = gain_db;
    this.fader.setAttribute("aria-valuetext", gain_db <= this.low ? "closed" : `${gain_db.toFixed(1)} decibels`);
    this.fader.style.setProperty("--done", (gain_db - this.low) / (this.high - this.low));
    this.find(".db").value = `${signed(gain_db, this.low)} dB`;
  }

  get level() {
    return amplitude(this.settings.gain_db, this.low);
  }

  // A key on the fader or pan itself; true: it was one of these.
  slideKey(key, event) {
    const way = { arrowup: 1, arrowright: 1, arrowdown: -1, arrowleft: -1 }[key];
    if (!way) return false;
    if (event.target.classList.contains("fader")) {
      this.nudge(way * (event.shiftKey ? FINE_DB : COARSE_DB));
    } else if (event.target.classList.contains("panner")) {
      const to = this.settings.pan + way * (event.shiftKey ? 0.01 : 0.05);
      this.change({ pan: Math.round(Math.min(Math.max(to, -1), 1) * 100) / 100 });
    } else {
      return false;
    }
    return true;
  }
}

class Strip extends Fader {
  constructor(node, channel, range, moved) {
    super(node, channel.title, range, 1, moved);
    this.name = channel.name;
    this.panner = this.find(".panner");
    this.panner.setAttribute("aria-label", `Pan of ${channel.title}`);
    this.panner.title = "Double-click: back to the centre";
    this.panner.addEventListener("input", () => {
      const pan = Math.round(Number(this.panner.value) * 100) / 100;
      this.change({ pan });
    });
    this.panner.addEventListener("dblclick", () => this.change({ pan: 0 }));
    for (const kind of ["mute", "solo"]) {
      const button = this.find(`.${kind}`);
      button.setAttribute("aria-label", `${kind === "mute" ? "Mute" : "Only"} ${channel.title}`);
      button.addEventListener("click", () => this.flip(kind));
    }
  }

  flip(kind) {
    this.change({ [kind]: !this.settings[kind] });
  }

  set(settings) {
    super.set(settings);
    const { pan, mute, solo } = settings;
    this.panner.value = pan;
    this.panner.setAttribute("aria-valuetext", sideInWords(pan));
    this.panner.style.setProperty("--from", `${50 + Math.min(pan, 0) * 50}%`);
    this.panner.style.setProperty("--to", `${50 + Math.max(pan, 0) * 50}%`);
    this.find(".side").value = side(pan);
    this.find(".mute").setAttribute("aria-pressed", String(mute));
    this.find(".solo").setAttribute("aria-pressed", String(solo));
  }

  // level: what it is heard with, the other channels' solo counted.
  show(level) {
    this.node.dataset.audible = String(level > 0);
    if (level === 0) this.meter.rest();
  }
}
