// The comparison player: one clock, one playhead, several sounds that start on the same sample:
// where the input ends or, together, with it. Streamlit calls the default export on mount and
// whenever data or theme change, and its returned function on removal.

const tickStep = (seconds) => [1, 2, 5, 10, 20, 30].find((step) => seconds / step <= 5) ?? 60;

class Player extends Deck {
  // ---- what is shown -------------------------------------------------------------------------

  show(data) {
    const id = JSON.stringify(data);
    if (id === this.id) return; // an equal rerun, or only the theme changed: keep playing
    this.forget();
    this.id = id;
    this.data = data;
    this.position = 0;
    this.sampleRate = data.sample_rate;
    this.input = data.panels[0];
    // Before the join only the input is heard; together, there is no such time.
    this.join = data.together ? 0 : this.input.seconds;
    this.others = data.panels.slice(data.together ? 0 : 1);
    this.total = this.join + Math.max(...this.others.map((panel) => panel.seconds));
    const predicted = this.others.filter((panel) => panel.kind === "predicted");
    this.actual = this.others.find((panel) => panel.kind === "actual");
    this.a = predicted[0] ?? this.others[0];
    this.b = this.actual ?? predicted[1];
    this.buildPanels();
    this.buildSegments();
    this.sounds = data.panels.map((panel) => ({
      name: panel.name,
      url: panel.url,
      begins: this.begins(panel),
    }));
    this.root.style.setProperty("--join", this.join / this.total);
    this.find(".join").hidden = data.together;
    this.find(".choice-label").textContent = data.together ? "You hear" : "After the input you hear";
    this.find(".seekbar").max = this.total;
    this.find(".last-number").textContent = this.others.length;
    this.find(".hint-number").hidden = this.others.length < 2;
    this.find(".hint-ab").hidden = !this.b;
    this.find(".ab-text").textContent = this.actual ? "predicted and actual" : "between two";
    this.setState("idle");
    this.choose(this.a.name, false);
    this.draw();
    this.root.dataset.ready = "true";
  }

  begins(panel) {
    return this.others.includes(panel) ? this.join : 0;
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
      const start = this.begins(panel);
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
        this.choose(panel.name);
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

  drawAt(at) {
    for (const panel of this.data.panels) {
      const leads = !this.others.includes(panel);
      const own = at - this.begins(panel);
      const inside = leads ? at < this.join : own >= 0 && own <= panel.seconds;
      const head = this.heads.get(panel.name);
      head.style.visibility = inside ? "visible" : "hidden";
      if (inside) head.style.transform = `translateX(${(own / panel.seconds) * 100}%)`;
      const audible = leads ? at < this.join : at >= this.join && panel.name === this.heard;
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
    this.applyLevels();
    if (tell) this.tell(`You hear: ${panel.title}`);
    this.draw();
  }

  level(name) {
    const leads = name === this.input.name && !this.data.together;
    return leads || name === this.heard ? 1 : 0;
  }

  ownKey(key) {
    const number = Number(key);
    if (number >= 1 && number <= this.others.length) {
      this.choose(this.others[number - 1].name);
    } else if ((key === "a" || key === "b") && this.b) {
      const other = this.heard === this.b.name ? this.a : this.b;
      this.choose(other.name);
    } else {
      return false;
    }
    return true;
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
