// The native lists of devices and host APIs: they are made when they are first asked for, and made anew on request.
import { native } from "../../ffi/load.ts";
import { backOff, type Pace, Poller } from "../base/poller.ts";
import { unwrap } from "../library/native-error.ts";

/** When the lists were made last, by performance.now(). */
let made: number | undefined;

/** Notes that the lists are there, or are made by the call that follows. */
export function noteLists(): void {
  made ??= performance.now();
}

/** A look takes some milliseconds, with PortAudio up to 150, and a stream that is opened waits for it. */
const pace: Pace = (checks) => Math.min(backOff(checks), 4);

/** Whether the lists are from before a time, so that another look may find other devices. */
export function areOlderThan(time: number): boolean {
  return made !== undefined && made < time;
}

/** Resolves when asking for the lists does not block any more. */
export async function prepareLists({ keepAlive = true } = {}): Promise<void> {
  const look = unwrap(native().ps_device_prepare(), "device");
  await new Poller().until(() => native().ps_device_prepared() >= look || undefined, pace, { keepAlive });
  noteLists();
}

/** Resolves when the lists have been made anew. */
export async function refreshLists({ keepAlive = true } = {}): Promise<void> {
  const look = unwrap(native().ps_device_refresh(), "refreshDevices");
  await new Poller().until(() => native().ps_device_refreshed() >= look || undefined, pace, { keepAlive });
  made = performance.now();
}

/** The same, and blocks until then. */
export function refreshListsNow(): void {
  unwrap(native().ps_device_await(unwrap(native().ps_device_refresh(), "device")));
  made = performance.now();
}
