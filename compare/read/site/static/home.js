// The filter of the operations: each word must be somewhere in the row.

const field = document.querySelector("#filter");
const shown = document.querySelector("#shown");
const rows = [...document.querySelectorAll(".operations tbody tr")];

const filter = () => {
  const words = field.value.toLowerCase().split(/\s+/);
  let count = 0;
  for (const row of rows) {
    const text = row.querySelector("th").textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    count += !row.hidden;
  }
  shown.textContent = field.value ? `${count} of ${rows.length}` : "";
};

field.closest("label").hidden = false;
field.value = new URL(location.href).searchParams.get("q") ?? "";
filter();
field.addEventListener("input", () => {
  filter();
  const here = new URL(location.href);
  if (field.value) here.searchParams.set("q", field.value);
  else here.searchParams.delete("q");
  history.replaceState(null, "", here);
});
