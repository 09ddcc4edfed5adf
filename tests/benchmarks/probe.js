// A stopwatch in the page: a key press starts it; it stops when a new picture has been decoded and the
// browser is about to paint it. Only what happens inside `root`, the figure under test, counts.

window.probe = {
  root: null,
  start: null,
  shown: [], // [which picture, milliseconds since the page was opened]

  watch(root) {
    this.root = root;
    this.start = null;
    this.shown = [];
  },

  inside(element) {
    return this.root !== null && this.root.contains(element);
  },

  async saw(element) {
    const which = [...this.root.querySelectorAll("img, canvas")].indexOf(element);
    await element.decode?.().catch(() => {});
    requestAnimationFrame(() => this.shown.push([which, performance.now()]));
  },

  // Milliseconds from the key press to each picture's first change, when `pictures` of them changed.
  async stop(pictures, rest = 80, limit = 3000) {
    const end = performance.now() + limit;
    const first = () => new Map([...this.shown].reverse()); // of equal keys the earliest stays
    while (first().size < pictures && performance.now() < end) await pause(5);
    await this.rest(rest);
    return [...first().values()].map((when) => when - this.start).sort((a, b) => a - b);
  },

  async rest(milliseconds) {
    let since = performance.now(), count = this.shown.length;
    while (performance.now() - since < milliseconds) {
      if (this.shown.length !== count || course.kernel().status !== "idle") {
        since = performance.now();
        count = this.shown.length;
      }
      await pause(10);
    }
  },

  // Drag the slider's handle along its whole way, one move per frame, 60 in a second.
  async drag(handle, duration) {
    const way = handle.closest(".noUi-base").getBoundingClientRect();
    const at = (part) => ({
      bubbles: true, cancelable: true, buttons: 1, view: window,
      clientX: way.left + part * way.width, clientY: way.top + way.height / 2,
    });
    const begin = performance.now();
    handle.dispatchEvent(new MouseEvent("mousedown", at(0)));
    let now = begin, moves = 0;
    while (now - begin < duration) {
      await new Promise(requestAnimationFrame);
      now = performance.now();
      document.documentElement.dispatchEvent(
        new MouseEvent("mousemove", at(Math.min(1, (now - begin) / duration))),
      );
      moves++;
    }
    const release = performance.now();
    document.documentElement.dispatchEvent(new MouseEvent("mouseup", { ...at(1), buttons: 0 }));
    await this.rest(500);
    return { begin, release, moves, shown: this.shown };
  },
};

const pause = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));

document.addEventListener("keydown", (event) => {
  if (probe.inside(event.target)) probe.start ??= performance.now();
}, true);

// A picture in an <img> is there when it has loaded, be it the same element again or a new one.
document.addEventListener("load", (event) => {
  if (probe.inside(event.target)) probe.saw(event.target);
}, true);

// ipympl paints on a canvas instead.
const drawImage = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...parts) {
  drawImage.apply(this, parts);
  if (this.canvas.isConnected && probe.inside(this.canvas)) probe.saw(this.canvas);
};
