// The live view in a browser: what a person sees and does there. The browser is the system's, or all is skipped.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { scope, type ScopeOptions } from "../../cli/scope/scope.ts";
import { readFile, writeFile } from "../../mod.ts";
import * as inPage from "./in-page.js";

const programs = ["chromium", "chromium-browser", "google-chrome"];
const executablePath = programs.map((name) => spawnSync("which", [name], { encoding: "utf8" }).stdout.trim())
  .find((path) => path !== "");
const skip = executablePath === undefined ? "no chromium" : false;

const RATE = 48000;
const FREQUENCY = 1000;
const BIN = RATE / 2048;
const folder = mkdtempSync(join(tmpdir(), "pastream-"));
const screenshots = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
mkdirSync(screenshots, { recursive: true });
const tone = join(folder, "tone.wav");
const played = Float32Array.from(
  { length: 2 * RATE },
  (_, i) => 0.25 * Math.sin(2 * Math.PI * FREQUENCY * i / RATE) + i * 2 ** -29,
);
await writeFile(tone, played, { sampleRate: RATE, channels: 1, subtype: "FLOAT" });

let browser: Browser;

/** Opens the page of a view on the virtual device. Nothing that it says on its console is an error. */
async function open(
  options: ScopeOptions,
  window: BrowserContextOptions,
  look: (page: Page, url: string) => Promise<void>,
): Promise<void> {
  const defaults = { device: "virtual", playback: tone, loop: true, channels: 1, folder };
  await using view = await scope({ ...defaults, ...options });
  const context = await browser.newContext(window);
  const errors: string[] = [];
  try {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(view.url);
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await look(page, view.url);
  } finally {
    await context.close();
  }
  assert.deepEqual(errors, []);
}

/** Waits until the page shows a loudest frequency near the tone's. */
async function waitForTone(page: Page): Promise<void> {
  await page.waitForFunction(inPage.isPeakNear, { hertz: FREQUENCY, distance: BIN });
}

describe("the page of the live view", { skip }, () => {
  before(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it("shows a tone where it belongs", () =>
    open({}, { viewport: { width: 1280, height: 900 } }, async (page) => {
      await waitForTone(page);
      assert.match(await page.textContent("#peak-level") ?? "", /^−1[12]\.\d dB$/);
      const place = () => page.evaluate(inPage.peakOfSpectrogram);
      const logarithmic = Math.log2(FREQUENCY / 20) / Math.log2(RATE / 2 / 20);
      assert.ok(Math.abs(await place() - logarithmic) < 0.02, `${await place()}, not ${logarithmic}`);
      await page.getByLabel("Frequency").selectOption("linear");
      await page.waitForTimeout(300); // the page draws
      assert.ok(Math.abs(await place() - FREQUENCY / (RATE / 2)) < 0.02, `${await place()}`);
      const meter = page.getByRole("meter", { name: "Level of In 1" });
      assert.equal(await meter.getAttribute("aria-valuenow"), "-15");
      await page.getByLabel("FFT").selectOption("8192");
      await page.waitForTimeout(500);
      await waitForTone(page);
    }));

  it("records bit for bit what is downloaded, by keyboard", () =>
    open({}, { viewport: { width: 1280, height: 900 } }, async (page) => {
      await waitForTone(page);
      await page.getByLabel("File type").press("Tab");
      await page.keyboard.press("Enter"); // Record
      const finish = page.getByRole("button", { name: /^Finish the recording/ });
      await finish.waitFor();
      await page.waitForTimeout(1200);
      await finish.press("Space");
      const link = page.getByRole("link", { name: /^scope-.*\.wav$/ });
      const [download] = await Promise.all([page.waitForEvent("download"), link.press("Enter")]);
      const { samples, channels } = await readFile(new Uint8Array(readFileSync(await download.path())));
      assert.equal(channels, 1);
      assert.ok(samples.length > RATE);
      const start = played.indexOf(samples[0]);
      assert.notEqual(start, -1);
      const wrong = samples.findIndex((sample, i) => sample !== played[(start + i) % played.length]);
      assert.equal(wrong, -1, `sample ${wrong} of ${samples.length}`);
    }));

  it("lists a fault as it happens", () =>
    open(
      {
        hostSettings: { hostApi: "virtual", faults: [{ atFrame: RATE, kind: "inputOverflow", frames: 100 }] },
      },
      { viewport: { width: 1280, height: 900 } },
      async (page) => {
        await page.getByRole("log").getByText("Input overflow").waitFor();
        await page.waitForFunction(inPage.hasXruns);
      },
    ));

  it("stops and starts", () =>
    open({}, { viewport: { width: 390, height: 844 } }, async (page) => {
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Start" }).click();
      await waitForTone(page);
      assert.equal(await page.getByRole("alert").isVisible(), false);
    }));

  it("says when the program has gone", async () => {
    const view = await scope({ device: "virtual", folder });
    const page = await browser.newPage();
    try {
      await page.goto(view.url);
      await page.getByRole("button", { name: "Stop" }).waitFor();
      await view.close();
      await page.getByRole("alert").getByText("The program has ended").waitFor();
    } finally {
      await page.close();
      await view.close();
    }
  });

  for (const [width, height] of [[390, 844], [1280, 900]]) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`fits ${width} pixels, ${colorScheme}`, () =>
        open({ playback: fileURLToPath(new URL("../../examples/sample.wav", import.meta.url)), channels: 2 }, {
          viewport: { width, height },
          colorScheme,
          reducedMotion: width < 500 ? "reduce" : "no-preference",
        }, async (page) => {
          await page.waitForFunction(inPage.hasPeak);
          await page.waitForTimeout(1500);
          assert.equal(await page.evaluate(inPage.widthOfDocument), width);
          // Everything that can be used has a name, and the keyboard comes to it in the order of the page.
          const reached: string[] = [];
          for (let i = 0; i < 14; i++) {
            await page.keyboard.press("Tab");
            reached.push(await page.evaluate(inPage.focused));
          }
          const order = ["device", "run", "format", "record", "seconds", "scale", "floor", "ceiling", "channel", "fft"];
          assert.deepEqual(reached, [...order, "hold", "clear-hold", "clear-clips", ""]);
          const used = page.locator("button, select, input, canvas[id], [role=log], [role=meter]");
          assert.deepEqual(await used.evaluateAll(inPage.unnamed), []);
          await page.screenshot({ path: join(screenshots, `scope-${width}-${colorScheme}.png`), fullPage: true });
        }));
    }
  }

  it("tells a page of another site nothing", async () => {
    const other = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end("<!doctype html><title>other</title>");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    await using view = await scope({ device: "virtual", folder });
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
      const heard = await page.evaluate(inPage.heardBy, view.url);
      assert.deepEqual(heard, {
        events: "refused",
        fetch: "refused",
        opaque: "refused",
        stop: "refused",
        script: "refused",
        frame: "refused",
      });
    } finally {
      await page.close();
      other.closeAllConnections();
      other.close();
    }
  });
});
