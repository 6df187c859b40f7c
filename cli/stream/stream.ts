/** Plays and records: the main command. */
import { BufferEmptyError } from "../../mod.ts";
import { failureOf, isBrokenPipe } from "../report/failure.ts";
import { makeReporter, type Reporter } from "../report/reporter.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { addSuggestion } from "../options/suggest.ts";
import { Rotator } from "./rotator.ts";
import { Signals } from "./signals.ts";
import { closeTransport, openTransport, type Transport } from "./transport.ts";

const SHORTEST_PAUSE = 0.002;

/** Waits for the end of a run; meanwhile reports progress and rotates the files. */
async function attend(transport: Transport, settings: Settings, reporter: Reporter): Promise<void> {
  const { stream } = transport;
  const rotator = new Rotator(transport, settings);
  let lastProgress = performance.now();
  while (true) {
    const untilRotation = rotator.advance();
    const untilProgress = reporter.interval - (performance.now() - lastProgress) / 1000;
    const pause = Math.max(SHORTEST_PAUSE, Math.min(untilRotation, untilProgress));
    if (await stream.wait(pause === Infinity ? undefined : pause)) break;
    if (performance.now() - lastProgress >= reporter.interval * 1000) {
      lastProgress = performance.now();
      reporter.progress(stream);
    }
  }
  await rotator.finish();
}

function announce(transport: Transport, line: CommandLine, reporter: Reporter): void {
  const { stream, playback, files, length } = transport;
  const side = (file: string, { format, subtype }: { format: string; subtype: string }) => ({
    file,
    format,
    encoding: subtype,
  });
  reporter.start({
    playback: playback ? side(line.playback!, playback) : null,
    recording: files ? side(files.begun[0].file, files.current) : null,
    stream: String(stream),
    sampleRate: stream.sampleRate,
    deviceRate: stream.deviceRate,
    conversions: stream.conversions,
    latency: stream.latency,
    totalFrames: length.total,
  });
}

/** Runs the stream to its end. Throws the error that ended it early. */
async function run(transport: Transport, line: CommandLine, reporter: Reporter): Promise<void> {
  const { settings } = line;
  const { stream, playback } = transport;
  const { frames, pad, offset } = transport.length;
  announce(transport, line, reporter);
  try {
    await stream.start({ frames, pad, offset, fatalXruns: settings.fatalXruns });
    await attend(transport, settings, reporter);
  } catch (error) {
    // --duration is a limit: a playback that is shorter is not an error. The length of a pipe is not known before its
    // end, and that of some files is an estimate.
    if (!(error instanceof BufferEmptyError && playback)) throw error;
  }
}

/** Plays and records as the command line says. Returns the exit code. */
export async function runStream(line: CommandLine): Promise<number> {
  const reporter = makeReporter(line.settings);
  const errors: unknown[] = [];
  const attempt = async (action: () => Promise<void>) => {
    try {
      await action();
    } catch (error) {
      if (!(line.recording === "-" && isBrokenPipe(error))) errors.push(error);
    }
  };
  let transport: Transport | undefined;
  let signals: Signals | undefined;
  let stopping: Promise<void> | undefined;
  await attempt(async () => {
    // Before this a signal ends the process: opening a pipe without data could not be interrupted otherwise.
    const opened = transport = await openTransport(line, (text) => reporter.note(text));
    signals = new Signals(() => stopping = attempt(() => opened.stream.stop()));
    await run(opened, line, reporter);
  });
  await stopping;
  await attempt(async () => {
    if (transport) await closeTransport(transport);
  });
  signals?.close();
  const [error] = errors;
  await addSuggestion(error);
  const exitCode = signals?.exitCode ?? (error === undefined ? 0 : failureOf(error).exitCode);
  const files = transport?.files?.begun ?? [];
  reporter.end({ exitCode, signal: signals?.name, error, stream: transport?.stream, files });
  return exitCode;
}
