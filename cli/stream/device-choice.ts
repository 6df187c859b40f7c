/** Which devices the options mean. */
import { type HostApiInfo, matchDevices, queryDevices, queryHostApis } from "../../mod.ts";
import { readSides, type Sides } from "../options/lists.ts";
import { spelling } from "../options/options.ts";
import type { Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";

/** A device as the API takes it; undefined is the default. */
type Device = number | string | undefined;

/** The host API with this name, or else the only one in whose name it occurs. */
export function findHostApi(name: string): HostApiInfo {
  const all = queryHostApis();
  const wanted = name.toLowerCase();
  const exact = all.filter((api) => api.name.toLowerCase() === wanted);
  const matches = exact.length > 0 ? exact : all.filter((api) => api.name.toLowerCase().includes(wanted));
  if (matches.length === 1) return matches[0];
  const names = (matches.length > 0 ? matches : all).map((api) => api.name);
  const problem = matches.length > 0 ? "may be one of" : "is none of";
  throw new UsageError(`--host-api: '${name}' ${problem} ${names.join(", ")}`, { word: name, known: names });
}

/** The parts of a list; undefined if the text is not one. */
function partsOf(text: string): Sides<number | string> | undefined {
  try {
    return readSides(text, (name, quoted) => /^\d+$/.test(name) && !quoted ? Number(name) : name);
  } catch {
    return undefined;
  }
}

/** Whether a text may be the name of one device rather than a pair. */
function mayBeName(text: string, parts: Sides<number | string> | undefined): boolean {
  if (parts === undefined) return true;
  const { playback, recording, single } = parts;
  if (single) return playback !== undefined && playback !== "virtual" && /['"\\]/.test(text);
  const names = [playback, recording].filter((side) => typeof side === "string" && side !== "virtual");
  return playback !== undefined && recording !== undefined && names.length > 0;
}

/** The devices that -D names for each side. */
function sidesOf(text: string): { playback?: Device; recording?: Device } {
  const parts = partsOf(text);
  if (mayBeName(text, parts) && matchDevices(queryDevices(), text).length > 0) {
    return { playback: text, recording: text };
  }
  if (parts) return parts;
  throw new UsageError(
    `${spelling("device")}: no device is called '${text}', nor is it a pair: give one device, or playback,recording; ` +
      "names with commas are quoted in a pair",
  );
}

/** Restricts a choice of a device to one host API. */
function within(hostApi: HostApiInfo, device: Device, direction: "input" | "output"): Device {
  if (device === undefined) {
    const preset = direction === "input" ? hostApi.defaultInputDevice : hostApi.defaultOutputDevice;
    if (preset !== null) return preset;
    throw new UsageError(`--host-api: ${hostApi.name} has no default ${direction} device; choose one with -D`);
  }
  const devices = queryDevices().filter(({ index }) => hostApi.devices.includes(index));
  if (typeof device === "string") {
    const matches = matchDevices(devices, device);
    return matches.length === 1 ? matches[0].index : `${device} ${hostApi.name}`;
  }
  if (devices.some(({ index }) => index === device)) return device;
  throw new UsageError(`-D/--device: device ${device} is not one of ${hostApi.name}, as --host-api says`);
}

/** The devices to record from and to play on, in the order of the API. */
export function chooseDevices(settings: Settings, wanted: { playback: boolean; recording: boolean }): [Device, Device] {
  const { playback, recording } = settings.device ? sidesOf(settings.device) : {};
  if (settings.hostApi === undefined) return [recording, playback];
  const hostApi = findHostApi(settings.hostApi);
  return [
    wanted.recording ? within(hostApi, recording, "input") : undefined,
    wanted.playback ? within(hostApi, playback, "output") : undefined,
  ];
}
