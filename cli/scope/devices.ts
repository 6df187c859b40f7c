/** The devices to choose from, as they come and go. */
import { deviceChanges, type DeviceInfo, queryDevices } from "../../mod.ts";

/** All devices; none where they cannot be listed, for what is viewed goes on. */
export function listDevices(): readonly DeviceInfo[] {
  try {
    return queryDevices();
  } catch {
    return [];
  }
}

/** Calls `changed` with the list whenever it is another one, until the signal fires. Then it resolves. */
export async function watchDevices(
  changed: (devices: readonly DeviceInfo[]) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const _change of deviceChanges({ signal })) changed(listDevices());
  } catch {
    // The list that was shown last stays.
  }
}
