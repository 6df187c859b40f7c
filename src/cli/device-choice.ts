/** Which devices the options mean. */
import { DeviceNotFoundError, type HostApiInfo, queryDevice, queryDevices, queryHostApis } from "../../mod.ts";
import type { DeviceChoice, Settings } from "./settings.ts";
import { didYouMean } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

/** A device as the API takes it; undefined is the default. */
type Device = number | string | undefined;

/** The host API of that name: all of it, or the only one in whose name it occurs. */
export function findHostApi(name: string): HostApiInfo {
  const all = queryHostApis();
  const wanted = name.toLowerCase();
  const exact = all.filter((api) => api.name.toLowerCase() === wanted);
  const matches = exact.length > 0 ? exact : all.filter((api) => api.name.toLowerCase().includes(wanted));
  if (matches.length === 1) return matches[0];
  const names = (matches.length > 0 ? matches : all).map((api) => api.name);
  const problem = matches.length > 0 ? "may be one of" : "is none of";
  throw new UsageError(`--host-api: '${name}' ${problem} ${names.join(", ")}${didYouMean(name, names)}`);
}

/** Whether a text with commas in it names a device (or several alike) rather than a pair of them. */
function namesDevice(text: string): boolean {
  try {
    queryDevice(text);
    return true;
  } catch (error) {
    // The error of a text that fits several devices has those, that of one which fits none has them all.
    return error instanceof DeviceNotFoundError && error.candidates.length < queryDevices().length;
  }
}

/** What -D says for each side. */
function sidesOf({ text, sides }: DeviceChoice): { playback?: Device; recording?: Device } {
  const names = [sides.playback, sides.recording].filter((side) => typeof side === "string" && side !== "virtual");
  const mayBeName = !sides.single && sides.playback !== undefined && names.length > 0;
  return mayBeName && namesDevice(text) ? { playback: text, recording: text } : sides;
}

/** The same device, sought in one host API. */
function within(hostApi: HostApiInfo, device: Device, direction: "input" | "output"): Device {
  if (device === undefined) {
    const preset = direction === "input" ? hostApi.defaultInputDevice : hostApi.defaultOutputDevice;
    if (preset !== null) return preset;
    throw new UsageError(`--host-api: ${hostApi.name} has no default ${direction} device; choose one with -D`);
  }
  const devices = queryDevices().filter(({ index }) => hostApi.devices.includes(index));
  if (typeof device === "string") {
    const exact = devices.find(({ name, id }) => name === device || id === device);
    return exact ? exact.index : `${device} ${hostApi.name}`;
  }
  if (devices.some(({ index }) => index === device)) return device;
  throw new UsageError(`-D/--device: device ${device} is not one of ${hostApi.name}, as --host-api says`);
}

/** The devices to play on and to record from, as far as they are wanted, in the API's order. */
export function chooseDevices(settings: Settings, wanted: { playback: boolean; recording: boolean }): [Device, Device] {
  const { playback, recording } = settings.device ? sidesOf(settings.device) : {};
  if (settings.hostApi === undefined) return [recording, playback];
  const hostApi = findHostApi(settings.hostApi);
  return [
    wanted.recording ? within(hostApi, recording, "input") : undefined,
    wanted.playback ? within(hostApi, playback, "output") : undefined,
  ];
}
