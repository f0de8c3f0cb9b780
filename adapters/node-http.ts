/**
 * What is used of `node:http`. An import would fill in every export of that module, and one of them loads a whole other
 * client, which takes longer than all of ours.
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
