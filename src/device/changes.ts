import { native } from "../../ffi/load.ts";
import { onAbort } from "../base/abort-listeners.ts";
import { InterruptibleGenerator } from "../base/interruptible-generator.ts";
import { timers } from "../base/timers.ts";
import { type OptionNames, requireOptions, show } from "../base/validate.ts";
import { unwrap } from "../library/native-error.ts";
import type { DeviceInfo } from "../library/device-info.ts";
import { queryDevices } from "./devices.ts";
import { prepareLists, refreshLists } from "./lists.ts";

const NOTICE_POLL = 100; // milliseconds between two checks for a notice of the system
const LOOK_POLL = 2000; // milliseconds between two looks at the devices, without notices

/** What deviceChanges() yields: a device was added or removed, or another one is the default. */
export interface DeviceChange {
  /** What has happened. */
  readonly kind: "added" | "removed" | "default-input" | "default-output";
  /**
   * added, removed: that device, a removed one as it was last listed. default-input, default-output: the new default
   * device, undefined if there is none.
   */
  readonly device: DeviceInfo | undefined;
}

/**
 * Looks for devices again, without blocking, and resolves with the list that queryDevices() returns from then on. Open
 * streams are not disturbed, and ids stay the same; indices may change.
 *
 * @example
 * ```ts
 * import { refreshDevices } from "@pastream/pastream";
 *
 * for (const { id } of await refreshDevices()) console.log(id);
 * ```
 */
export async function refreshDevices(): Promise<DeviceInfo[]> {
  await refreshLists();
  await prepareLists(); // that look ends at a server that hangs: the rest may never have been looked at
  return queryDevices();
}

/** The same, which does not keep the process alive; what cannot be listed now has not changed. */
async function look(before: readonly DeviceInfo[]): Promise<readonly DeviceInfo[]> {
  await refreshLists({ keepAlive: false });
  return listed(before);
}

function listed(before: readonly DeviceInfo[] = []): readonly DeviceInfo[] {
  try {
    return queryDevices();
  } catch {
    return before;
  }
}

/** The changes that turn one list into the other. */
export function differences(before: readonly DeviceInfo[], after: readonly DeviceInfo[]): DeviceChange[] {
  const lacks = (list: readonly DeviceInfo[]) => {
    const ids = new Set(list.map(({ id }) => id));
    return ({ id }: DeviceInfo) => !ids.has(id);
  };
  const changes: DeviceChange[] = [
    ...before.filter(lacks(after)).map((device) => ({ kind: "removed", device }) as const),
    ...after.filter(lacks(before)).map((device) => ({ kind: "added", device }) as const),
  ];
  for (const [kind, is] of [["default-input", "isDefaultInput"], ["default-output", "isDefaultOutput"]] as const) {
    const device = after.find((each) => each[is]);
    if (device?.id !== before.find((each) => each[is])?.id) changes.push({ kind, device });
  }
  return changes;
}

const changeOptionNames: OptionNames<{ signal?: AbortSignal }> = { signal: true };

/** Waits, without keeping the process alive; the signal ends the wait. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      forget();
      timers().clearTimeout(timer);
      resolve();
    };
    const timer = timers().setTimeout(done, milliseconds);
    timer.unref();
    const forget = onAbort(signal, done);
  });
}

/** The changes, until the signal is aborted. */
async function* watchDevices(signal: AbortSignal): AsyncGenerator<DeviceChange, void, void> {
  await prepareLists({ keepAlive: false });
  const byNotice = unwrap(native().ps_device_watch(1), "deviceChanges") === 1;
  try {
    let seen = native().ps_device_notices();
    let looked = performance.now();
    // What came since the caller has last listed the devices is a change, too.
    const known = listed();
    let list = await look(known);
    yield* differences(known, list);
    while (!signal.aborted) {
      const notices = native().ps_device_notices();
      if (notices === seen && (byNotice || performance.now() - looked < LOOK_POLL)) {
        await pause(NOTICE_POLL, signal);
        continue;
      }
      seen = notices;
      looked = performance.now();
      const newest = await look(list);
      const changes = differences(list, newest);
      list = newest;
      yield* changes;
    }
  } finally {
    native().ps_device_watch(0);
  }
}

/**
 * The changes of the list of devices and of the default devices as they happen: by notices of the system if it sends
 * any (PulseAudio, PipeWire), else by looking every two seconds. It does not keep the process alive, and ends when the
 * signal is aborted.
 *
 * @example
 * ```ts
 * import { deviceChanges } from "@pastream/pastream";
 *
 * for await (const { kind, device } of deviceChanges({ signal: AbortSignal.timeout(60_000) })) {
 *   console.log(kind, device?.name);
 * }
 * ```
 */
export function deviceChanges(options?: { signal?: AbortSignal }): AsyncGenerator<DeviceChange, void, void> {
  const { signal } = requireOptions("options", options, changeOptionNames);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${show(signal)}`);
  }
  return new InterruptibleGenerator(watchDevices, signal);
}
