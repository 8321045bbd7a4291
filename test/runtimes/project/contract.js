// What has to work wherever this package runs. Plain JavaScript, as an application has it, for every runtime and
// bundler; `report` has for each protocol "works", or the sentence that an application gets.
import { Code, ConnectError, createAuthClient, getErrorInfo, grpc, grpcWeb, rest } from "zitadel-refresh-tokens";

const protocols = { default: undefined, grpc, grpcWeb, rest };

function expect(what, seen, wanted) {
  if (seen !== wanted) throw new Error(`${what}: ${seen} instead of ${wanted}`);
}

/** Fails if a promise does not settle. */
function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not settled after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const codeOf = (call) =>
  call.then(
    () => "no error",
    (error) => (error instanceof ConnectError ? Code[error.code] : `${error?.name}: ${error?.message}`),
  );

async function check(protocol, { url, hangingUrl, token, count }, options) {
  const auth = createAuthClient({ baseUrl: url, token, protocol, ...options });
  let contentType = "";
  const onHeader = (header) => {
    contentType = header.get("content-type");
  };
  const { result } = await within(15_000, "list", auth.listMyRefreshTokens({}, { onHeader }));
  expect("tokens in the list", result.length, count);
  const error = await within(15_000, "error", auth.revokeMyRefreshToken({ id: "1" })).catch((reason) => reason);
  expect("id of an error", getErrorInfo(error).id, "COMMAND-BHt2w");
  await auth.close();
  const closed = await auth.listMyRefreshTokens({}).catch((reason) => reason);
  expect("a call after close", closed instanceof TypeError, true);

  const hanging = createAuthClient({ baseUrl: hangingUrl, token, protocol, ...options });
  const late = codeOf(hanging.listMyRefreshTokens({}, { timeoutMs: 200 }));
  expect("a deadline", await within(5_000, "deadline", late), "DeadlineExceeded");
  const leaving = new AbortController();
  const left = codeOf(hanging.listMyRefreshTokens({}, { signal: leaving.signal }));
  setTimeout(() => leaving.abort(), 100);
  expect("an abort", await within(5_000, "abort", left), "Canceled");
  const open = codeOf(hanging.listMyRefreshTokens({}));
  setTimeout(() => hanging.close(), 100);
  expect("close under a call", await within(5_000, "close", open), "Canceled");
  return contentType;
}

/** Runs the contract over every protocol. `options` are those that this runtime needs. */
export async function run(input, options = {}) {
  const report = {};
  for (const [name, protocol] of Object.entries(protocols)) {
    try {
      createAuthClient({ baseUrl: input.url, token: input.token, protocol, ...options });
    } catch (refusal) {
      report[name] = { refused: refusal.message };
      continue;
    }
    try {
      report[name] = { works: await check(protocol, input, options) };
    } catch (error) {
      report[name] = { failed: String(error?.message ?? error) };
    }
  }
  return report;
}
