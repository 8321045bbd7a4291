// TanStack Query through connect-query: the list is fetched once for all that watch it, and again after a revoke. Pass the
// id of a refresh token to revoke it. React's, Vue's, Solid's and Svelte's useQuery and useMutation take the same options.
import { callUnaryMethod, createConnectQueryKey, createQueryOptions } from "@connectrpc/connect-query-core";
import { MutationObserver, QueryClient, QueryObserver } from "@tanstack/query-core";
import { AuthService, createAuthTransport, viewRefreshTokens } from "zitadel-refresh-tokens";

const transport = createAuthTransport({
  baseUrl: process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud",
  token: () => process.env.ZITADEL_TOKEN ?? "",
});
// The transport itself repeats a request where that is safe.
const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
queries.mount();

const { listMyRefreshTokens, revokeMyRefreshToken } = AuthService.method;

const listOptions = { ...createQueryOptions(listMyRefreshTokens, {}, { transport }), staleTime: 60_000 };
const list = new QueryObserver(queries, { ...listOptions, notifyOnChangeProps: ["data", "error"] });

const revoke = new MutationObserver(queries, {
  mutationFn: (id: string) => callUnaryMethod(transport, revokeMyRefreshToken, { id }),
  // ZITADEL's list is a moment behind: the row may still be in the next answer.
  onSettled: () =>
    queries.invalidateQueries({
      queryKey: createConnectQueryKey({ schema: listMyRefreshTokens, transport, cardinality: "finite" }),
    }),
});

const stop = list.subscribe(({ data, error }) => {
  if (data) console.log(`${viewRefreshTokens(data).tokens.length} refresh tokens`);
  if (error) console.log(error.message);
});
await queries.fetchQuery(listOptions);
const [id] = process.argv.slice(2);
if (id) await revoke.mutate(id);

stop();
queries.unmount();
await transport.close();
