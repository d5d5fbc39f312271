/** The limit of a test that takes `times` as long as most (ms). It grows with the usual one, which a slow machine raises. */
export const limitOf = (times: number): number => times * Number(process.env['AIRS_MCP_TEST_LIMIT']);
