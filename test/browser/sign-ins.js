// A page as an application has it: lists sign-ins, ends one, and all others.
import {
  createAuthClient,
  endOtherSignIns,
  endSignIns,
  grpcWeb,
  listSignIns,
  rest,
  viewToJson,
} from "zitadel-refresh-tokens";

const protocols = { grpcWeb, rest };

export async function run({ baseUrl, token, protocol, currentSessionId, endId }) {
  const auth = createAuthClient({ baseUrl, token, protocol: protocols[protocol] });
  try {
    const before = await listSignIns(auth, { currentSessionId });
    const named = before.signIns.filter(({ id }) => id === endId);
    const one = await endSignIns(auth, named);
    const others = await endOtherSignIns(auth, await listSignIns(auth, { currentSessionId }), { keep: [] }).catch(
      String,
    );
    return {
      before: viewToJson(before),
      one,
      others,
      after: viewToJson(await listSignIns(auth, { currentSessionId })),
    };
  } finally {
    await auth.close();
  }
}
