import { PS_DEVICE_DEFAULT, PS_DEVICE_VIRTUAL } from "../../ffi/constants.ts";
import { native, runtime } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import { defaults } from "./defaults.ts";
import type { DeviceInfo } from "../library/device-info.ts";
import { deviceNotFound, type Direction, findDevice, queryDevices } from "./devices.ts";
import { pairOf } from "../base/pair.ts";
import { requireArray, requireOneOf } from "../base/validate.ts";

/** The names of the built-in device, and of the input that records what the default output plays. */
const VIRTUAL = "virtual";
const LOOPBACK = "loopback";

interface Choice {
  readonly device: number | string;
  /** The option or environment variable that holds it. */
  readonly option: string;
}

/** The device that has been set for all streams, if any. */
function presetDevice(direction: Direction): Choice | undefined {
  const device = pairOf("defaults.device", defaults.device)[direction === "input" ? 0 : 1];
  if (device !== undefined) return { device, option: "defaults.device" };
  const variable = runtime.environment("PASTREAM_DEVICE");
  if (!variable) return undefined;
  return { device: /^\d+$/.test(variable) ? Number(variable) : variable, option: "PASTREAM_DEVICE" };
}

/** Returns the device that is named, or throws the error that lists what there is. */
function find({ device, option }: Choice, direction: Direction | undefined): DeviceInfo {
  if (device !== LOOPBACK) return findDevice(device, direction, option);
  if (direction === "output") {
    throw new TypeError(`${option}: "${LOOPBACK}" is an input: it records what an output plays`);
  }
  return queryDevices()[unwrap(native().ps_device_loopback(), option)];
}

/** The choice of a stream's option; undefined for the default device. */
function choiceOf(device: number | string | undefined, direction: Direction): Choice | undefined {
  return device === undefined ? presetDevice(direction) : { device, option: "device" };
}

/** Whether chooseDevice() must look the device up in the list, which may block when it is made. */
export function needsList(device: number | string | undefined, direction: Direction): boolean {
  const choice = choiceOf(device, direction);
  return choice !== undefined && choice.device !== VIRTUAL;
}

/** Returns the choice of a stream's option in words that mean the same device when the list is another one. */
export function lastingDevice(device: number | string | undefined, direction: Direction): number | string | undefined {
  const chosen = choiceOf(device, direction)?.device;
  return typeof chosen === "number" ? queryDevices()[chosen]?.id ?? chosen : chosen;
}

/** Returns the native number of the device that a stream's option names; without one, of the default. */
export function chooseDevice(device: number | string | undefined, direction: Direction): number {
  const choice = choiceOf(device, direction);
  if (choice === undefined) return PS_DEVICE_DEFAULT;
  if (choice.device === VIRTUAL) return PS_DEVICE_VIRTUAL; // does not need PortAudio
  const found = find(choice, direction);
  return found.hostApi === "Virtual" ? PS_DEVICE_VIRTUAL : found.index;
}

/**
 * Returns one device by index, id, or case-insensitive words of its name and host API, all of which must occur. An
 * exact name takes precedence; if several devices match, the DeviceNotFoundError lists them. "loopback" is the input
 * that records what the default output plays. Without `device` it returns the default device of a direction, as a
 * stream would open it; without `kind`, that of the output.
 */
export function queryDevice(device?: number | string, kind?: "input" | "output"): DeviceInfo {
  if (kind !== undefined) requireOneOf("kind", kind, ["input", "output"]);
  if (device !== undefined) return find({ device, option: "device" }, kind);
  const direction = kind ?? "output";
  const preset = presetDevice(direction);
  if (preset) return find(preset, direction);
  const devices = queryDevices();
  const found = devices.find((each) => direction === "input" ? each.isDefaultInput : each.isDefaultOutput);
  if (found) return found;
  throw deviceNotFound(`there is no default ${direction} device`, devices, direction);
}

/** The device that a stream without a `device` opens; undefined if there is none. */
function defaultDevice(direction: Direction): DeviceInfo | undefined {
  try {
    return queryDevice(undefined, direction);
  } catch {
    return undefined;
  }
}

/**
 * Formats devices (default: all) for display, one per line; `>` marks the default input, `<` the default output, `*`
 * both.
 *
 * @example
 * ```ts
 * import { formatDeviceList } from "@pastream/pastream";
 *
 * console.log(formatDeviceList());
 * ```
 */
export function formatDeviceList(devices: readonly DeviceInfo[] = queryDevices()): string {
  requireArray("devices", devices);
  const input = defaultDevice("input")?.index;
  const output = defaultDevice("output")?.index;
  const digits = Math.max(...devices.map(({ index }) => String(index).length));
  return devices.map(({ index, name, hostApi, maxInputChannels, maxOutputChannels }) => {
    const mark = [" ", ">", "<", "*"][(index === input ? 1 : 0) + (index === output ? 2 : 0)];
    const channels = `(${maxInputChannels} in, ${maxOutputChannels} out)`;
    return `${mark} ${String(index).padStart(digits)} ${name}, ${hostApi} ${channels}`;
  }).join("\n");
}
