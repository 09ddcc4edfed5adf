// What tests and benchmark ask of a JupyterLab page, gathered under one name: `course`.
// JupyterLab is started with --LabApp.expose_app_in_browser, so `jupyterapp` is at hand.

window.course = {
  panel() {
    const widget = window.jupyterapp?.shell.currentWidget;
    return widget?.content?.model?.cells ? widget : null;
  },

  kernel() {
    return this.panel()?.sessionContext.session?.kernel ?? null;
  },

  // Errors and warnings among the outputs, as [cell, kind, text].
  complaints() {
    const found = [];
    const cells = this.panel().content.model.cells;
    for (let i = 0; i < cells.length; i++) {
      for (const output of cells.get(i).outputs?.toJSON() ?? []) {
        if (output.output_type === "error")
          found.push([i, "error", `${output.ename}: ${output.evalue}`]);
        if (output.name === "stderr") found.push([i, "stderr", [output.text].flat().join("")]);
      }
    }
    return found;
  },

  // Run All; `ran` tells from outside when it is over, and whether every cell succeeded.
  runAll() {
    this.ran = null;
    jupyterapp.commands.execute("notebook:run-all-cells").then(
      (fine) => { this.ran = fine !== false; },
      () => { this.ran = false; },
    );
  },

  // Run code in the kernel beside the notebook; returns the value of an expression, as text.
  async execute(code, expression = "None") {
    const user_expressions = { value: expression };
    const request = { code, user_expressions, store_history: false };
    const { content } = await this.kernel().requestExecute(request).done;
    if (content.status !== "ok") throw new Error(`${content.ename}: ${content.evalue}`);
    return content.user_expressions.value.data["text/plain"];
  },

  pictures: (root) => [...root.querySelectorAll("img.cl-figure, .cl-figure img")],

  words: (root) => [...root.querySelectorAll(".cl-words")].map((e) => e.innerText).join("\n"),

  // A number for the decoded pixels: unlike the bytes or the address, they are what is seen.
  async fingerprint(picture) {
    await picture.decode().catch(() => {});
    const canvas = new OffscreenCanvas(picture.naturalWidth || 1, picture.naturalHeight || 1);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0;
    for (const pixel of new Uint32Array(data.buffer)) hash = (Math.imul(hash, 31) + pixel) | 0;
    return hash;
  },

  // Pixels and words together: what a learner sees of a live figure.
  async seen(root) {
    const pixels = await Promise.all(this.pictures(root).map((p) => this.fingerprint(p)));
    return JSON.stringify([pixels, this.words(root)]);
  },

  // Cheap to ask for, and different as soon as a picture or a word is; null while the kernel works.
  state(root) {
    if (this.kernel()?.status !== "idle") return null;
    return this.pictures(root).map((p) => p.src + p.complete) + this.words(root);
  },

  // What does not fit its place, and so is cut off or ends in "…": [which, text].
  cutOff(root) {
    const places = ".widget-label, .widget-readout, .cl-words, .cl-call, select";
    const parts = [...root.querySelectorAll(places), root, root.closest(".jp-OutputArea")];
    return parts
      .filter((e) => e.offsetParent !== null && e.scrollWidth > e.clientWidth + 1)
      .map((e) => [e.className, e.innerText.slice(0, 80)]);
  },
};
