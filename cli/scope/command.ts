/** The command `pastream scope`. */
import { blame } from "../stream/blame.ts";
import { chooseDevices } from "../stream/device-choice.ts";
import { type SettingName, spelling } from "../options/options.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { Signals } from "../stream/signals.ts";
import { writeText } from "../report/write.ts";
import { UsageError } from "../options/usage-error.ts";
import type { ScopeOptions } from "./options.ts";
import { scope } from "./scope.ts";
import { Session } from "./session.ts";

const understood: readonly SettingName[] = [
  "device",
  "hostApi",
  "channels",
  "rate",
  "blockSize",
  "latency",
  "loop",
  "quiet",
  "terminal",
];

function scopeOptions({ settings, playback }: CommandLine): ScopeOptions {
  const { channels, latency, rate, blockSize, loop } = settings;
  for (const name of Object.keys(settings) as SettingName[]) {
    if (!understood.includes(name)) throw new UsageError(`${spelling(name)} does nothing in scope`);
  }
  return {
    device: chooseDevices(settings, { playback: playback !== null, recording: true }),
    channels: [channels?.recording, undefined],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    sampleRate: rate,
    blockSize,
    ...(playback !== null && { playback, loop }),
  };
}

function greeting(url: string, { quiet }: Settings): string {
  return quiet
    ? `${url}\n`
    : `The live view is at ${url}\nAnyone with this address can hear the input. Press Ctrl-C to end.\n`;
}

/** A view that is shown until a signal arrives or an error ends it. */
interface Shown {
  /** Rejects with the error that ended the view. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

async function showPage(options: ScopeOptions, settings: Settings): Promise<Shown> {
  const view = await scope(options);
  writeText(greeting(view.url, settings));
  return { ended: NEVER, close: () => view.close() };
}

async function showTerminal(options: ScopeOptions): Promise<Shown> {
  const session = new Session(options);
  try {
    await session.start();
  } catch (error) {
    await session.close();
    throw error;
  }
  const { TerminalView } = await import("./terminal/terminal.ts");
  const view = new TerminalView(session);
  session.viewers.add(view);
  const close = async () => {
    session.viewers.delete(view); // before the screen is restored
    view.close();
    await session.close();
  };
  return { ended: view.ended, close };
}

/** Shows the view until a signal arrives; returns the exit code. */
export async function runScope(line: CommandLine): Promise<number> {
  const { settings } = line;
  try {
    const options = scopeOptions(line);
    const shown = await (settings.terminal ? showTerminal(options) : showPage(options, settings));
    let signals!: Signals;
    try {
      const asked = new Promise<void>((resolve) => signals = new Signals(resolve));
      await Promise.race([asked, shown.ended]);
    } finally {
      await shown.close();
      signals.close();
    }
    return signals.exitCode!;
  } catch (error) {
    throw blame(error, settings);
  }
}
