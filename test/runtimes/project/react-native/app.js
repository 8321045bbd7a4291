// In React Native: the package with the globals of the web that InitializeCore sets up, in its order, over a native
// side in program.mjs.
const { AbortController, AbortSignal } = require("abort-controller/dist/abort-controller");
const { URL, URLSearchParams } = require("react-native/Libraries/Blob/URL");
const Blob = require("react-native/Libraries/Blob/Blob").default;
const FileReader = require("react-native/Libraries/Blob/FileReader").default;

Object.assign(globalThis, { AbortController, AbortSignal, Blob, FileReader, URL, URLSearchParams });
globalThis.XMLHttpRequest = require("react-native/Libraries/Network/XMLHttpRequest").default;
const { fetch, Headers, Request, Response } = require("react-native/Libraries/Network/fetch");
Object.assign(globalThis, { fetch, Headers, Request, Response });

globalThis.emitter = require("react-native/Libraries/EventEmitter/RCTDeviceEventEmitter").default;
globalThis.runContract = require("../contract.js").run;
