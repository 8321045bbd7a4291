import { create, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterEach } from "@jest/globals";
import { AuthService, type ListMyRefreshTokensResponse } from "../../gen/zitadel/auth_pb.js";

const open: Client[] = [];

afterEach(() => {
  for (const client of open.splice(0)) {
    client.close();
  }
});

/** gRPC's own client for Node: not ours, and not Connect's. */
export function grpcJs(url: string, options: { ca?: string } = {}): Client {
  const channel =
    options.ca === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(Buffer.from(options.ca), null, null, { checkServerIdentity: () => undefined });
  // One attempt only, so that a test sees each fault as it comes.
  const client = new Client(new URL(url).host, channel, { "grpc.enable_retries": 0 });
  open.push(client);
  return client;
}

/** Calls an RPC; fails with grpc-js's `ServiceError`. */
export function call<M extends DescMethodUnary>(
  client: Client,
  method: M,
  request: Parameters<typeof create<M["input"]>>[1],
  headers: Record<string, string>,
  deadlineMs = 20_000,
): Promise<MessageShape<M["output"]>> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<M["input"]>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, new Uint8Array(bytes)) as MessageShape<M["output"]>,
      create(method.input, request) as MessageShape<M["input"]>,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, answer?: MessageShape<M["output"]>) =>
        error ? reject(error) : resolve(answer as MessageShape<M["output"]>),
    );
  });
}

/** Lists, the call that most tests make. */
export function list(client: Client, token: string, deadlineMs?: number): Promise<ListMyRefreshTokensResponse> {
  return call(client, AuthService.method.listMyRefreshTokens, {}, { authorization: `Bearer ${token}` }, deadlineMs);
}

/** Lists, and gives the error that must come of it. */
export async function listError(client: Client, token: string, deadlineMs?: number): Promise<ServiceError> {
  const error = await list(client, token, deadlineMs).then(
    () => undefined,
    (error: ServiceError) => error,
  );
  if (error === undefined) throw new Error("the call succeeded");
  return error;
}
