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
  if (!fatal.hidden) return;
  if (text.textContent === "") text.textContent = String(reason);
  document.getElementById("fatal-view").textContent = location.hash.replace(/^#\/?/, "").split("?")[0] || "at the start";
  // What is dead must not take clicks, keys or a screen reader's time.
  for (const other of document.body.children) if (other !== fatal) other.inert = true;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  fatal.hidden = false;
  document.getElementById("fatal-reload").focus();
}

function died(reason) {
  return reason instanceof WebAssembly.RuntimeError;
}

document.getElementById("fatal-reload").addEventListener("click", () => location.reload());
document.getElementById("fatal-leave").addEventListener("click", () => {
  // A view that cannot be built must not be the one that opens again.
  location.hash = "#/dashboard";
  location.reload();
});
document.getElementById("fatal-copy").addEventListener("click", () => {
  const view = document.getElementById("fatal-view").textContent;
  navigator.clipboard.writeText(`view: ${view}\n${text.textContent}\n${navigator.userAgent}`);
});
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
