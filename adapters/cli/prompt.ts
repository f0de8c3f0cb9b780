import { createInterface, type Interface } from 'node:readline'
import { reasonOf } from '../../engine/errors.ts'
import type { Recall } from '../../systems/recall/types.ts'
import { answerWords } from './ask.ts'
import type { Desk } from './desk.ts'

/** The terminal, or what stands for it. */
export type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean }
}
export type PromptOptions = {
  /** Called once when there are no more questions. */
  readonly ended: () => void
  /** Ctrl-C at the prompt is for the daemon. */
  readonly interrupted: () => void
}

const hitsMax = 8

/**
 * Takes questions at a terminal until there is an empty line or the end of input; the daemon goes on either way.
 * @returns the way to end it; undefined where no person sits at both ends
 */
export function inviteQuestions(
  desk: Desk,
  { input, output }: Terminal,
  { ended, interrupted }: PromptOptions,
): { close(): Promise<void> } | undefined {
  if (input.isTTY !== true || output.isTTY !== true) return undefined
  output.write('Ask what is in your notes; an empty line ends the questions, not the watching.\n')
  const lines = createInterface({ input, output, prompt: '? ' })
  lines.on('SIGINT', interrupted)
  const finished = talk(desk, lines, output).finally(ended)
  lines.prompt()
  return {
    close: () => {
      lines.close()
      return finished
    },
  }
}

async function talk(desk: Desk, lines: Interface, output: NodeJS.WritableStream): Promise<void> {
  for await (const line of lines) {
    const question = line.trim()
    if (question === '') break
    output.write(`\n${await answerTo(desk, question)}\n\n`)
    lines.prompt()
  }
  lines.close()
}

async function answerTo(desk: Desk, question: string): Promise<string> {
  try {
    const options = { hits_max: hitsMax }
    const { recalls } = (await desk.answer({ ask: 'recall', queries: [question], options })) as { recalls: Recall[] }
    return answerWords(recalls[0]!)
  } catch (thrown) {
    return reasonOf(thrown)
  }
}
