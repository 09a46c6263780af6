// Show cells: their source with its colours, their state and time, their outputs.
import { duration, element, terminal } from "./texts.js";

const STATES = {
  done: ["✓", "done"],
  running: ["", "running"],
  failed: ["✗", "failed"],
  waiting: ["", "waiting"],
  stopped: ["✗", "was running when the task ended"],
  "not run": ["", "not run"],
};
const TALLEST_FRAME = 3000;

export function showCell(cell, base, theme) {
  const made = element("section", `cell ${cell.kind}`);
  made.id = `cell-${cell.index}`;
  made.dataset.state = cell.state;
  if (cell.kind === "code") {
    made.tabIndex = -1;
    made.append(heading(cell), source(cell));
  }
  if (cell.outputs.length) {
    const outputs = element("div", "outputs");
    outputs.append(...cell.outputs.map(output => shown(output, base, theme)));
    made.append(outputs);
  }
  return made;
}

function heading(cell) {
  const [sign, words] = STATES[cell.state] ?? ["", ""];
  const made = element("h2");
  const mark = element("span", "mark", sign);
  mark.setAttribute("aria-hidden", "true");
  const label = cell.label.charAt(0).toUpperCase() + cell.label.slice(1);
  made.append(mark, element("span", "label", label), element("span", "words", words));
  const time = element("span", "time");
  if (cell.state === "running" && cell.started) time.dataset.since = cell.started;
  else if (typeof cell.seconds === "number" && cell.state !== "not run") time.textContent = duration(cell.seconds);
  made.append(time);
  return made;
}

function source(cell) {
  const code = element("pre", "source");
  code.tabIndex = 0;
  for (const [colour, text] of cell.source) code.append(colour ? element("span", `code-${colour}`, text) : text);
  if (!cell.folded) return code;
  const folded = element("details");
  folded.append(element("summary", "", "code that nb2dag wrote"), code);
  return folded;
}

function shown(output, base, theme) {
  switch (output.type) {
    case "stream": {
      const made = terminal(output.text);
      made.classList.add("stream", output.name === "stderr" ? "stderr" : "stdout");
      return made;
    }
    case "error": {
      const made = element("div", "error");
      made.append(element("strong", "", output.name));
      if (output.where) made.append(element("p", "where", output.where));
      made.append(terminal(output.text));
      return made;
    }
    case "image": {
      const made = element("img");
      made.alt = output.text || "a picture that the cell put out";
      made.src = base + output.address;
      return made;
    }
    case "frame":
      return frame(output, base, theme);
    case "note":
      return element("p", "note", output.text);
    default:
      return terminal(output.text);
  }
}

// HTML of a notebook runs in an origin of its own, by this attribute and by the headers that it comes with.
function frame(output, base, theme) {
  const made = element("iframe");
  made.setAttribute("sandbox", "allow-scripts");
  made.setAttribute("loading", "lazy");
  made.title = output.text || "an output of the cell";
  made.src = `${base}${output.address}&theme=${theme}`;
  return made;
}

addEventListener("message", event => {
  const height = event.data?.nb2dagHeight;
  if (typeof height !== "number" || !(height >= 0)) return;
  for (const each of document.querySelectorAll("iframe")) {
    if (each.contentWindow === event.source) each.style.height = `${Math.min(height, TALLEST_FRAME)}px`;
  }
});
