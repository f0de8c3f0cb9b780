import { compileForeignSchema, type JsonSchema } from '../../../engine/schema.ts'
import { type Tool, ToolProblem } from '../../tools.ts'
import type { CallRun } from './seen.ts'
import type { CannedTool } from './suite.ts'

const noArguments: JsonSchema = { type: 'object', properties: {}, additionalProperties: false }
const deadline_ms = 5_000

/**
 * The tools of a task: they touch nothing, give what the suite says, and note that they were run. They only read, so that a
 * model is held back by nothing but itself. @param ran receives every call
 */
export function cannedTools(tools: readonly CannedTool[], ran: CallRun[]): Tool[] {
  return tools.map((tool) => {
    const cases = (tool.cases ?? []).map(({ when, returns }) => ({
      check: compileForeignSchema(when, tool.name),
      returns,
    }))
    return {
      name: tool.name,
      description: tool.about,
      parameters: tool.schema ?? noArguments,
      risk: 'read_only',
      retry: 'safe',
      deadline_ms,
      run: async (args) => {
        const met = cases.find(({ check }) => check(args).length === 0)
        const fails = met === undefined && tool.fails !== undefined
        const result = fails ? (tool.fails ?? '') : textOf(met === undefined ? tool.returns : met.returns)
        ran.push({ tool: tool.name, arguments: args, result })
        if (fails) throw new ToolProblem(result)
        return result
      },
    }
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
