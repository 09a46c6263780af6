// Make DOM nodes of texts. Whatever a notebook says becomes a text node here, never HTML.

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function duration(seconds) {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

// What a terminal would show: colours of SGR sequences, and a line that was drawn anew as it was last.
export function terminal(text) {
  const made = element("pre");
  made.tabIndex = 0;
  let style = { colour: "", bold: false };
  for (const piece of redrawn(text).split(/(\x1b\[[0-9;]*m)/)) {
    if (piece.startsWith("\x1b[")) {
      style = restyled(style, piece.slice(2, -1).split(";").map(Number));
    } else if (piece) {
      const plain = piece.replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*(?:\x07|\x1b\\)/g, "");
      const names = [style.colour && `ansi-${style.colour}`, style.bold && "ansi-bold"].filter(Boolean).join(" ");
      made.append(names ? element("span", names, plain) : plain);
    }
  }
  return made;
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function restyled(style, codes) {
  let { colour, bold } = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) [colour, bold] = ["", false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code >= 30 && code <= 37) colour = COLOURS[code - 30];
    else if (code >= 90 && code <= 97) colour = COLOURS[code - 90];
    else if (code === 39) colour = "";
    else if (code === 38 || code === 48) {
      // 256 colours or RGB: of the first sixteen only the names are known here.
      if (code === 38 && codes[i + 1] === 5) colour = COLOURS[codes[i + 2] % 8 || 0] && codes[i + 2] < 16 ? COLOURS[codes[i + 2] % 8] : "";
      i += codes[i + 1] === 5 ? 2 : 4;
    }
  }
  return { colour, bold };
}

function redrawn(text) {
  return text
    .replace(/\r\n/g, "\n")
    .split("\n")
    .map(line => line.split("\r").filter(Boolean).pop() ?? "")
    .join("\n");
}
