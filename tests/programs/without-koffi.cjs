// As --require: a Node in which koffi is not installed.
const Module = require("node:module");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request === "koffi") throw new Error("Cannot find module 'koffi'");
  return resolve.call(this, request, ...rest);
};

const { dlopen } = process;
process.dlopen = function (module, path, ...rest) {
  if (path.includes("koffi")) throw new Error(`Cannot open ${path}`);
  return dlopen.call(this, module, path, ...rest);
};
