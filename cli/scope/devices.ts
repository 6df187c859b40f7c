/** The devices to choose from, as they come and go. */
import { type DeviceInfo, queryDevices } from "../../mod.ts";

const INTERVAL = 2000;

/** Calls `changed` with the list now and whenever it is another one, until the signal fires. */
export function watchDevices(changed: (devices: DeviceInfo[]) => void, signal: AbortSignal): void {
  let known = "";
  const look = () => {
    let devices: DeviceInfo[];
    try {
      devices = queryDevices();
    } catch {
      return; // what was there last is shown until it can be asked again
    }
    const text = JSON.stringify(devices);
    if (text !== known) changed(devices);
    known = text;
  };
  look();
  const timer = setInterval(look, INTERVAL);
  timer.unref?.();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
