import { Worker } from 'node:worker_threads'
import type { SimOptions, SimReport } from './report.ts'
import { simulate } from './run.ts'

/** Threads that run seeds side by side; what a seed does is the same wherever it runs. */
export class Crew {
  readonly #idle: Worker[] = []
  readonly #all: Worker[] = []
  readonly #jobs: number

  /** @param jobs how many threads at most; one means that everything runs here */
  constructor(jobs: number) {
    this.#jobs = jobs
  }

  /**
   * Runs simulations, so many at once as there are threads, and hears of each in the order in which they were given.
   * @param next the next to run; undefined when there is none
   * @param told one has ended; false lets no other begin
   */
  async run(next: () => SimOptions | undefined, told: (report: SimReport) => Promise<boolean>): Promise<void> {
    const ended = new Map<number, SimReport>()
    let [given, heard, goesOn] = [0, 0, true]
    let telling = Promise.resolve()
    const hear = async (): Promise<void> => {
      for (let report = ended.get(heard); report !== undefined && goesOn; report = ended.get(heard)) {
        ended.delete(heard++)
        goesOn = await told(report)
      }
    }
    const lane = async (): Promise<void> => {
      for (let options = next(); options !== undefined && goesOn; options = next()) {
        const place = given++
        ended.set(place, await this.#simulate(options))
        telling = telling.then(hear)
        await telling
      }
    }
    await Promise.all(Array.from({ length: this.#jobs }, lane))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()))
  }

  async #simulate(options: SimOptions): Promise<SimReport> {
    if (this.#jobs === 1) return simulate(options)
    const worker = this.#idle.pop() ?? this.#worker()
    const report = await new Promise<SimReport>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (report: SimReport) => {
        worker.off('error', reject)
        resolve(report)
      })
      worker.postMessage(options)
    })
    this.#idle.push(worker)
    return report
  }

  #worker(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    this.#all.push(worker)
    return worker
  }
}
