// The build fails unless the call rejects with the very error by which `cookies` says that this page is dynamic.
import { cookies } from "next/headers";
import { createAuthClient } from "zitadel-refresh-tokens";

const auth = createAuthClient({
  baseUrl: "https://zitadel.example",
  token: async () => (await cookies()).get("token")?.value ?? "",
});

export default async function Page() {
  const { result } = await auth.listMyRefreshTokens({});
  return <p>{result.length}</p>;
}
