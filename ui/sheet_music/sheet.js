// Sheet music, a page at a time. There are two sets of pages: one for wide columns, one for narrow.
// Streamlit calls the default export on mount and whenever data or theme change.

const NARROW = 620;
const sheets = new WeakMap();

class Sheet {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.page = 0;
    this.find(".back").addEventListener("click", () => this.turn(-1));
    this.find(".on").addEventListener("click", () => this.turn(1));
    root.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.turn(by);
    });
    let start = null;
    root.addEventListener("touchstart", (event) => (start = event.changedTouches[0].clientX), { passive: true });
    root.addEventListener("touchend", (event) => {
      const moved = event.changedTouches[0].clientX - start;
      if (Math.abs(moved) > 60) this.turn(moved < 0 ? 1 : -1);
    }, { passive: true });
    new ResizeObserver(() => this.draw()).observe(root);
  }

  show(data) {
    const id = JSON.stringify(data);
    if (id === this.id) return;
    this.id = id;
    this.data = data;
    this.page = 0;
    this.draw();
  }

  turn(by) {
    this.page += by;
    this.draw();
  }

  draw() {
    if (!this.data || !this.root.clientWidth) return;
    const pages = this.root.clientWidth < NARROW ? this.data.narrow : this.data.wide;
    this.page = Math.min(Math.max(this.page, 0), pages.length - 1);
    const image = this.find(".page");
    if (image.getAttribute("src") !== pages[this.page]) image.src = pages[this.page];
    image.alt = `${this.data.alt} Page ${this.page + 1} of ${pages.length}.`;
    this.find(".count").value = `Page ${this.page + 1} of ${pages.length}`;
    this.find(".back").disabled = this.page === 0;
    this.find(".on").disabled = this.page === pages.length - 1;
    this.find(".bar").hidden = pages.length < 2;
    this.root.dataset.page = this.page + 1;
    this.root.dataset.pages = pages.length;
    this.root.dataset.ready = "true";
  }
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".sheet");
  if (!sheets.has(root)) sheets.set(root, new Sheet(root));
  sheets.get(root).show(data);
}
