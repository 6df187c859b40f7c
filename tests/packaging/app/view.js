// The live view of the package: its page, its script and the plotting library come with it.
import { scope } from "pastream/scope";

const view = await scope({ device: "virtual" });
const statuses = [];
for (const file of ["", "main.js", "uplot.js"]) {
  const response = await fetch(view.url + file);
  await response.text();
  statuses.push(response.status);
}
const reader = (await fetch(`${view.url}events`)).body.getReader();
const text = new TextDecoder().decode((await reader.read()).value);
console.log(...statuses, /"phase":"(\w+)"/.exec(text)[1]);
await reader.cancel();
await view.close();
