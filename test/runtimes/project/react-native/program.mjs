// Runs what Metro made in a context that has what Hermes has, with the native side of React Native's networking and
// blobs played over node:http. That engine is V8: Hermes is not on npm to run, only its compiler.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import process from "node:process";
import { createContext, runInContext } from "node:vm";

const blobs = new Map();
const running = new Map();
let emit;

const Networking = {
  addListener() {},
  removeListeners() {},
  sendRequest({ method, url, data, headers, responseType }, started) {
    const id = running.size + 1;
    started(id);
    const sent = request(url, { method, headers }, async (response) => {
      const names = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      emit("didReceiveNetworkResponse", [id, response.statusCode, Object.fromEntries(names), url]);
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      if (responseType === "blob") {
        const blobId = randomUUID();
        blobs.set(blobId, body);
        emit("didReceiveNetworkData", [id, { blobId, offset: 0, size: body.length }]);
      } else emit("didReceiveNetworkData", [id, body.toString(responseType === "base64" ? "base64" : "utf8")]);
      emit("didCompleteNetworkResponse", [id, null, false]);
    });
    sent.on("error", (error) => emit("didCompleteNetworkResponse", [id, error.message, false]));
    sent.end(data.base64 ? Buffer.from(data.base64, "base64") : data.string);
    running.set(id, sent);
  },
  abortRequest: (id) => running.get(id)?.destroy(),
};
const BlobModule = {
  getConstants: () => ({ BLOB_URI_SCHEME: "blob", BLOB_URI_HOST: null }),
  addNetworkingHandler() {},
  createFromParts: (parts, blobId) => blobs.set(blobId, Buffer.from(parts.map(({ data }) => data).join(""))),
  release: (blobId) => blobs.delete(blobId),
};
const FileReaderModule = {
  readAsText: async ({ blobId }) => blobs.get(blobId).toString(),
  readAsDataURL: async ({ blobId }) => `data:application/octet-stream;base64,${blobs.get(blobId).toString("base64")}`,
};

const { console, performance, queueMicrotask, setTimeout, clearTimeout, setImmediate } = globalThis;
const { TextEncoder, TextDecoder } = globalThis;

// Stands for Expo's, which needs a phone: its responses have a body, and it takes React Native's AbortSignal.
function streamingFetch(url, { signal, ...init }) {
  const controller = new AbortController();
  signal.addEventListener("abort", () => controller.abort());
  return fetch(url, { ...init, signal: controller.signal });
}

const variant = process.argv[2];
const context = createContext({
  ...{ console, performance, queueMicrotask, setTimeout, clearTimeout, setImmediate, TextEncoder },
  ...(variant !== "without-text-decoder" && { TextDecoder }),
  nativeModuleProxy: { Networking, BlobModule, FileReaderModule },
  options: variant === "streaming-fetch" ? { fetch: streamingFetch } : {},
});
runInContext("globalThis.window = globalThis.self = globalThis.global = globalThis", context);
try {
  runInContext(readFileSync("out/react-native/app.js", "utf8"), context, { filename: "app.js" });
  emit = (name, values) => context.emitter.emit(name, values);
  console.log(JSON.stringify(await runInContext(`runContract(${process.env.CONTRACT}, options)`, context)));
} catch (error) {
  // The app does not start.
  if (variant !== "without-text-decoder") throw error;
  console.log(JSON.stringify({ refused: error.message }));
}
