/** Plays and records: the main command. */
import { BufferEmptyError } from "../../mod.ts";
import { failureOf, isBrokenPipe } from "../report/failure.ts";
import { framesOf } from "../options/numbers.ts";
import { makeReporter, type Reporter } from "../report/reporter.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { Signals } from "./signals.ts";
import { closeTransport, openTransport, type Transport } from "./transport.ts";

/** When to go on in a new file: frames of the run, Infinity for never. */
function* cuts({ rotate }: Settings, { stream, files, length }: Transport): Generator<number, number> {
  const piece = rotate && files ? framesOf(rotate, stream.sampleRate) : Infinity;
  for (let cut = length.offset + piece; cut < (length.total ?? Infinity); cut += piece) yield cut;
  return Infinity;
}

/** Stays with a run until it ends: shows how it is doing, and rotates the files. */
async function attend(
  { stream, recorder, files }: Transport,
  cuts: Iterator<number, number>,
  reporter: Reporter,
): Promise<void> {
  let nextCut = cuts.next().value;
  let lastProgress = performance.now();
  while (true) {
    const untilCut = (nextCut - stream.frameCount) / stream.sampleRate;
    const untilProgress = reporter.interval - (performance.now() - lastProgress) / 1000;
    const pause = Math.max(0.002, Math.min(untilCut, untilProgress));
    if (await stream.wait(pause === Infinity ? undefined : pause)) return;
    if (stream.frameCount >= nextCut) {
      nextCut = cuts.next().value;
      await files!.rotate(recorder!);
    }
    if (performance.now() - lastProgress >= reporter.interval * 1000) {
      lastProgress = performance.now();
      reporter.progress(stream);
    }
  }
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
    latency: stream.latency,
    totalFrames: length.total,
  });
}

/** Runs from start to end; what ends it early is thrown. */
async function run(transport: Transport, line: CommandLine, reporter: Reporter): Promise<void> {
  const { settings } = line;
  const { stream, playback } = transport;
  const { frames, pad, offset } = transport.length;
  announce(transport, line, reporter);
  try {
    await stream.start({ frames, pad, offset, fatalXruns: settings.fatalXruns });
    await attend(transport, cuts(settings, transport), reporter);
  } catch (error) {
    // --duration is a limit: a pipe that ends before it ends the run, and nothing is wrong.
    const isEndOfPipe = error instanceof BufferEmptyError && playback !== undefined && playback.frames < 0;
    if (!isEndOfPipe) throw error;
  }
}

/** Plays and records what the command line says; answers the exit code. */
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
    // Until here a signal ends the process by itself: opening a pipe that says nothing could not be interrupted.
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
  const exitCode = signals?.exitCode ?? (error === undefined ? 0 : failureOf(error).exitCode);
  const files = transport?.files?.begun ?? [];
  reporter.end({ exitCode, signal: signals?.name, error, stream: transport?.stream, files });
  return exitCode;
}
