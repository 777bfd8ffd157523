// Draws terminals with xterm.js. Loaded when the first terminal is opened; what the program behind
// it says may only draw: no link is opened, no clipboard written, no title set.
import { Terminal } from "./vendor/xterm.mjs";
import { FitAddon } from "./vendor/addon-fit.mjs";
import { SearchAddon } from "./vendor/addon-search.mjs";

const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = "./vendor/xterm.css";
document.head.append(sheet);

function colours() {
  const style = getComputedStyle(document.querySelector(".dock-body") ?? document.body);
  // light-dark() is resolved only on a property that is used.
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const theme = {
    background: style.backgroundColor,
    foreground: colour("--text"),
    cursor: colour("--accent"),
    cursorAccent: style.backgroundColor,
    selectionBackground: colour("--accent-bg"),
    black: colour("--faint"),
    red: colour("--critical"),
    green: colour("--ok"),
    yellow: colour("--warn"),
    blue: colour("--accent"),
    magenta: colour("--high"),
    cyan: colour("--accent"),
    white: colour("--dim"),
    brightBlack: colour("--dim"),
    brightRed: colour("--critical"),
    brightGreen: colour("--ok"),
    brightYellow: colour("--warn"),
    brightBlue: colour("--accent"),
    brightMagenta: colour("--high"),
    brightCyan: colour("--accent"),
    brightWhite: colour("--text"),
  };
  probe.remove();
  return theme;
}

const SIZES = [8, 32];
const MOST_REPEATED = 10000;

function fontSize() {
  const stored = Number(localStorage.getItem("kubegraf.terminal-font"));
  return stored >= SIZES[0] && stored <= SIZES[1] ? stored : 12;
}

// Ctrl and +, - or 0: larger, smaller, as it was.
function resized(event, now) {
  if (!event.ctrlKey || event.altKey || event.type !== "keydown") return null;
  const by = { "+": 1, "=": 1, "-": -1, 0: 12 - now }[event.key];
  if (by === undefined) return null;
  const size = Math.min(SIZES[1], Math.max(SIZES[0], now + by));
  localStorage.setItem("kubegraf.terminal-font", size);
  return size;
}

export function make(onText, onSize, onDrawn) {
  const terminal = new Terminal({
    allowProposedApi: true,
    convertEol: false,
    cursorBlink: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    fontSize: fontSize(),
    linkHandler: { activate() {} },
    scrollback: 10000,
    theme: colours(),
  });
  // Some sequences are repeated as often as they say: two thousand million times is a frozen window.
  for (const final of ["@", "I", "L", "M", "P", "S", "T", "X", "Z", "b"]) {
    terminal.parser.registerCsiHandler({ final }, (params) => params[0] > MOST_REPEATED);
  }
  for (const final of ["@", "A"]) {
    terminal.parser.registerCsiHandler({ intermediates: " ", final }, (params) => params[0] > MOST_REPEATED);
  }
  for (const final of ["}", "~"]) {
    terminal.parser.registerCsiHandler({ intermediates: "'", final }, (params) => params[0] > MOST_REPEATED);
  }
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  const host = document.createElement("div");
  host.className = "terminal-host";
  let opened = false;
  terminal.onData(onText);
  terminal.onResize(({ cols, rows }) => onSize(cols, rows));
  terminal.attachCustomKeyEventHandler((event) => {
    const copies = event.ctrlKey && event.shiftKey && event.code === "KeyC";
    if (copies && event.type === "keydown" && terminal.hasSelection()) {
      navigator.clipboard.writeText(terminal.getSelection());
      event.preventDefault();
    }
    const size = resized(event, terminal.options.fontSize);
    if (size !== null) {
      terminal.options.fontSize = size;
      fit.fit();
      event.preventDefault();
      // The window has the same keys for everything in it.
      event.stopPropagation();
      return false;
    }
    const pastes = event.ctrlKey && event.shiftKey && event.code === "KeyV";
    return !copies && !pastes;
  });
  const observer = new ResizeObserver(() => {
    if (opened && host.clientWidth > 0) fit.fit();
  });
  observer.observe(host);
  const themes = new MutationObserver(() => (terminal.options.theme = colours()));
  themes.observe(document.documentElement, { attributeFilter: ["data-theme", "data-scheme"] });
  return {
    mount(parent) {
      parent.append(host);
      if (!opened) {
        terminal.open(host);
        opened = true;
      }
      fit.fit();
      terminal.focus();
    },
    write(bytes) {
      terminal.write(bytes, () => onDrawn(bytes.length));
    },
    size() {
      return [terminal.cols, terminal.rows];
    },
    // What a program that has ended left behind (modes, colours, another screen) is not the next one's.
    reset() {
      terminal.reset();
      terminal.focus();
    },
    findNext(text) {
      return search.findNext(text);
    },
    findPrevious(text) {
      return search.findPrevious(text);
    },
    dispose() {
      observer.disconnect();
      themes.disconnect();
      terminal.dispose();
      host.remove();
    },
  };
}
