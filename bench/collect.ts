import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Collects all garbage, so that what is held can be told from what has merely not been collected yet. */
export const collect = runInNewContext('gc') as () => void
