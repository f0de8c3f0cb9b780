/** Metrics in the text format of Prometheus, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */

/** One metric and its samples. Names are in base units and end in them; those of counters end in `_total`. */
export type Metric = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}
/** `suffix` follows the metric's name in the samples of a histogram. */
export type Sample = {
  readonly value: number
  readonly labels?: { readonly [name: string]: string }
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

/** What a reply with such a text says of itself. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** A metric of one sample. */
export function single(name: string, type: 'counter' | 'gauge', help: string, value: number): Metric {
  return { name, help, type, samples: [{ value }] }
}

/** A metric with one sample for each value of one label. */
export function byLabel(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  label: string,
  values: Iterable<readonly [string, number]>,
): Metric {
  return { name, help, type, samples: Array.from(values, ([of, value]) => ({ value, labels: { [label]: of } })) }
}

/** How often something stayed within each bound, `buckets` ascending and cumulative, how often at all, and the sum of all values. */
export function histogram(
  name: string,
  help: string,
  { buckets, sum, count }: { buckets: readonly (readonly [number, number])[]; sum: number; count: number },
): Metric {
  const within = [...buckets, [Number.POSITIVE_INFINITY, count] as const].map(
    ([bound, value]): Sample => ({ value, labels: { le: valueText(bound) }, suffix: '_bucket' }),
  )
  return {
    name,
    help,
    type: 'histogram',
    samples: [...within, { value: sum, suffix: '_sum' }, { value: count, suffix: '_count' }],
  }
}

/** All of them as text; a metric without samples is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of metrics) {
    if (samples.length === 0) continue
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`)
    for (const { value, labels, suffix = '' } of samples)
      lines.push(`${name}${suffix}${labelsText(labels)} ${valueText(value)}`)
  }
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Sample['labels'] = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
