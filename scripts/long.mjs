// Tests that find more the longer they run. fuzz: the random tests, each time from a new seed. soak: streams that run
// for long, or start, stop and fail repeatedly, and the clock of the virtual device. Stops at the first failure, or
// when the time is over.
// Usage: node scripts/long.mjs fuzz|soak [minutes]
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments, refuseArguments } from "./lib/arguments.mjs";
import { builds, cTestFiles, runCTest } from "./lib/ctests.mjs";
import { main } from "./lib/run.mjs";
import { rooms, runFile, runtimes, testFiles } from "./lib/suite.mjs";
import { root } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const TIMEOUT = 600; // seconds that a test may take beyond what it is told to

const says = (text) => (file) => readFileSync(join(root, file), "utf8").includes(text);
const isRandom = (file) => says("fast-check")(file) || says("seedOf(")(file);
const sanitized = builds.filter(({ name }) => ["c asan", "c tsan"].includes(name));

/** What is run: { name, run(environment) }. */
const kinds = {
  fuzz: () => [
    ...cTestFiles(sanitized[0], []).filter(says("random_seed()")).filter((file) => !says("servers.h")(file)).map((
      file,
    ) => ({
      name: `${sanitized[0].name} ${file}`,
      run: (env) => runCTest(sanitized[0], file, { timeout: TIMEOUT, env }),
    })),
    ...rooms.flatMap((room) => testFiles(room, [])).filter(isRandom).flatMap((file) =>
      runtimes().map((runtime) => ({
        name: `${runtime.name} ${file}`,
        run: (env) => runFile(runtime, file, { timeout: TIMEOUT, env }),
      }))
    ),
  ],
  soak: (seconds) => {
    const files = cTestFiles(sanitized[0], []).filter(says("test_seconds("));
    const each = Math.max(1, Math.round(seconds / files.length / sanitized.length));
    return sanitized.flatMap((build) =>
      files.map((file) => ({
        name: `${build.name} ${file}`,
        run: (env) =>
          runCTest(build, file, { timeout: each + TIMEOUT, env: { ...env, PASTREAM_TEST_SECONDS: String(each) } }),
      }))
    );
  },
};

async function long() {
  const [kind, minutes = "10", ...more] = readArguments(import.meta, { allowPositionals: true }).positionals;
  if (!Object.hasOwn(kinds, kind ?? "")) refuseArguments(import.meta, `fuzz or soak, not ${kind ?? "nothing"}`);
  if (!(Number(minutes) > 0) || more.length > 0) refuseArguments(import.meta, "minutes are one number above 0");
  await setup("test");
  const seconds = Number(minutes) * 60;
  const tests = kinds[kind](seconds);
  const end = performance.now() + seconds * 1000;
  // A soak shares its time among its tests; what is random is repeated.
  for (let round = 0; kind === "soak" ? round < tests.length : performance.now() < end; round++) {
    const { name, run } = tests[round % tests.length];
    const seed = String(randomInt(2 ** 32));
    const begun = performance.now();
    const { failed, passed, text } = await run({ PASTREAM_TEST_SEED: seed });
    const took = ((performance.now() - begun) / 1000).toFixed(0);
    console.log(`${name}, PASTREAM_TEST_SEED=${seed}: ${failed > 0 ? "FAILED" : `${passed} ok`}  (${took} s)`);
    if (failed > 0) {
      console.log(text);
      return 1;
    }
  }
  return 0;
}

await main(long);
