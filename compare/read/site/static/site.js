// What all pages have: the theme, copying, keys, and the open sections in the URL.

const theme = document.querySelector("#theme");
theme.closest("label").hidden = false;
theme.value = document.documentElement.dataset.theme || "";
theme.addEventListener("change", () => {
  document.documentElement.dataset.theme = theme.value;
  try {
    localStorage.theme = theme.value;
  } catch {
    // The choice cannot be saved, but it still applies to this page.
  }
});

if (navigator.clipboard) {
  // Added here, because buttons in the HTML would make the page a tenth larger.
  for (const caption of document.querySelectorAll("figcaption[data-piece]")) {
    const apps = [...caption.querySelectorAll("b")].map((app) => app.textContent);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${caption.dataset.piece} of ${apps.join(" and ")}`);
    caption.append(button);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.closest("figure").querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }
}

// The open sections are part of the URL, so that a link shows what its sender saw.
const folds = [...document.querySelectorAll("details[id]")];
const address = () => new URL(location.href);
const asked = address().searchParams.get("open");
for (const fold of folds) {
  if (asked !== null) fold.open = asked.split(" ").includes(fold.id);
  else if (fold.id === "rules") fold.open = getComputedStyle(fold.parentElement).order === "1";
}
const noteFolds = () => {
  const here = address();
  here.searchParams.set("open", folds.filter((fold) => fold.open).map((fold) => fold.id).join(" "));
  history.replaceState(null, "", here);
};
for (const fold of folds) {
  // `click` and not `toggle`, which also fires for sections that are open when the page loads.
  fold.querySelector("summary").addEventListener("click", () => setTimeout(noteFolds));
}

// Links to other columns and operations keep the open sections and the anchor of the layer.
const follow = (link) => {
  if (!link) return;
  const there = new URL(link.href);
  there.search = location.search;
  there.hash = location.hash;
  location.assign(there);
};
const sets = [...document.querySelectorAll(".sets a")];
const names = sets.length ? sets[0].dataset.apps.split(" ") : [];
document.querySelector(".keys")?.removeAttribute("hidden");
for (const link of sets) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    follow(link);
  });
}
const toggle = (name) => {
  const shown = document.querySelector(".sets a[aria-current]").dataset.apps.split(" ");
  const wanted = names.filter((each) => shown.includes(each) !== (each === name)).join(" ");
  follow(sets.find((link) => link.dataset.apps === wanted));
};
addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, textarea, select");
  if (busy || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !sets.length) return;
  if (event.key === "ArrowLeft") follow(document.querySelector("#previous"));
  if (event.key === "ArrowRight") follow(document.querySelector("#next"));
  if (names["123".indexOf(event.key)]) toggle(names["123".indexOf(event.key)]);
});
