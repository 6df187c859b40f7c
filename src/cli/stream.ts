/** Plays and records: the main command. */
import { BufferEmptyError } from "../../mod.ts";
import { failureOf } from "./failure.ts";
import { framesOf } from "./numbers.ts";
import { makeReporter, type Reporter } from "./reporter.ts";
import type { CommandLine } from "./settings.ts";
import { Signals } from "./signals.ts";
import { closeTransport, openTransport, runLength, totalFrames, type Transport } from "./transport.ts";

/** Stays with a run until it ends: shows how it is doing, and rotates the files. */
async function attend(
  { stream, recorder, files }: Transport,
  rotation: number,
  offset: number,
  reporter: Reporter,
): Promise<void> {
  let nextCut = rotation;
  let lastProgress = performance.now();
  while (true) {
    const untilCut = (nextCut + offset - stream.frameCount) / stream.sampleRate;
    const untilProgress = reporter.interval - (performance.now() - lastProgress) / 1000;
    const pause = Math.max(0.002, Math.min(untilCut, untilProgress));
    if (await stream.wait(pause === Infinity ? undefined : pause)) return;
    if (recorder && stream.frameCount - offset >= nextCut) {
      nextCut += rotation;
      await files!.rotate(recorder);
    }
    if (performance.now() - lastProgress >= reporter.interval * 1000) {
      lastProgress = performance.now();
      reporter.progress(stream);
    }
  }
}

function announce(
  transport: Transport,
  line: CommandLine,
  sampleRate: number,
  total: number | undefined,
  reporter: Reporter,
): void {
  const { stream, playback, files } = transport;
  const side = (file: string, { format, subtype }: { format: string; subtype: string }) => ({
    file,
    format,
    encoding: subtype,
  });
  reporter.start({
    playback: playback ? side(line.playback!, playback) : null,
    recording: files ? side(files.begun[0].file, files.current) : null,
    stream: String(stream),
    sampleRate,
    totalFrames: total,
  });
}

/** Runs from start to end; what ends it early is thrown. */
async function run(transport: Transport, line: CommandLine, reporter: Reporter): Promise<void> {
  const { settings } = line;
  const { stream } = transport;
  const loop = settings.loop ?? false;
  const length = runLength(settings, transport, loop);
  announce(transport, line, stream.sampleRate, totalFrames(length, transport, loop), reporter);
  const rotation = settings.rotate ? framesOf(settings.rotate, stream.sampleRate) : Infinity;
  try {
    await stream.start({ ...length, fatalXruns: settings.fatalXruns });
    await attend(transport, rotation, length.offset, reporter);
  } catch (error) {
    // --duration is a limit: a pipe that ends before it ends the run, and nothing is wrong.
    if (!(error instanceof BufferEmptyError)) throw error;
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
      errors.push(error);
    }
  };
  let transport: Transport | undefined;
  const signals = new Signals(() => void attempt(async () => await transport?.stream.stop()));
  await attempt(async () => {
    transport = await openTransport(line, (text) => reporter.note(text));
    if (signals.name === undefined) await run(transport, line, reporter);
  });
  await attempt(async () => {
    if (transport) await closeTransport(transport);
  });
  signals.close();
  const [error] = errors;
  const exitCode = signals.exitCode ?? (error === undefined ? 0 : failureOf(error).exitCode);
  const files = transport?.files?.begun ?? [];
  reporter.end({ exitCode, signal: signals.name, error, stream: transport?.stream, files });
  return exitCode;
}
