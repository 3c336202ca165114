// How the roll is drawn: keyboard, grid, notes and the small overview, on canvases.

const LIGHT = ["#A3307E", "#3B5BA9", "#C9632B", "#2B7F76", "#6A4BB0", "#8A6D1B", "#B03A48", "#2F7FA8", "#5C7A29", "#7A5C4B"];
const DARK = ["#F0709E", "#7EA2F2", "#FB9F67", "#5CC4B6", "#B396F5", "#E0C25A", "#F2858F", "#6EC1E8", "#A5CC6B", "#CBAA96"];
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const BLACK = [1, 3, 6, 8, 10];
const DRUM_ROW = 13; // px
const pitchName = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
const isBlack = (pitch) => BLACK.includes(pitch % 12);

// A canvas of that many CSS pixels, sharp on every screen; its context, cleared.
const sheet = (canvas, width, height) => {
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
};

class Picture {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.root = root;
    this.born = new Map(); // notes that came while it is being written, and when
  }

  // Colours of the theme; called when data or theme change.
  theme() {
    const style = getComputedStyle(this.root);
    const read = (name) => rgb(style.getPropertyValue(name).trim() || "#888");
    this.ground = read("--st-background-color");
    this.ink = read("--st-text-color");
    this.accent = read("--st-primary-color");
    this.dark = this.ground[0] + this.ground[1] + this.ground[2] < 384;
    this.colours = this.dark ? DARK : LIGHT;
    this.rgbs = this.colours.map(rgb);
    this.font = style.fontFamily;
  }

  colour(track) {
    return this.colours[track % this.colours.length];
  }

  // Which row every pitch has: from the highest to the lowest pitch, then the drums.
  rows(tracks, height) {
    let [low, high] = [Infinity, -Infinity];
    const drums = new Set();
    for (const track of tracks) {
      for (const [, pitch] of track.notes) {
        if (track.drum) drums.add(pitch);
        else [low, high] = [Math.min(low, pitch), Math.max(high, pitch)];
      }
    }
    if (low > high) [low, high] = drums.size ? [1, 0] : [58, 76];
    else [low, high] = [Math.max(low - 2, 0), Math.min(high + 2, 127)];
    while (low <= high && high - low < 18) [low, high] = [Math.max(low - 1, 0), Math.min(high + 1, 127)];
    this.low = low;
    this.high = high;
    this.drums = [...drums].sort((a, b) => b - a);
    this.drumRow = this.drums.length > 10 ? 8 : DRUM_ROW;
    const lane = this.drums.length ? this.drums.length * this.drumRow + 6 : 0;
    const count = high - low + 1;
    this.row = count > 0 ? Math.min(Math.max((height - lane) / count, 3.4), 13) : 0;
    this.pitched = count * this.row;
    this.height = Math.round(this.pitched + lane);
    this.drumAt = new Map(this.drums.map((pitch, i) => [pitch, this.pitched + 6 + i * this.drumRow]));
  }

  top(track, pitch) {
    return track.drum ? this.drumAt.get(pitch) : (this.high - pitch) * this.row;
  }

  thick(track) {
    return track.drum ? this.drumRow : this.row;
  }

  keyboard(width, lit, names) {
    const context = sheet(this.find(".keys"), width, this.height);
    const { ink, ground } = this;
    const ivory = this.dark ? [222, 214, 230] : [255, 255, 255];
    context.font = `10px ${this.font}`;
    context.textBaseline = "middle";
    for (let pitch = this.low; pitch <= this.high; pitch += 1) {
      const y = (this.high - pitch) * this.row;
      const black = isBlack(pitch);
      context.fillStyle = withAlpha(ivory, 1);
      context.fillRect(0, y, width, this.row + 0.5);
      if (black) {
        context.fillStyle = withAlpha([38, 30, 48], 1);
        context.fillRect(0, y, width * 0.62, this.row);
      }
      const colour = lit.get(pitch);
      if (colour !== undefined) {
        context.fillStyle = colour;
        context.fillRect(0, y, black ? width * 0.62 : width, this.row);
      }
      // White keys meet between B and C and between E and F; elsewhere under the black one.
      context.fillStyle = withAlpha([38, 30, 48], 0.28);
      if (pitch % 12 === 0 || pitch % 12 === 5) context.fillRect(0, y + this.row - 0.5, width, 1);
      if (black) context.fillRect(width * 0.62, y + this.row / 2, width * 0.38, 1);
    }
    context.textAlign = "right";
    context.font = `9px ${this.font}`;
    context.fillStyle = "#4a3f58";
    for (let pitch = this.low; pitch <= this.high; pitch += 1) {
      const y = (this.high - pitch) * this.row + Math.min(this.row / 2, this.row - 4);
      if (pitch % 12 === 0) context.fillText(pitchName(pitch), width - 3, y);
    }
    for (const pitch of this.drums) {
      const y = this.drumAt.get(pitch);
      const colour = lit.get(-1 - pitch);
      context.fillStyle = colour ?? withAlpha(ink, 0.06);
      context.fillRect(0, y, width, this.drumRow - 1);
      if (this.drumRow >= 9) {
        context.fillStyle = colour ? withAlpha(ground, 1) : withAlpha(ink, 0.75);
        context.font = `9px ${this.font}`;
        const name = names[pitch] ?? `${pitch}`;
        context.fillText(name, width - 4, y + this.drumRow / 2, width - 6);
      }
    }
    context.fillStyle = withAlpha(ink, 0.25);
    context.fillRect(width - 1, 0, 1, this.height);
  }

  // view: {left, width, barWidth, tickWidth, data, chosenBars, locked, audible, at, picked, now}
  notes(view) {
    const context = sheet(this.find(".notes"), view.width, this.height);
    const { ink, accent } = this;
    const { data, left, width, barWidth, tickWidth } = view;
    for (let pitch = this.low; pitch <= this.high; pitch += 1) {
      if (!isBlack(pitch)) continue;
      context.fillStyle = withAlpha(ink, 0.045);
      context.fillRect(0, (this.high - pitch) * this.row, width, this.row);
    }
    context.fillStyle = withAlpha(ink, 0.14);
    for (let pitch = this.low; pitch <= this.high; pitch += 1) {
      if (pitch % 12 === 0) context.fillRect(0, (this.high - pitch + 1) * this.row - 0.5, width, 1);
    }
    if (this.drums.length && this.pitched) context.fillRect(0, this.pitched + 2, width, 1);
    const first = Math.max(Math.floor(left / barWidth), 0);
    const last = Math.min(Math.ceil((left + width) / barWidth), data.bars);
    const beat = barWidth / data.beats;
    for (let bar = first; bar < last; bar += 1) {
      const x = bar * barWidth - left;
      if (bar < data.given) {
        context.fillStyle = withAlpha(ink, 0.06);
        context.fillRect(x, 0, barWidth, this.height);
      }
      if (view.chosenBars.has(bar)) {
        context.fillStyle = withAlpha(accent, 0.13);
        context.fillRect(x, 0, barWidth, this.height);
      }
      if (view.locked.has(bar)) this.hatch(context, x, barWidth);
      if (beat >= 9) {
        context.fillStyle = withAlpha(ink, 0.07);
        for (let i = 1; i < data.beats; i += 1) context.fillRect(x + i * beat, 0, 1, this.height);
      }
      context.fillStyle = withAlpha(ink, barWidth < 8 ? 0.08 : 0.2);
      context.fillRect(x, 0, 1, this.height);
    }
    let growing = false;
    data.tracks.forEach((track, index) => {
      const colour = this.rgbs[index % this.rgbs.length];
      const audible = view.audible(index);
      const thick = Math.max(this.thick(track) - 1, 2.4);
      track.notes.forEach((note, order) => {
        const [start, pitch, duration, velocity] = note;
        const x = start * tickWidth - left;
        if (x > width) return;
        const long = track.drum ? Math.min(duration, 6) : duration;
        const w = Math.max(long * tickWidth - 1, 2.5);
        if (x + w < 0) return;
        const y = this.top(track, pitch) + 0.5;
        let alpha = audible ? 0.55 + 0.45 * Math.min(velocity / 110, 1) : 0.16;
        const since = view.now - (this.born.get(`${index}:${start}:${pitch}`) ?? 0);
        if (since < 450) {
          alpha *= since / 450;
          growing = true;
        }
        const sounds = audible && view.at !== null && view.at >= start && view.at < start + duration;
        context.beginPath();
        context.roundRect(x, y, w, thick, Math.min(3, thick / 2, w / 2));
        if (sounds) {
          context.shadowColor = withAlpha(colour, 0.9);
          context.shadowBlur = 12;
          context.fillStyle = this.dark ? "#fff" : withAlpha(colour.map((c) => c * 0.62), 1);
        } else {
          context.fillStyle = withAlpha(colour, alpha);
        }
        context.fill();
        context.shadowBlur = 0;
        const picked = view.picked && view.picked.track === index && view.picked.order === order;
        if (picked) {
          context.strokeStyle = withAlpha(ink, 1);
          context.lineWidth = 2;
          context.strokeRect(x - 2, y - 2, w + 4, thick + 4);
        }
      });
    });
    if (view.edge !== null) this.edge(context, view.edge * tickWidth - left);
    if (view.head !== null) {
      const x = view.head - left;
      context.fillStyle = withAlpha(accent, 1);
      context.fillRect(x - 1, 0, 2, this.height);
      context.beginPath();
      context.moveTo(x - 6, 0);
      context.lineTo(x + 6, 0);
      context.lineTo(x, 8);
      context.fill();
    }
    return growing;
  }

  hatch(context, x, width) {
    context.save();
    context.beginPath();
    context.rect(x, 0, width, this.height);
    context.clip();
    context.strokeStyle = withAlpha(this.ink, 0.1);
    context.lineWidth = 2;
    context.beginPath();
    for (let at = x - this.height; at < x + width; at += 12) {
      context.moveTo(at, this.height);
      context.lineTo(at + this.height, 0);
    }
    context.stroke();
    context.restore();
  }

  // Where the pen is while the piece is written.
  edge(context, x) {
    const glow = context.createLinearGradient(x - 60, 0, x, 0);
    glow.addColorStop(0, withAlpha(this.accent, 0));
    glow.addColorStop(1, withAlpha(this.accent, 0.22));
    context.fillStyle = glow;
    context.fillRect(x - 60, 0, 60, this.height);
    context.fillStyle = withAlpha(this.accent, 0.9);
    context.fillRect(x - 1, 0, 2, this.height);
  }

  overview(width, height, view) {
    const context = sheet(this.find(".overview"), width, height);
    const { data } = view;
    const tick = width / (data.bars * data.bar_ticks);
    const scale = height / Math.max(this.height, 1);
    data.tracks.forEach((track, index) => {
      context.fillStyle = withAlpha(this.rgbs[index % this.rgbs.length], view.audible(index) ? 0.85 : 0.2);
      for (const [start, pitch, duration] of track.notes) {
        const long = track.drum ? 2 : duration;
        context.fillRect(start * tick, this.top(track, pitch) * scale, Math.max(long * tick, 1), 1.6);
      }
    });
    if (view.share < 0.995) {
      const [x, w] = [view.from * width, view.share * width];
      context.fillStyle = withAlpha(this.ink, 0.09);
      context.fillRect(x, 0, w, height);
      context.strokeStyle = withAlpha(this.ink, 0.45);
      context.strokeRect(x + 0.5, 0.5, w - 1, height - 1);
    }
  }
}
