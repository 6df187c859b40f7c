/** The list of devices for the page, and its changes. */
import { deviceChanges, type DeviceInfo, queryDevices } from "../../mod.ts";

/** Returns all devices, or an empty list if listing them fails: a running view must not end because of that. */
export function listDevices(): readonly DeviceInfo[] {
  try {
    return queryDevices();
  } catch {
    return [];
  }
}

/** Calls `changed` with the new list after each change. Resolves when the signal fires. */
export async function watchDevices(
  changed: (devices: readonly DeviceInfo[]) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const _change of deviceChanges({ signal })) changed(listDevices());
  } catch {
    // The page keeps the last list.
  }
}
