// How the plane is drawn: density, training sounds, the path and the place that is heard.

// Twelve families as six colours (after Okabe and Ito, which colour-blind people can tell apart,
// darkened or lightened for the ground) and six shapes; no two families share both.
const LIGHT = ["#0067A5", "#C2500A", "#00805C", "#A84A86", "#8F6A00", "#5A5560"];
const DARK = ["#5BB4EC", "#FF8A4C", "#2FC79B", "#E792C4", "#EBC04B", "#C9C4D1"];
const outline = (corners) => `M${corners.map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join("L")}Z`;
const around = (count, radius, turn = -Math.PI / 2) =>
  Array.from({ length: count }, (_, i) => {
    const r = radius[i % radius.length];
    const angle = turn + (i * 2 * Math.PI) / count;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  });
const SHAPES = [
  "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0 -1 0Z",
  outline(around(4, [1.25], Math.PI / 4)),
  outline(around(3, [1.35])),
  outline(around(4, [1.35])),
  "M-.4 -1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
  outline(around(10, [1.45, 0.6])),
];
const GRID = 72; // cells of the density each way
const REACH = 0.035; // its standard deviation as a share of the plane
const POINT = 4.2; // px
const CROWD = 600; // points from which on they are drawn smaller
const GRAB = 26; // px around the place within which a finger takes hold of it
const MAX_ZOOM = 12;

const between = (value, low, high) => Math.min(Math.max(value, low), high);

class PlaneMap {
  constructor(root, canvas) {
    this.root = root;
    this.canvas = canvas;
    this.points = [];
    this.hidden = new Set(); // families
    this.paths = SHAPES.map((shape) => new Path2D(shape));
    this.fit();
  }

  // The whole plane; x and y run from 0 to 1 in what follows, y upwards.
  fit() {
    this.zoom = 1;
    this.centre = [0.5, 0.5];
  }

  theme() {
    const style = getComputedStyle(this.root);
    const read = (name) => rgb(style.getPropertyValue(name).trim() || "#888");
    this.ground = read("--st-background-color");
    this.ink = read("--st-text-color");
    this.accent = read("--st-primary-color");
    const dark = this.ground[0] + this.ground[1] + this.ground[2] < 384;
    if (dark === this.dark) return;
    this.dark = dark;
    this.colours = dark ? DARK : LIGHT;
    this.rgbs = this.colours.map(rgb);
    this.cloud = null;
  }

  sign(family) {
    return { colour: family % 6, shape: (family + Math.floor(family / 6) * 2) % 6 };
  }

  setPlane([left, right, bottom, top]) {
    this.plane = { left, bottom, width: right - left, height: top - bottom };
    this.cloud = null;
  }

  share([x, y]) {
    return [(x - this.plane.left) / this.plane.width, (y - this.plane.bottom) / this.plane.height];
  }

  place([u, v]) {
    const round = (value) => Math.round(value * 1000) / 1000;
    const { left, bottom, width, height } = this.plane;
    return [round(left + between(u, 0, 1) * width), round(bottom + between(v, 0, 1) * height)];
  }

  pixel(place) {
    const [u, v] = this.share(place);
    return [
      ((u - this.centre[0]) * this.zoom + 0.5) * this.width,
      (0.5 - (v - this.centre[1]) * this.zoom) * this.height,
    ];
  }

  under(x, y) {
    return this.place([
      (x / this.width - 0.5) / this.zoom + this.centre[0],
      (0.5 - y / this.height) / this.zoom + this.centre[1],
    ]);
  }

  // Zoom so that what is under (x, y) stays there.
  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [u, v] = [x / this.width - 0.5, 0.5 - y / this.height];
    const old = this.zoom;
    this.zoom = between(old * factor, 1, MAX_ZOOM);
    const shift = 1 / old - 1 / this.zoom;
    this.moveTo(this.centre[0] + u * shift, this.centre[1] + v * shift);
  }

  panBy(dx, dy) {
    const scale = [this.width * this.zoom, this.height * this.zoom];
    this.moveTo(this.centre[0] - dx / scale[0], this.centre[1] + dy / scale[1]);
  }

  moveTo(u, v) {
    const half = 0.5 / this.zoom;
    this.centre = [between(u, half, 1 - half), between(v, half, 1 - half)];
  }

  show(place) {
    const [x, y] = this.pixel(place);
    if (x < 0 || y < 0 || x > this.width || y > this.height) this.moveTo(...this.share(place));
  }

  visible(point) {
    return !this.hidden.has(point.family);
  }

  // The training sound within `slack` pixels, the nearest first.
  hit(x, y, slack) {
    let [best, distance] = [null, slack];
    this.points.forEach((point, index) => {
      if (!this.visible(point)) return;
      const [px, py] = this.pixel(point.place);
      const off = Math.hypot(px - x, py - y);
      if (off < distance) [best, distance] = [index, off];
    });
    return best;
  }

  // Gaussian kernel density of the sounds that are shown, in the colour of each cell's main family.
  shade() {
    const sums = new Float32Array(GRID * GRID);
    const colours = new Float32Array(GRID * GRID * 3);
    const reach = Math.ceil(REACH * GRID * 3);
    for (const point of this.points) {
      if (!this.visible(point)) continue;
      const [u, v] = this.share(point.place);
      const [cx, cy] = [u * GRID, (1 - v) * GRID];
      const colour = this.rgbs[this.sign(point.family).colour];
      for (let y = Math.max(0, Math.floor(cy) - reach); y <= Math.min(GRID - 1, cy + reach); y += 1) {
        for (let x = Math.max(0, Math.floor(cx) - reach); x <= Math.min(GRID - 1, cx + reach); x += 1) {
          const away = ((x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2) / (REACH * GRID) ** 2;
          const weight = Math.exp(-away / 2);
          const at = y * GRID + x;
          sums[at] += weight;
          for (let c = 0; c < 3; c += 1) colours[at * 3 + c] += weight * colour[c];
        }
      }
    }
    const most = sums.reduce((high, sum) => Math.max(high, sum), 1e-9);
    const image = new ImageData(GRID, GRID);
    sums.forEach((sum, at) => {
      for (let c = 0; c < 3; c += 1) image.data[at * 4 + c] = sum ? colours[at * 3 + c] / sum : 0;
      image.data[at * 4 + 3] = 255 * (this.dark ? 0.42 : 0.34) * Math.sqrt(sum / most);
    });
    this.cloud = document.createElement("canvas");
    this.cloud.width = this.cloud.height = GRID;
    this.cloud.getContext("2d").putImageData(image, 0, 0);
  }

  sheet() {
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const { canvas, width, height } = this;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  // place: the one that is heard. path: places drawn. hover: index of a sound. moving: a place on
  // the path that sounds now, or null.
  draw({ place, path, hover, moving }) {
    if (!this.plane || !this.width) return;
    if (!this.cloud) this.shade();
    const pen = this.sheet();
    const [left, top] = this.pixel([this.plane.left, this.plane.bottom + this.plane.height]);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.cloud, left, top, this.width * this.zoom, this.height * this.zoom);
    const crowd = this.points.length > CROWD ? 0.75 : 1;
    const size = POINT * crowd * Math.sqrt(Math.sqrt(this.zoom)) * (this.width < 480 ? 0.8 : 1);
    this.points.forEach((point, index) => {
      if (!this.visible(point)) return;
      const [x, y] = this.pixel(point.place);
      if (x < -9 || y < -9 || x > this.width + 9 || y > this.height + 9) return;
      this.mark(pen, point.family, x, y, index === hover ? size * 1.8 : size, index === hover ? 1 : 0.8);
    });
    if (path.length) this.line(pen, path);
    if (place) this.target(pen, ...this.pixel(moving ?? place));
  }

  mark(pen, family, x, y, size, alpha) {
    const { colour, shape } = this.sign(family);
    pen.save();
    pen.translate(x, y);
    pen.scale(size, size);
    pen.lineWidth = 1 / size;
    pen.strokeStyle = withAlpha(this.ground, 0.9);
    pen.fillStyle = withAlpha(this.rgbs[colour], alpha);
    pen.fill(this.paths[shape]);
    pen.stroke(this.paths[shape]);
    pen.restore();
  }

  line(pen, path) {
    const pixels = path.map((place) => this.pixel(place));
    pen.lineJoin = pen.lineCap = "round";
    for (const [width, colour] of [[6, withAlpha(this.ground, 0.9)], [3, withAlpha(this.accent, 1)]]) {
      pen.beginPath();
      pixels.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.stroke();
    }
    for (const [x, y] of pixels) {
      pen.beginPath();
      pen.arc(x, y, 5, 0, 7);
      pen.fillStyle = withAlpha(this.ground, 1);
      pen.fill();
      pen.lineWidth = 2.5;
      pen.stroke();
    }
  }

  target(pen, x, y) {
    for (const [width, colour] of [[7, this.ground], [3.5, this.accent]]) {
      pen.beginPath();
      pen.arc(x, y, 12, 0, 7);
      pen.lineWidth = width;
      pen.strokeStyle = withAlpha(colour, 1);
      pen.stroke();
    }
    pen.beginPath();
    pen.arc(x, y, 3, 0, 7);
    pen.fillStyle = withAlpha(this.accent, 1);
    pen.fill();
  }

  // The sign of a family as SVG, for the legend and the row of nearest sounds.
  symbol(family) {
    const { colour, shape } = this.sign(family);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-1.6 -1.6 3.2 3.2");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[shape]);
    path.setAttribute("fill", this.colours[colour]);
    svg.append(path);
    return svg;
  }
}
