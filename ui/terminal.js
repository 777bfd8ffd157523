// Draws terminals with xterm.js. Loaded when the first terminal is opened; what the program behind
// it says may only draw: no clipboard is written, no title set, and an address is opened only when a person
// has clicked it and confirmed what it says in full.
import { Terminal } from "./vendor/xterm.mjs";
import { FitAddon } from "./vendor/addon-fit.mjs";
import { SearchAddon } from "./vendor/addon-search.mjs";
import { WebLinksAddon } from "./vendor/addon-web-links.mjs";

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

// Whether a graphics card draws. One that says it is pretended does not; WebKit masks names, so one that says nothing may be too.
function hasGpu() {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const told = context.getExtension("WEBGL_debug_renderer_info");
  const name = told ? context.getParameter(told.UNMASKED_RENDERER_WEBGL) : context.getParameter(context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !/llvmpipe|softpipe|swiftshader|software|mesa offscreen|generic|^webkit webgl$/i.test(String(name));
}

// Ctrl and +, - or 0: larger, smaller, as it was.
function resized(event, now) {
  if (!event.ctrlKey || event.altKey || event.type !== "keydown") return null;
  const by = { "+": 1, "=": 1, "-": -1, 0: 12 - now }[event.key];
  if (by === undefined) return null;
  return Math.min(SIZES[1], Math.max(SIZES[0], now + by));
}

// What is set, in xterm's words.
function options(look) {
  return {
    cursorBlink: look.cursorBlinks,
    cursorStyle: look.cursor,
    fontSize: look.fontSize,
    scrollback: look.scrollback,
  };
}

export function make(on, first) {
  let look = first;
  const terminal = new Terminal({
    allowProposedApi: true,
    convertEol: false,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    linkHandler: { activate() {} },
    theme: colours(),
    ...options(look),
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
  // What is written as an address can be clicked; hidden ones (OSC 8) can not.
  terminal.loadAddon(new WebLinksAddon((event, url) => on.link(url)));
  const host = document.createElement("div");
  host.className = "terminal-host";
  let opened = false;
  terminal.onData(on.text);
  terminal.onResize(({ cols, rows }) => on.size(cols, rows));
  terminal.onBell(() => {
    if (!look.bellFlashes) return;
    host.classList.add("rings");
    setTimeout(() => host.classList.remove("rings"), 150);
  });
  host.addEventListener("pointerup", () => {
    if (look.copyOnSelect && terminal.hasSelection()) navigator.clipboard.writeText(terminal.getSelection());
  });
  let gpu = null;
  let gone = false;
  // Loaded only where it draws; where it fails, then or later, the page draws.
  async function accelerate() {
    const wanted = opened && look.gpu && hasGpu();
    host.dataset.renderer = gpu && wanted ? "gpu" : "page";
    if (!wanted) {
      gpu?.dispose();
      gpu = null;
      return;
    }
    if (gpu) return;
    try {
      const { WebglAddon } = await import("./vendor/addon-webgl.mjs");
      if (gone || gpu || !look.gpu) return;
      const addon = new WebglAddon();
      addon.onContextLoss(() => {
        addon.dispose();
        gpu = null;
        host.dataset.renderer = "page";
      });
      terminal.loadAddon(addon);
      gpu = addon;
      host.dataset.renderer = "gpu";
    } catch {
      gpu = null;
    }
  }
  terminal.attachCustomKeyEventHandler((event) => {
    const copies = event.ctrlKey && event.shiftKey && event.code === "KeyC";
    if (copies && event.type === "keydown" && terminal.hasSelection()) {
      navigator.clipboard.writeText(terminal.getSelection());
      event.preventDefault();
    }
    const size = resized(event, terminal.options.fontSize);
    if (size !== null) {
      on.font(size);
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
        accelerate();
      }
      fit.fit();
      terminal.focus();
    },
    write(bytes) {
      terminal.write(bytes, () => on.drawn(bytes.length));
    },
    look(now) {
      const gpu = look.gpu !== now.gpu;
      look = now;
      Object.assign(terminal.options, options(look));
      if (opened && host.clientWidth > 0) fit.fit();
      if (gpu) accelerate();
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
      gone = true;
      observer.disconnect();
      themes.disconnect();
      terminal.dispose();
      host.remove();
    },
  };
}
