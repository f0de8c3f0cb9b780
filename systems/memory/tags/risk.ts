/** Words in a tool call that destroy what cannot be had again. */
const destructive =
  /(?:^|[^a-z0-9])(?:rm\s+-[a-z]*[rf]|rmdir|mkfs|dd\s+if=|drop\s+(?:table|database|schema)|truncate|delete|destroy|purge|wipe|erase|format|shutdown|reboot|kill(?:all)?|push\s+(?:-f|--force)|reset\s+--hard|revoke)(?![a-z0-9])/
/** Words in a tool call that change something outside. */
const changing =
  /(?:^|[^a-z0-9])(?:write|create|update|insert|put|post|patch|send|publish|move|mv|cp|copy|rename|install|deploy|commit|push|merge|upload|chmod|chown|set|add|edit|replace|run|exec)(?![a-z0-9])/
/** What is read of a call. */
const unitsMost = 4096

/** The risk class of a tool call by the words in its name and its arguments: `destructive`, `side-effect` or `read-only`. */
export function riskOf(tool: string, text: string): string {
  const spoken = `${tool.slice(0, 200)} ${text.slice(0, unitsMost)}`
    .replace(/([a-z0-9])([A-Z])|_/g, '$1 $2')
    .toLowerCase()
  if (destructive.test(spoken)) return 'destructive'
  return changing.test(spoken) ? 'side-effect' : 'read-only'
}
