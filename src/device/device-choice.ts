import { PS_DEVICE_DEFAULT, PS_DEVICE_VIRTUAL } from "../../ffi/constants.ts";
import { runtime } from "../../ffi/load.ts";
import { defaults } from "./defaults.ts";
import { type DeviceInfo, deviceNotFound, findDevice, queryDevices, type Side } from "./devices.ts";
import { pairOf } from "../base/pair.ts";
import { requireOneOf } from "../base/validate.ts";

/** The name by which the built-in device is asked for. */
const VIRTUAL = "virtual";

interface Wish {
  readonly device: number | string;
  /** Who has it: an option or a variable of the environment. */
  readonly from: string;
}

/** The device that was set for all streams, if any. */
function preset(side: Side): Wish | undefined {
  const device = pairOf("defaults.device", defaults.device)[side === "input" ? 0 : 1];
  if (device !== undefined) return { device, from: "defaults.device" };
  const variable = runtime.environment("PASTREAM_DEVICE");
  if (!variable) return undefined;
  return { device: /^\d+$/.test(variable) ? Number(variable) : variable, from: "PASTREAM_DEVICE" };
}

/** The native number of the device that a stream's option means; without one, of the default. */
export function chooseDevice(device: number | string | undefined, side: Side): number {
  const wish = device === undefined ? preset(side) : { device, from: "device" };
  if (wish === undefined) return PS_DEVICE_DEFAULT;
  if (wish.device === VIRTUAL) return PS_DEVICE_VIRTUAL; // PortAudio need not be there for it
  const found = findDevice(wish.device, side, wish.from);
  return found.hostApi === "Virtual" ? PS_DEVICE_VIRTUAL : found.index;
}

/**
 * One device by index, id, or by case-insensitive words of its name and host API (all must occur). An exact name wins;
 * several matches left over is an error that lists them. Without `device`, the default of that direction, as streams
 * take it; of the output if no direction is said.
 */
export function queryDevice(device?: number | string, kind?: "input" | "output"): DeviceInfo {
  if (kind !== undefined) requireOneOf("kind", kind, ["input", "output"]);
  if (device !== undefined) return findDevice(device, kind);
  const side = kind ?? "output";
  const wish = preset(side);
  if (wish) return findDevice(wish.device, side, wish.from);
  const devices = queryDevices();
  const found = devices.find((each) => side === "input" ? each.isDefaultInput : each.isDefaultOutput);
  if (found) return found;
  throw deviceNotFound(`there is no default ${side} device`, devices, side);
}

/** The device that a stream without a `device` takes; undefined if there is none. */
function defaultDevice(side: Side): DeviceInfo | undefined {
  try {
    return queryDevice(undefined, side);
  } catch {
    return undefined;
  }
}

/**
 * The devices, all or those given, as a text for people, a line each; `>` marks the default input, `<` the default
 * output, `*` both.
 *
 * @example
 * ```ts
 * import { formatDeviceList } from "@pastream/pastream";
 *
 * console.log(formatDeviceList());
 * ```
 */
export function formatDeviceList(devices: readonly DeviceInfo[] = queryDevices()): string {
  const input = defaultDevice("input")?.index;
  const output = defaultDevice("output")?.index;
  const digits = Math.max(...devices.map(({ index }) => String(index).length));
  return devices.map(({ index, name, hostApi, maxInputChannels, maxOutputChannels }) => {
    const mark = [" ", ">", "<", "*"][(index === input ? 1 : 0) + (index === output ? 2 : 0)];
    const channels = `(${maxInputChannels} in, ${maxOutputChannels} out)`;
    return `${mark} ${String(index).padStart(digits)} ${name}, ${hostApi} ${channels}`;
  }).join("\n");
}
