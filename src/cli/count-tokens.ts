/** A number of tokens, in words. */
export function countTokens(count: number): string {
  return count === 1 ? "1 refresh token" : `${count} refresh tokens`;
}
