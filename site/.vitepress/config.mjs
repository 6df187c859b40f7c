// The documentation site. Its pages are the Markdown files of the repository, laid out by scripts/build-site.mjs.
import { existsSync, readFileSync } from "node:fs";

const reference = new URL("../pages/reference/typedoc-sidebar.json", import.meta.url);

const page = (text, link) => ({ text, link });

export default {
  title: "pastream",
  description: "Real-time audio streams for Deno, Bun and Node",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: "cache",
  cleanUrls: false,
  lastUpdated: false,
  // Nothing is fetched from another host, also not the search: it is an index that is built into the site.
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Guide", "/docs/first-steps"),
      page("Command line", "/docs/cli"),
      page("Reference", "/reference/"),
      page("Changes", "/CHANGELOG"),
    ],
    sidebar: {
      "/reference/": [{
        text: "Reference",
        link: "/reference/",
        items: existsSync(reference) ? JSON.parse(readFileSync(reference, "utf8")) : [],
      }],
      "/": [
        {
          text: "Begin",
          items: [
            page("What it is", "/"),
            page("First steps", "/docs/first-steps"),
            page("Installing", "/docs/installing"),
            page("From Python", "/docs/from-python"),
          ],
        },
        {
          text: "Streams",
          items: [
            page("Streams", "/docs/streams"),
            page("Frames, pad and offset", "/docs/frames"),
            page("Rates and channels", "/docs/rates-and-channels"),
            page("Chunks and overlap", "/docs/chunks"),
            page("Glitches", "/docs/glitches"),
            page("Workers", "/docs/workers"),
            page("Real-time tips", "/docs/real-time"),
          ],
        },
        {
          text: "Devices and files",
          items: [
            page("Devices and host APIs", "/docs/devices"),
            page("Sound files", "/docs/sound-files"),
          ],
        },
        {
          text: "Programs",
          items: [
            page("The command line", "/docs/cli"),
            page("Live view", "/docs/live-view"),
            page("Examples", "/examples/README"),
          ],
        },
        {
          text: "Running it",
          items: [
            page("Deno, Bun and Node", "/docs/runtimes"),
            page("Permissions", "/docs/permissions"),
            page("Troubleshooting", "/docs/troubleshooting"),
            page("Platforms", "/docs/platforms"),
          ],
        },
        {
          text: "Behind it",
          items: [
            page("What is promised", "/docs/promises"),
            page("Benchmarks", "/docs/benchmarks"),
            page("Architecture", "/ARCHITECTURE"),
            page("Contributing", "/CONTRIBUTING"),
            page("Changes", "/CHANGELOG"),
            page("Upgrading", "/UPGRADING"),
          ],
        },
      ],
    },
  },
};
