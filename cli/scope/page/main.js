// The page: events from the server fill histories; the canvases are redrawn from them once per animation frame.
import { History } from "./history.js";
import { Log } from "./log.js";
import { Meters } from "./meters.js";
import { decodePacket } from "./packet.js";
import { clock, decibelText, peakOf } from "./scale.ts";
import { Spectrogram } from "./spectrogram.js";
import { Spectrum } from "./spectrum.js";
import { readTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Wave } from "./wave.js";

const LONGEST_WINDOW = 30; // seconds
const READINGS_INTERVAL = 500; // ms
const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const CALM_INTERVAL = 500; // ms between redraws with prefers-reduced-motion

let state;
let theme = readTheme();
let columns;
let rows;
let levels;
let nextFrame = 0;

const wave = new Wave($("wave"), requestDraw);
const spectrogram = new Spectrogram($("spectrogram"), requestDraw);
const spectrum = new Spectrum($("spectrum"), requestDraw);
const meters = new Meters($("meters"));
const timeline = new Timeline($("timeline"));
const log = new Log($("log"), $("no-glitches"));

// ── drawing ──

let isDrawRequested = false;
let drawnAt = 0;

function requestDraw() {
  if (isDrawRequested) return;
  isDrawRequested = true;
  const wait = calm.matches ? Math.max(0, drawnAt + CALM_INTERVAL - performance.now()) : 0;
  setTimeout(() => requestAnimationFrame(draw), wait);
}

function draw() {
  isDrawRequested = false;
  drawnAt = performance.now();
  const { sampleRate = 48000, channels = 1, resolution = { columnFrames: 64, rowFrames: 1024 } } = state ?? {};
  const view = {
    columns,
    rows,
    channels: Math.max(channels, 1),
    sampleRate,
    columnsPerSecond: sampleRate / resolution.columnFrames,
    rowsPerSecond: sampleRate / resolution.rowFrames,
    seconds: Number($("seconds").value),
    scale: $("scale").value,
    floor: Number($("floor").value),
    ceiling: Number($("ceiling").value),
    hold: $("hold").checked,
    theme,
  };
  wave.draw(view);
  spectrogram.draw(view);
  spectrum.draw(view);
  if (levels) meters.show(levels.inputs, levels.outputs, drawnAt);
}

function showReadings() {
  if (!spectrum.row || state?.phase !== "running") return;
  const { hertz, decibels } = peakOf(spectrum.row, state.sampleRate);
  $("peak").textContent = decibels < -120 ? "–" : `${hertz.toFixed(1)} Hz`;
  $("peak-level").textContent = decibelText(decibels);
}

setInterval(showReadings, READINGS_INTERVAL);

// ── events ──

/** Clears what belongs to an earlier run. */
function clear() {
  columns = rows = levels = undefined;
  nextFrame = 0;
  spectrum.reset(state.choice.fftSize / 2);
  timeline.clear();
  log.clear();
}

function showState(next) {
  const before = state;
  state = next;
  if (next.phase === "starting" || (before && before.choice.channel !== next.choice.channel)) {
    next.phase === "starting" ? clear() : spectrum.reset(next.choice.fftSize / 2);
  }
  const isRunning = next.phase === "running";
  $("stream").textContent = describe(next);
  $("run").textContent = isRunning ? "Stop" : "Start";
  $("run").disabled = next.phase === "starting" || next.phase === "stopping";
  $("record").disabled = !isRunning;
  $("record").textContent = next.recording ? "Finish" : "Record";
  $("record").classList.toggle("on", next.recording !== null);
  $("record").setAttribute("aria-label", next.recording ? `Finish the recording ${next.recording}` : "Record");
  $("format").disabled = $("device").disabled = next.recording !== null;
  if (isRunning) $("latency").textContent = `${(next.latency * 1000).toFixed(1)} ms`;
  const count = isRunning ? next.channels : Math.max(1, $("channel").options.length - 1);
  const names = ["mean of all", ...Array.from({ length: count }, (_, i) => `${i + 1}`)];
  fill($("channel"), names.map((name, i) => [String(i), name]), String(next.choice.channel));
  $("fft").value = String(next.choice.fftSize);
  if (next.device) $("device").value = next.device;
  showMessage(next.error);
  showRecordings(next.recordings, next.sampleRate);
  requestDraw();
}

/** Describes what is viewed. */
function describe({ name, sampleRate, channels, playback }) {
  if (name === null) return "Stopped.";
  const count = channels === 1 ? "1 channel" : `${channels} channels`;
  return `${name}, ${sampleRate / 1000} kHz, ${count}${playback ? `; plays ${playback}` : ""}`;
}

function showMessage(text) {
  $("message").hidden = !text;
  if ($("message").textContent !== (text ?? "")) $("message").textContent = text ?? "";
}

/** Sets the options of a select: [value, text]. An unchanged list is left alone, because it may be open. */
function fill(select, options, value) {
  const text = JSON.stringify(options);
  if (select.dataset.options !== text) {
    select.replaceChildren(...options.map(([value, name]) => new Option(name, value)));
    select.dataset.options = text;
  }
  if (value !== undefined) select.value = value;
}

function showDevices(devices) {
  const inputs = devices.filter((device) => device.maxInputChannels > 0);
  const { value } = $("device");
  const name = ({ name, hostApi, isDefaultInput }) => `${name} (${hostApi})${isDefaultInput ? ", default" : ""}`;
  fill($("device"), inputs.map((device) => [device.id, name(device)]), state?.device ?? (value || undefined));
}

function showRecordings(recordings, sampleRate) {
  $("no-recordings").hidden = recordings.length > 0;
  $("recordings").replaceChildren(...recordings.map(({ name, frames, bytes }) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `recordings/${encodeURIComponent(name)}`;
    link.download = name;
    link.textContent = name;
    const note = document.createElement("span");
    note.textContent = `${clock(frames / sampleRate)}, ${(bytes / 1e6).toFixed(2)} MB`;
    item.append(link, note);
    return item;
  }));
}

function showPacket(base64) {
  if (!state) return;
  const packet = decodePacket(base64);
  const { columnFrames, rowFrames } = state.resolution;
  const columnsPerSecond = state.sampleRate / columnFrames;
  const columnWidth = 2 * state.channels;
  if (columns?.width !== columnWidth) {
    columns = new History(Int16Array, columnWidth, Math.ceil(LONGEST_WINDOW * columnsPerSecond) + 64);
    nextFrame = packet.frame;
  }
  if (rows?.width !== packet.bins) {
    rows = new History(Uint8Array, packet.bins, Math.ceil(LONGEST_WINDOW * state.sampleRate / rowFrames) + 64);
  }
  const missed = packet.frame - nextFrame;
  if (missed > 0) {
    columns.skip(Math.round(missed / columnFrames));
    rows.skip(Math.round(missed / rowFrames));
  }
  columns.push(packet.columns);
  rows.push(packet.rows);
  nextFrame = packet.frame + packet.columns.length / columnWidth * columnFrames;
  spectrum.push(packet.rows, packet.bins);
  levels = packet;
  if (!document.hidden) requestDraw();
}

function showStatus(status) {
  timeline.push([status]);
  $("clock").textContent = clock(status.time);
  $("xruns").textContent = String(status.xruns);
  $("lateness").textContent = `${(status.lateness.p99 * 1000).toFixed(2)} ms`;
  $("load").textContent = `${(status.cpuLoad * 100).toFixed(1)} %`;
}

// ── controls ──

async function request(name, body = {}) {
  try {
    const response = await fetch(name, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) showMessage(await response.text());
  } catch {
    showMessage("The program does not respond.");
  }
}

const chooseSpectrum = () =>
  request("spectrum", { channel: Number($("channel").value), fftSize: Number($("fft").value) });

$("run").addEventListener("click", () => request(state.phase === "running" ? "stop" : "start"));
$("record").addEventListener(
  "click",
  () => state.recording ? request("finish") : request("record", { format: $("format").value }),
);
$("device").addEventListener("change", () => request("device", { id: $("device").value }));
$("channel").addEventListener("change", chooseSpectrum);
$("fft").addEventListener("change", chooseSpectrum);
$("clear-hold").addEventListener("click", () => {
  spectrum.clearHold();
  requestDraw();
});
$("clear-clips").addEventListener("click", () => meters.clearClips());

/** Keeps the range at 20 dB or more: the slider that was moved pushes the other one. */
function showRange(moved) {
  const [floor, ceiling] = [$("floor"), $("ceiling")];
  if (Number(ceiling.value) - Number(floor.value) < 20) {
    if (moved === floor) ceiling.value = String(Number(floor.value) + 20);
    else floor.value = String(Number(ceiling.value) - 20);
  }
  for (const input of [floor, ceiling]) {
    $(`${input.id}-value`).textContent = `${input.value} dB`.replace("-", "−");
    input.setAttribute("aria-valuetext", `${input.value} decibels`);
  }
  requestDraw();
}

for (const id of ["seconds", "scale", "hold"]) $(id).addEventListener("change", requestDraw);
for (const id of ["floor", "ceiling"]) $(id).addEventListener("input", () => showRange($(id)));
showRange();

function useTheme() {
  theme = readTheme();
  timeline.use(theme);
  requestDraw();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", useTheme);
document.addEventListener("visibilitychange", requestDraw);
useTheme();

// ── the connection ──

const events = new EventSource("events");
const on = (name, action) => events.addEventListener(name, ({ data }) => action(data));
on("devices", (data) => showDevices(JSON.parse(data)));
on("state", (data) => showState(JSON.parse(data)));
on("past", (data) => {
  const { statuses, glitches } = JSON.parse(data);
  timeline.clear();
  log.clear();
  timeline.push(statuses);
  log.add(glitches, state.sampleRate);
});
on("packet", showPacket);
on("status", (data) => showStatus(JSON.parse(data)));
on("glitches", (data) => log.add(JSON.parse(data), state.sampleRate));
events.addEventListener("error", () => {
  $("run").disabled = $("record").disabled = true;
  showMessage("The program has ended or does not respond.");
});
