// What pointers do on the plane: press, drag, draw, hover, pinch.

const FAR = 6; // px a finger moves before its touch is no tap
const SPACING = 14; // px between the samples of a drawn line

class Hands {
  constructor(owner) {
    this.owner = owner;
    this.canvas = owner.canvas;
    this.fingers = new Map(); // pointer id -> [x, y]
    this.down = null;
    const on = (name, handler, options) => this.canvas.addEventListener(name, handler, options);
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", (event) => this.cancel(event));
    on("pointerleave", () => this.hover(null));
    on("wheel", (event) => this.wheel(event), { passive: false });
    // A finger on the place, or with the pen, draws and does not scroll the page.
    on("touchstart", (event) => {
      if (event.touches.length > 1 || this.grabs(this.at(event.touches[0]))) event.preventDefault();
    }, { passive: false });
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  grabs([x, y]) {
    const { owner } = this;
    if (owner.pen) return true;
    const [px, py] = owner.map.pixel(owner.place);
    return Math.hypot(px - x, py - y) < GRAB;
  }

  press(event) {
    const at = this.at(event);
    if (event.button > 0 || !this.owner.map.width) return;
    this.owner.voice.open();
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size > 1) {
      this.down = null;
      return;
    }
    this.canvas.setPointerCapture?.(event.pointerId);
    this.down = { id: event.pointerId, at, touch: event.pointerType === "touch", line: [at] };
    this.hover(null);
    if (this.owner.pen) return;
    // A mouse's press is meant; a finger's may begin to scroll, unless it takes the place.
    this.down.held = !this.down.touch || this.grabs(at);
    if (!this.down.touch) this.owner.goUnder(...at, SLACK);
  }

  move(event) {
    const at = this.at(event);
    if (this.fingers.size > 1 && this.fingers.has(event.pointerId)) {
      this.pinch(event.pointerId, at);
      return;
    }
    const { down, owner } = this;
    if (!down) {
      if (event.pointerType === "mouse") this.hover(at);
      return;
    }
    if (event.pointerId !== down.id) return;
    this.fingers.set(event.pointerId, at);
    if (Math.hypot(at[0] - down.at[0], at[1] - down.at[1]) > FAR) down.moved = true;
    if (!down.moved) return;
    if (owner.pen) {
      const last = down.line.at(-1);
      if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= SPACING) down.line.push(at);
      owner.setPath(this.stops(down.line));
    } else if (down.held) {
      owner.walkTo(owner.map.under(...at));
    }
  }

  release(event) {
    this.fingers.delete(event.pointerId);
    const { down, owner } = this;
    if (!down || event.pointerId !== down.id) return;
    this.down = null;
    const at = this.at(event);
    if (owner.pen) {
      if (down.moved) {
        owner.setPath(this.stops([...down.line, at]));
        owner.playPath();
      } else {
        owner.addStop(owner.map.under(...at));
      }
      return;
    }
    if (down.touch && !down.moved) owner.goUnder(...at, TOUCH_SLACK);
  }

  cancel(event) {
    this.fingers.delete(event.pointerId);
    this.down = null;
  }

  // A drawn line as at most MAX_STOPS places, evenly along it.
  stops(line) {
    const { map } = this.owner;
    const count = Math.min(MAX_STOPS, Math.max(2, Math.round(line.length / 2)));
    const ends = line.length - 1;
    return Array.from({ length: count }, (_, i) => map.under(...line[Math.round((i * ends) / (count - 1))]));
  }

  pinch(id, at) {
    const before = [...this.fingers.values()];
    this.fingers.set(id, at);
    const after = [...this.fingers.values()];
    const gap = ([[ax, ay], [bx, by]]) => Math.hypot(ax - bx, ay - by);
    const middle = ([[ax, ay], [bx, by]]) => [(ax + bx) / 2, (ay + by) / 2];
    const [old, now] = [middle(before), middle(after)];
    const { map } = this.owner;
    map.panBy(now[0] - old[0], now[1] - old[1]);
    if (gap(before) > 8) map.zoomAt(gap(after) / gap(before), ...now);
    this.owner.root.dataset.zoom = map.zoom.toFixed(2);
    this.owner.repaint();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.owner.map.zoomAt(Math.exp(-event.deltaY / 300), ...this.at(event));
    this.owner.repaint();
  }

  hover(at) {
    const { owner } = this;
    const index = at ? owner.map.hit(...at, SLACK) : null;
    const tip = owner.find(".tip");
    if (index !== owner.hover) {
      owner.hover = index;
      owner.repaint();
    }
    tip.hidden = index === null || index === undefined;
    if (tip.hidden) return;
    const point = owner.map.points[index];
    const family = owner.data.families[point.family].replace("_", " ");
    tip.textContent = `${point.name} · ${family} · ${pitchName(point.pitch)}`;
    const [x, y] = owner.map.pixel(point.place);
    const room = owner.map.width;
    tip.style.left = `${between(x - tip.offsetWidth / 2, 4, room - tip.offsetWidth - 4)}px`;
    tip.style.top = `${y > 50 ? y - tip.offsetHeight - 12 : y + 14}px`;
  }

  remove() {
    this.fingers.clear();
    this.down = null;
  }
}
