/** An error's class and code, for logs and the queue: never its message, which may quote a record's text (I11). */
export function errorLabel(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const state =
    'sqlState' in error && typeof error.sqlState === 'string' ? error.sqlState : undefined;
  return [error.name, code, state]
    .filter((part) => part !== undefined)
    .join(' ')
    .slice(0, 200);
}
