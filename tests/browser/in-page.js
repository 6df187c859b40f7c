// What the tests do inside a page: each function is sent there as text, so it uses nothing of this file.

export const isPeakNear = ({ hertz, distance }) =>
  Math.abs(parseFloat(document.getElementById("peak").textContent) - hertz) <= distance;

export const hasPeak = () => document.getElementById("peak").textContent !== "–";

export const hasXruns = () => Number(document.getElementById("xruns").textContent) >= 1;

export const widthOfDocument = () => document.documentElement.scrollWidth;

export const focused = () => document.activeElement.id;

/** Elements that a screen reader finds without a name. */
export const unnamed = (elements) =>
  elements.filter((element) =>
    !element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby") && !element.labels?.length &&
    !element.textContent.trim()
  ).map((element) => element.outerHTML);

/** Where the loudest pixel of the newest column stands, as a share of the height from the bottom. */
export function peakOfSpectrogram() {
  const canvas = document.getElementById("spectrogram");
  const { data } = canvas.getContext("2d").getImageData(canvas.width - 3, 0, 1, canvas.height);
  const light = Array.from({ length: canvas.height }, (_, y) => data[4 * y] + data[4 * y + 1] + data[4 * y + 2]);
  const distance = light.map((value) => Math.abs(value - light[0])); // the top is silent
  return 1 - (distance.indexOf(Math.max(...distance)) + 0.5) / canvas.height;
}

/** What a page of another site gets of a view whose address it knows. */
export async function heardBy(url) {
  const attempt = (action) => action().catch(() => "refused");
  const load = (tag, file) =>
    new Promise((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => resolve(tag === "iframe" && !element.contentDocument ? "refused" : "loaded");
      element.onerror = () => resolve("refused");
      element.src = url + file;
      document.body.append(element);
    });
  return {
    events: await new Promise((resolve) => {
      const source = new EventSource(`${url}events`);
      source.onopen = () => resolve("open");
      source.onerror = () => resolve("refused");
    }),
    fetch: await attempt(async () => (await fetch(`${url}events`)).type),
    opaque: await attempt(async () => (await fetch(`${url}main.js`, { mode: "no-cors" })).type),
    stop: await attempt(async () => (await fetch(`${url}stop`, { method: "POST", body: "{}" })).type),
    script: await load("script", "main.js"),
    frame: await load("iframe", ""),
  };
}
