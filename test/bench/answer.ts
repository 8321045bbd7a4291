import { create, toBinary } from "@bufbuild/protobuf";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";

const signedIn = { seconds: 1_764_000_000n, nanos: 125_000_000 };

/** A list of refresh tokens as ZITADEL sends it: about 190 bytes for each. */
export function answer(tokens: number): Uint8Array<ArrayBuffer> {
  const message = create(ListMyRefreshTokensResponseSchema, {
    details: { totalResult: BigInt(tokens), processedSequence: 2678n, viewTimestamp: signedIn },
    result: Array.from({ length: tokens }, (_, index) => ({
      id: String(234_567_890_123_456_000n + BigInt(index)),
      details: { sequence: 100n, creationDate: signedIn, changeDate: signedIn, resourceOwner: "169629023906488334" },
      clientId: "169629023906488335@zitadel",
      authTime: signedIn,
      idleExpiration: { seconds: 1_766_592_000n, nanos: 125_000_000 },
      expiration: { seconds: 1_771_776_000n, nanos: 125_000_000 },
      scopes: ["openid", "offline_access"],
      audience: ["169629023906488335@zitadel", "169629023906488333"],
    })),
  });
  return new Uint8Array(toBinary(ListMyRefreshTokensResponseSchema, message));
}

/** A message as gRPC frames it; with the flag 0x80 the trailers of gRPC-Web. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
