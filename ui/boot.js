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
const reload = document.getElementById("fatal-reload");
const leave = document.getElementById("fatal-leave");
let elsewhere = "dashboard";

function stopped(reason) {
  if (!fatal.hidden) return;
  if (text.textContent === "") text.textContent = String(reason);
  const view = location.hash.replace(/^#\/?/, "").split("?")[0] || "dashboard";
  document.getElementById("fatal-view").textContent = view;
  if (failedAgain(view)) {
    // A reload that ends here once more helps nobody: another view is the way on.
    document.getElementById("fatal-again").hidden = false;
    elsewhere = view === "dashboard" ? "settings" : "dashboard";
    leave.textContent = `Open the ${elsewhere}`;
    leave.classList.add("primary");
    reload.classList.remove("primary");
  }
  // What is dead must not take clicks, keys or a screen reader's time.
  for (const other of document.body.children) if (other !== fatal) other.inert = true;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  fatal.hidden = false;
  (leave.classList.contains("primary") ? leave : reload).focus();
}

// Whether the same view failed less than two minutes ago.
function failedAgain(view) {
  const key = "kubegraf.failed";
  try {
    const [before, at] = JSON.parse(sessionStorage.getItem(key) ?? '["", 0]');
    sessionStorage.setItem(key, JSON.stringify([view, Date.now()]));
    return before === view && Date.now() - at < 120_000;
  } catch {
    return false;
  }
}

function died(reason) {
  return reason instanceof WebAssembly.RuntimeError;
}

reload.addEventListener("click", () => location.reload());
leave.addEventListener("click", () => {
  // A view that cannot be built must not be the one that opens again.
  location.hash = `#/${elsewhere}`;
  location.reload();
});
document.getElementById("fatal-copy").addEventListener("click", async (event) => {
  const view = document.getElementById("fatal-view").textContent;
  const details = `view: ${view}\n${text.textContent}\n${navigator.userAgent}\n${new Date().toISOString()}`;
  const copied = await navigator.clipboard.writeText(details).then(() => true, () => false);
  if (!copied) getSelection().selectAllChildren(text);
  event.target.textContent = copied ? "Copied" : "Copy what is selected";
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
