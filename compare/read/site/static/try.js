// One request to all the apps: one answer if they are equal, otherwise the difference.

import { apps, password, shapes, together } from "./live.js";

const $ = (id) => document.getElementById(id);
const fields = { method: $("method"), path: $("path"), body: $("body"), as: $("user") };
const READS = ["GET", "HEAD", "OPTIONS"];
const tokens = new Map();

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// The request is in the URL, so that it can be shared.
const read = () => {
  const asked = new URL(location.href).searchParams;
  if (asked.has("op")) choose(asked.get("op"));
  for (const [name, field] of Object.entries(fields)) {
    if (asked.has(name)) field.value = asked.get(name);
  }
  fields.path.value ||= "/api/articles?limit=2";
};
const write = () => {
  const here = new URL(location.href);
  here.search = "";
  for (const [name, field] of Object.entries(fields)) {
    if (field.value) here.searchParams.set(name, field.value);
  }
  history.replaceState(null, "", here);
};
const choose = (name) => {
  const option = [...$("example").options].find((each) => each.value === name && name);
  if (!option) return;
  $("example").value = name;
  fields.method.value = option.dataset.method;
  fields.path.value = option.dataset.path;
  const body = option.dataset.body;
  fields.body.value = body && JSON.stringify(JSON.parse(body), null, 2);
  // This needs a signed-in user: the first one of the demo site, if none was chosen.
  if (option.dataset.token === "must") fields.as.value ||= fields.as.options[1].value;
};
const fit = () => ($("body-field").hidden = READS.includes(fields.method.value));

const signIn = async (app, name) => {
  const key = `${app.name} ${name}`;
  if (!tokens.has(key)) {
    const response = await fetch(`${app.address}/api/users/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: { email: `${name}@example.com`, password } }),
    });
    if (!response.ok) throw new Error(`${app.title} refused the login of ${name} (${response.status})`);
    tokens.set(key, (await response.json()).user.token);
  }
  return tokens.get(key);
};
const signInToAll = async () => {
  const name = fields.as.value;
  if (!name) return void ($("signed").textContent = "");
  try {
    await Promise.all(apps.map((app) => signIn(app, name)));
    $("signed").textContent = `${name} is signed in to ${apps.map((app) => app.title).join(", ")}.`;
  } catch (error) {
    $("signed").textContent = error.message;
  }
};

const send = async (app) => {
  const options = { method: fields.method.value, headers: {}, redirect: "manual", cache: "no-store" };
  if (fields.as.value) options.headers.Authorization = `Token ${await signIn(app, fields.as.value)}`;
  if (!$("body-field").hidden && fields.body.value) {
    options.headers["Content-Type"] = "application/json";
    options.body = fields.body.value;
  }
  const start = performance.now();
  const response = await fetch(app.address + fields.path.value, options);
  const text = await response.text();
  const took = Math.round(performance.now() - start);
  if (response.type === "opaqueredirect") return { app, took, status: "a redirect", headers: [], text };
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return { app, took, status: `${response.status}`, headers, text };
};
const shaped = (text) =>
  shapes.reduce((rest, [pattern, shape]) => rest.replace(new RegExp(pattern, "g"), shape), text);
const comparable = ({ status, headers, text }) => {
  // The length includes tokens, which are compared by their shape.
  const kept = headers.filter(([name]) => name !== "content-length");
  return JSON.stringify([status, kept, shaped(text)]);
};
const linesOf = ({ status, headers, text }) => {
  let body = text;
  try {
    body = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON, or empty: shown unchanged.
  }
  return [status, ...headers.map(([name, value]) => `${name}: ${value}`), "", ...body.split("\n")];
};

// The numbers of the lines of `second` in its longest common subsequence with `first`.
const inBoth = (first, second) => {
  const long = first.map(() => new Uint16Array(second.length + 1));
  long.push(new Uint16Array(second.length + 1));
  for (let i = first.length - 1; i >= 0; i--) {
    for (let j = second.length - 1; j >= 0; j--) {
      const same = first[i] === second[j];
      long[i][j] = same ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
    }
  }
  const found = new Set();
  for (let i = 0, j = 0; i < first.length && j < second.length; ) {
    if (first[i] === second[j]) found.add(j++) && i++;
    else if (long[i + 1][j] >= long[i][j + 1]) i++;
    else j++;
  }
  return found;
};

const figure = (titles, lines, isMarked) =>
  element(
    "figure",
    { className: "piece" },
    element("figcaption", {}, ...titles.map((app) => element("b", { className: app.name }, app.title))),
    element(
      "pre",
      { tabIndex: 0 },
      element(
        "code",
        {},
        ...lines.map((line, number) =>
          isMarked(number) ? element("mark", { className: "differs" }, line + "\n") : line + "\n",
        ),
      ),
    ),
  );

const show = (answers) => {
  const times = answers.map(({ app, took }) => `${app.title} ${took} ms`).join(", ");
  const same = answers.every((answer) => comparable(answer) === comparable(answers[0]));
  const verdict = element("h2", { className: `verdict ${same ? "same" : "other"}` });
  const box = element("div", { className: same ? "answers" : "answers apart" });
  if (same) {
    verdict.append(element("b", {}, answers.length > 1 ? "Equal: " : "", answers[0].status), ` from ${times}`);
    box.append(figure(answers.map(({ app }) => app), linesOf(answers[0]), () => false));
  } else {
    verdict.append(element("b", {}, "The answers differ"), `: ${times}`);
    const columns = answers.map(linesOf);
    const shapedColumns = columns.map((lines) => lines.map(shaped));
    columns.forEach((lines, number) => {
      const others = shapedColumns.filter((_, other) => other !== number);
      const common = others.map((other) => inBoth(other, shapedColumns[number]));
      box.append(figure([answers[number].app], lines, (line) => !common.every((lines) => lines.has(line))));
    });
  }
  $("answer").replaceChildren(verdict, box);
};

const submit = async () => {
  write();
  const writes = !READS.includes(fields.method.value);
  const asked = together && writes ? apps.slice(0, 1) : apps;
  $("answer").replaceChildren(element("p", { className: "note" }, "Sent …"));
  try {
    show(await Promise.all(asked.map(send)));
    if (asked.length < apps.length) {
      const why = `The apps share one database, so this was sent only to ${asked[0].title}.`;
      $("answer").append(element("p", { className: "notice" }, why));
    }
  } catch (error) {
    const why = error instanceof TypeError ? "An app did not answer: is ./triptych up still running?" : error.message;
    $("answer").replaceChildren(element("p", { className: "notice" }, why));
  }
};

if (apps.length) {
  $("off").hidden = true;
  $("request").hidden = false;
  read();
  fit();
  signInToAll();
  $("example").addEventListener("change", () => {
    choose($("example").value);
    fit();
    write();
    signInToAll();
  });
  fields.as.addEventListener("change", signInToAll);
  fields.method.addEventListener("change", fit);
  $("request").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}
