// Starts the window. Applies the stored theme before the first paint, and shows the fallback of
// index.html when the WASM code cannot start or has died: it cannot do that for itself.
try {
  document.documentElement.dataset.theme = localStorage.getItem("kubegraf.theme") ?? "system";
  document.documentElement.dataset.scheme = localStorage.getItem("kubegraf.scheme") ?? "kubegraf";
} catch {
  // Storage is refused: the system's theme stays.
}

const fatal = document.getElementById("fatal");
const text = document.getElementById("fatal-text");

function stopped(reason) {
  if (text.textContent === "") text.textContent = String(reason);
  fatal.hidden = false;
  document.getElementById("fatal-reload").focus();
}

function died(reason) {
  return reason instanceof WebAssembly.RuntimeError;
}

document.getElementById("fatal-reload").addEventListener("click", () => location.reload());
addEventListener("error", (event) => died(event.error) && stopped(event.error));
addEventListener("unhandledrejection", (event) => died(event.reason) && stopped(event.reason));

// A terminal is drawn by a script of its own; most windows never need it.
globalThis.loadTerminal = () => import("./terminal.js");

try {
  const { default: start } = await import("./kubegraf-ui.js");
  await start({ module_or_path: new URL("./kubegraf-ui_bg.wasm", import.meta.url) });
} catch (reason) {
  stopped(reason);
}
