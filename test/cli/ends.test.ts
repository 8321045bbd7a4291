import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startRawHttp1 } from "../helpers/raw-http1.js";
import { startSlowToAccept } from "../helpers/slow-to-accept.js";
import { runCli } from "./run-cli.js";

// A command that does not end runs into the test's timeout: what it waits for here would last for minutes, or for ever.

const protocols = ["grpc", "grpc-web", "rest"] as const;
const token = { ZITADEL_TOKEN: "any-token" };

/** Takes connections and says nothing. */
async function startSilent() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {}).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the command ends with its outcome, though", () => {
  for (const protocol of protocols) {
    for (const scheme of ["http", "https"]) {
      test(`a proxy takes connections and never answers CONNECT, over ${protocol} to ${scheme}:`, async () => {
        await using proxy = await startSilent();
        const env = { ...token, ALL_PROXY: `http://127.0.0.1:${proxy.port}` };
        const args = ["list", "-u", `${scheme}://zitadel.invalid`, "--protocol", protocol, "--allow-insecure"];
        const { status, stderr } = await runCli([...args, "--timeout", "300ms"], { env });
        const said = "deadline of 300 ms passed while connecting to zitadel.invalid";
        expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(said) });
        expect(proxy.sockets).toHaveLength(1);
      });
    }

    test(`it is interrupted while a proxy does not answer CONNECT, over ${protocol}`, async () => {
      await using proxy = await startSilent();
      const env = { ...token, ALL_PROXY: `http://127.0.0.1:${proxy.port}` };
      const outcome = await runCli(["list", "-u", "https://zitadel.invalid", "--protocol", protocol], {
        env,
        started: async (child) => {
          while (proxy.sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
          child.kill("SIGINT");
        },
      });
      expect(outcome).toEqual({ status: 130, stdout: "", stderr: "" });
    });

    test(`the system's resolver does not answer, over ${protocol}`, async () => {
      // Stands for one whose servers do not answer: it cannot be given up, and keeps the process.
      const hangs = "import dns from 'node:dns'; dns.lookup = () => setInterval(() => {}, 1000);";
      const env = { ...token, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hangs)}` };
      const args = ["list", "-u", "https://zitadel.invalid", "--protocol", protocol, "--timeout", "300ms"];
      const { status, stderr } = await runCli(args, { env });
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("deadline of 300 ms passed") });
    });
  }

  // No user, over a connection that the server keeps.
  for (const status of [204, 205]) {
    test(`the answer is ${status}, over rest`, async () => {
      await using server = await startRawHttp1({ onRequest: (one) => one.respond(status) });
      const outcome = await runCli(["list", "-u", server.url, "--protocol", "rest", "-o", "ids"], { env: token });
      const stderr = expect.stringContaining("does not say who the user is");
      expect(outcome).toEqual({ status: 1, stdout: "", stderr });
    });
  }
});

describe("where SYNs are dropped", () => {
  let slow: Awaited<ReturnType<typeof startSlowToAccept>>;
  beforeAll(async () => {
    slow = await startSlowToAccept();
  });
  afterAll(() => {
    slow.end();
  });

  for (const protocol of protocols) {
    test(`the command ends with its outcome, over ${protocol}`, async () => {
      const args = ["list", "-u", `http://127.0.0.1:${slow.port}`, "--protocol", protocol, "--timeout", "300ms"];
      const { status, stderr } = await runCli(args, { env: token });
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/while connecting to 127/) });
    });
  }

  test("so does doctor", async () => {
    const args = ["doctor", "-u", `http://127.0.0.1:${slow.port}`, "--timeout", "300ms"];
    const { status, stdout } = await runCli(args, { env: token });
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(/FAIL {2}tcp .*no answer within/) });
  });
});

describe("doctor ends with its outcome, though", () => {
  test("a proxy never answers CONNECT, or it is interrupted then", async () => {
    await using proxy = await startSilent();
    const env = { ...token, ALL_PROXY: `http://127.0.0.1:${proxy.port}` };
    const args = ["doctor", "-u", "https://zitadel.invalid", "--timeout"];
    const { status, stdout } = await runCli([...args, "300ms"], { env });
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringMatching(/FAIL {2}proxy .*no answer within/),
    });
    const interrupted = await runCli([...args, "20s"], {
      env,
      started: async (child) => {
        while (proxy.sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
        child.kill("SIGINT");
      },
    });
    expect(interrupted.status).toBe(130);
  });

  test("the port takes connections and says nothing", async () => {
    for (const scheme of ["http", "https"]) {
      await using silent = await startSilent();
      const url = `${scheme}://127.0.0.1:${silent.port}`;
      const { status } = await runCli(["doctor", "-u", url, "--timeout", "300ms"], { env: token });
      expect(status).toBe(1);
    }
  });

  for (const status of [204, 205]) {
    test(`all answers are ${status}`, async () => {
      await using server = await startRawHttp1({ onRequest: (one) => one.respond(status) });
      const outcome = await runCli(["doctor", "-u", server.url, "--timeout", "500ms"], { env: token });
      expect(outcome.status).toBe(1);
    });
  }
});
