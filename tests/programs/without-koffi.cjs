// As --require: a Node in which koffi is not installed.
const Module = require("node:module");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request === "koffi") throw new Error("Cannot find module 'koffi'");
  return resolve.call(this, request, ...rest);
};
