// A worker's sink that takes a while to be loaded.
export { default } from "./collector.ts";

await new Promise((resolve) => setTimeout(resolve, 300));
